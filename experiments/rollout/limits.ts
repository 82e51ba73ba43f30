/**
 * What no strategy may do, counted over ticks as the ledger has them: each tick is decided again from its stored frame, and
 * its grants are held against bounds, rate limits, the reactive floor and the budget.
 */
import { decodeFrame } from '../../coordinator/frame.ts'
import { decideTick, type Grant } from '../../coordinator/tick.ts'
import type { ServiceInput } from '../../coordinator/tick-input.ts'
import type { Ledger } from '../../services/ledger/ledger.ts'
import { describe } from '../../services/loops/decide.ts'
import { specsOfTick } from '../../services/loops/recovery.ts'
import { actorsOf, createActorBook } from '../../services/rollouts/actors.ts'

const MONEY_SLACK = 1e-6

export interface LimitCounts {
  readonly ticks: number
  readonly decisions: number
  /** Decisions whose tick came out otherwise when decided again. */
  readonly notReproduced: number
  readonly outsideBounds: number
  /** Outside what rate limits and freshness allow. */
  readonly outsideAllowed: number
  /** Less than reactive control alone would have got under the same budget, where limits allow it. */
  readonly belowFloor: number
  /** Ticks over the budget that was feasible. */
  readonly overBudget: number
}

const NONE: LimitCounts = {
  ...{ ticks: 0, decisions: 0, notReproduced: 0 },
  ...{ outsideBounds: 0, outsideAllowed: 0, belowFloor: 0, overBudget: 0 },
}

/** Ticks from `from` to `to`, both included; throws when one is not kept. */
export async function countBreaches(
  ledger: Ledger,
  from: number,
  to: number,
): Promise<LimitCounts> {
  const book = createActorBook(ledger)
  let counts = NONE
  for (let tick = from; tick <= to; tick++) {
    const record = await ledger.tick(tick)
    const specs = record && (await specsOfTick(ledger, record))
    if (!record || !specs) throw new Error(`tick ${tick} is not kept`)
    const input = decodeFrame(record.inputs, specs, await actorsOf(book, specs))
    const output = decideTick(input)
    const isSame = describe(input, output, record.epoch).outputsHash === record.outputsHash
    const cost = output.grants.reduce(
      (sum, { to: count }, i) => sum + count * input.services[i]!.spec.pricePerReplicaHour,
      0,
    )
    const over = output.feasible && cost > input.costBudgetPerHour + MONEY_SLACK
    counts = {
      ...output.grants.reduce((sum, grant, i) => counted(sum, grant, input.services[i]!), counts),
      ticks: counts.ticks + 1,
      decisions: counts.decisions + output.grants.length,
      notReproduced: counts.notReproduced + (isSame ? 0 : output.grants.length),
      overBudget: counts.overBudget + (over ? 1 : 0),
    }
  }
  return counts
}

function counted(
  counts: LimitCounts,
  { to, floorReplicas, proposal }: Grant,
  { spec }: ServiceInput,
): LimitCounts {
  const allowed = proposal?.allowed ?? { min: to, max: to }
  const floor = Math.min(Math.max(floorReplicas, allowed.min), allowed.max)
  const one = (isBreach: boolean) => (isBreach ? 1 : 0)
  return {
    ...counts,
    outsideBounds: counts.outsideBounds + one(to < spec.minReplicas || to > spec.maxReplicas),
    outsideAllowed: counts.outsideAllowed + one(to < allowed.min || to > allowed.max),
    belowFloor: counts.belowFloor + one(to < floor),
  }
}

export function breachesOf(counts: LimitCounts): number {
  const { notReproduced, outsideBounds, outsideAllowed, belowFloor, overBudget } = counts
  return notReproduced + outsideBounds + outsideAllowed + belowFloor + overBudget
}
