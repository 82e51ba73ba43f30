/**
 * What a learned policy saw in one decision and what each of it moved, beside what the analytic policy alone would have had:
 * counts as the service would have had them alone, with money no matter (attribution.ts says what the rest did).
 */
import { attributionOf, type PolicyAttribution } from '../agents/policies/learned/attribution.ts'
import { isActedOn } from '../agents/policies/learned/stretch.ts'
import type { Tuning } from '../agents/policies/learned/tuning.ts'
import { type TuningEffect, tuningEffects } from '../agents/policies/learned/tuning-attribution.ts'
import { decideTick } from './tick.ts'
import type { ServiceInput, TickInput } from './tick-input.ts'

export interface ActedPolicy extends PolicyAttribution {
  readonly version: string
  /** The count alone without the policy; with the tuning, `atRest` and the effects in replicas it sums to `alone`. */
  readonly analytic: number
  /** What was learned from the service's own past; empty where nothing was. */
  readonly tuning: readonly TuningEffect[]
  /** The count alone as the policy had it. */
  readonly alone: number
}

/** Undefined where no learned policy acted: another policy, none loaded, no forecast to correct, or mode off. */
export function attributePolicy(
  { tick, atMs }: Pick<TickInput, 'tick' | 'atMs'>,
  input: ServiceInput,
): ActedPolicy | undefined {
  const { spec, mode, observation, actor } = input
  if (spec.policy !== 'learned' || actor === undefined || mode === 'off') return undefined
  if (!isActedOn(observation)) return undefined
  const own = actor.tuningOf?.(observation.service)
  const count = (stretch: number, tuning: Tuning | undefined): number => {
    const said = { version: actor.version, features: [], stretch: () => stretch }
    const services = [{ ...input, actor: { ...said, tuningOf: () => tuning } }]
    const costBudgetPerHour = Number.POSITIVE_INFINITY
    return decideTick({ tick, atMs, costBudgetPerHour, services }).grants[0]!.to
  }
  const countAt = (stretch: number): number => count(stretch, own)
  const attribution = attributionOf(actor, spec, observation, countAt)
  return {
    ...attribution,
    version: actor.version,
    analytic: count(1, undefined),
    tuning: own ? tuningEffects(own, spec.slo.objective, (tuning) => count(1, tuning)) : [],
    alone: countAt(attribution.stretch),
  }
}
