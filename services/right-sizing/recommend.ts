/** What right-sizing would do with one service, in figures and in words. Pure. */
import type { Mode } from '../../agents/service-spec.ts'
import type { TierRow } from '../../coordinator/meta/tier-switch.ts'
import type { TierOffer } from '../../coordinator/meta/tiers.ts'
import type { ServiceInput } from '../../coordinator/tick-input.ts'
import type { Kept, Plan } from './state.ts'
import type { SizeRecommendation, TierEstimate } from './view.ts'
import { whyOf, yamlOf } from './words.ts'

export interface RecommendInput {
  readonly service: string
  readonly mode: Mode
  readonly offers: readonly TierOffer[]
  readonly current: number
  readonly input: ServiceInput
  readonly plan: Plan | undefined
  readonly state: Kept
  /** By offer: what it costs, $ of regret at which it is due, and what a replica carries. */
  readonly rows: readonly TierRow[]
  readonly due: readonly number[]
  readonly carried: readonly number[]
  readonly isDue: (tier: string) => boolean
  readonly windowDays: number
  /** Length of the window's parts, ms. */
  readonly partMs: number
}

export function recommendationOf(given: RecommendInput): SizeRecommendation {
  const { service, mode, offers, current, plan, state, windowDays } = given
  const tiers = estimatesOf(given)
  const sizing = plan?.sizing
  const present = tiers[current]
  const best = sizing ? tiers[sizing.best] : undefined
  const { historyDays, neededDays } = plan?.window ?? { historyDays: 0, neededDays: 0 }
  const isOther = best !== undefined && present !== undefined && best.tier !== present.tier
  const isDue = isOther && given.isDue(best.tier)
  return {
    ...{ service, mode, tier: offers[current]!.name, isDue, historyDays, neededDays, tiers },
    recommended: best?.tier ?? offers[current]!.name,
    savingPerHour: isOther ? present.scorePerHour - best.scorePerHour : 0,
    why: whyOf({ present, best, windowDays, historyDays, neededDays, isDue }),
    yaml: isOther ? yamlOf(service, best, offers[sizing!.best]!) : null,
    change: changeOf(given),
    lastChange: state.lastChange,
  }
}

function estimatesOf({
  plan,
  offers,
  rows,
  due,
  carried,
  state,
  input,
  partMs,
}: RecommendInput): TierEstimate[] {
  const plans = plan?.sizing?.plans ?? []
  // the first part of the window is that of the day's beginning
  const part = Math.floor(input.observation.nowMs / partMs) % 24
  return plans.map(({ counts, costPerHour, lossRps, scorePerHour, uncapped, tier }, i) => ({
    tier,
    capacityPerReplica: carried[i]!,
    pricePerReplicaHour: offers[i]!.pricePerReplicaHour,
    lower: Math.min(...counts),
    target: counts[part % counts.length]!,
    upper: Math.max(...counts),
    ...{ uncapped, costPerHour, scorePerHour },
    violationsRps: lossRps,
    switchCost: rows[i]!.switchCost,
    regret: state.standing.regrets[tier] ?? 0,
    dueAt: due[i]!,
  }))
}

function changeOf({ offers, state, input }: RecommendInput): SizeRecommendation['change'] {
  const { replacement } = state
  const to = offers.find(({ name }) => name === replacement?.to)
  if (!replacement || !to) return null
  const { beside } = input.observation.replicas as { beside?: { tier: string; ready: number } }
  return {
    ...replacement,
    ready: beside?.tier === to.name ? beside.ready : 0,
    costPerHour: replacement.replicas * to.pricePerReplicaHour,
  }
}
