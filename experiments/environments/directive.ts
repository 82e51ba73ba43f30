/**
 * What the upper agent tells the lower ones, of three kinds (`directive` of the configuration):
 *
 *   shares    a pace, and a share of the budget a service: nobody gets more than its share. Of the upper agent's numbers
 *             the first is the pace, 0 to 1: of a rate, how much of it; of an account, how many times (at most 4) the even
 *             rate that would use up what is left. The others are weights, divided by their sum.
 *   price     one price on cost, 0 to 10: a lower agent's cost counts 1 + price times.
 *   strategy  thrifty, balanced or careful a service: its late and failed requests count ¼, 1 or 4 times.
 *
 * Prices and strategies change what lower agents are paid for, so that they want what the budget allows; the budget stays
 * a hard limit (budget.ts) all the same. Feudal reinforcement learning: Dayan & Hinton 1993, NIPS 5; prices of a shared
 * resource: Lagrangian relaxation of the budget.
 */
import { cappedByShares, type Purse, trimmed } from './budget.ts'
import type { HierarchicalConfig } from './config.ts'
import type { PreparedService } from './prepare.ts'
import type { RewardParts } from './reward.ts'
import { type Bound, box, type Member, multiDiscrete, type Space } from './spaces.ts'

export type DirectiveKind = HierarchicalConfig['directive']

/** Times the even rate that an account may be spent at. */
const MOST_PACE = 4
const MOST_PRICE = 10
const STRATEGY_FACTORS = [0.25, 1, 4] as const
const BALANCED = 1

export interface Directive {
  /** $/hour in all, as the account stands. */
  limitPerHour(purse: Purse): number
  /** Of the budget beyond all minima, by service; sums to 1. Undefined: no shares. */
  readonly shares?: readonly number[]
  /** One number a service: what its agent sees of the directive, within `seenBound`. */
  readonly seen: readonly number[]
  /** What service i's agent is paid for. */
  paid(parts: RewardParts, i: number): RewardParts
}

const asItIs = (parts: RewardParts): RewardParts => parts
const wholeLimit = ({ limitPerHour }: Purse): number => limitPerHour

/** Before the upper agent first spoke, or without one. */
export function neutralDirective(count: number): Directive {
  return { limitPerHour: wholeLimit, seen: new Array(count).fill(0), paid: asItIs }
}

export function directiveSpace(
  kind: DirectiveKind,
  services: readonly Pick<PreparedService, 'name'>[],
): Space {
  const share = (name: string): Bound => ({ name, low: 0, high: 1 })
  switch (kind) {
    case 'shares':
      return box([share('pace'), ...services.map(({ name }) => share(name))])
    case 'price':
      return box([share('price')])
    case 'strategy':
      return multiDiscrete(...services.map(() => STRATEGY_FACTORS.length))
  }
}

export function seenBound(kind: DirectiveKind): Bound {
  return { name: kind, low: kind === 'strategy' ? -1 : 0, high: 1 }
}

/** `action` is a member of `directiveSpace`. */
export function directiveOf(
  kind: DirectiveKind,
  action: Member,
  { count, account }: { readonly count: number; readonly account: boolean },
): Directive {
  switch (kind) {
    case 'shares': {
      const [pace = 0, ...weights] = action as Float32Array
      const sum = weights.reduce((total, weight) => total + weight, 0)
      const shares = weights.map((weight) => (sum > 0 ? weight / sum : 1 / count))
      const limitPerHour = ({ limitPerHour: most, evenPerHour }: Purse): number =>
        Math.min(most, pace * (account ? MOST_PACE : 1) * evenPerHour)
      return { limitPerHour, shares, seen: shares, paid: asItIs }
    }
    case 'price': {
      const price = (action as Float32Array)[0]!
      return {
        limitPerHour: wholeLimit,
        seen: new Array(count).fill(price),
        paid: (parts) => ({ ...parts, cost: parts.cost * (1 + MOST_PRICE * price) }),
      }
    }
    case 'strategy': {
      const strategies = action as Int32Array
      return {
        limitPerHour: wholeLimit,
        seen: Array.from(strategies, (strategy) => strategy - BALANCED),
        paid: ({ latency, cost, failures }, i) => {
          const factor = STRATEGY_FACTORS[strategies[i]!]!
          return { latency: latency * factor, cost, failures: failures * factor }
        },
      }
    }
  }
}

/** What is granted of what the lower agents ask for. */
export function granted(
  asked: readonly number[],
  specs: readonly PreparedService['spec'][],
  directive: Directive,
  purse: Purse,
): number[] {
  const limit = directive.limitPerHour(purse)
  const { shares } = directive
  if (shares !== undefined) return cappedByShares(asked, specs, shares, limit)
  return trimmed(asked, specs, limit)
}
