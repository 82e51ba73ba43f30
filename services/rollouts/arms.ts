/** The arms of a rollout's stage: their chances, what each has act for a service, and what the candidate would play. */
import type { LearnedActor } from '../../agents/policies/learned/act.ts'
import { STRETCH_LEAST, STRETCH_MOST } from '../../agents/policies/learned/document.ts'
import { writeLearnedFeatures } from '../../agents/policies/learned/features.ts'
import type { PolicyKind } from '../../agents/service-spec.ts'
import { roundingChances } from '../../coordinator/rollout/assignment.ts'
import { exploringActor, exploringArms } from '../../coordinator/rollout/exploring.ts'
import type { ServiceInput } from '../../coordinator/tick-input.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Rollout, Strategy } from './rollout.ts'

/** What acts for a service in a tick. */
export interface Acting {
  readonly policy: PolicyKind
  readonly actor: LearnedActor | undefined
}

export interface Arms {
  readonly probabilities: readonly number[]
  /** Chances with which the champion plays each. */
  readonly champion: readonly number[]
  /** By which the model tells them apart. */
  readonly stretches: readonly number[]
  /** True of an arm in which the candidate itself acts. */
  isCandidate(arm: number): boolean
  /** Undefined: what acted before the rollout. */
  acting(service: ServiceId, arm: number): Acting | undefined
  /** Chances with which the candidate would play each arm, seeing `input`. */
  candidateChances(service: ServiceId, input: ServiceInput): readonly number[]
  /** True when the candidate makes of `input` what is no number. */
  isFaulty(input: ServiceInput): boolean
}

export type ActorOf = (version: string) => LearnedActor | undefined

export function armsOf(rollout: Rollout, actorOf: ActorOf): Arms {
  const actorFor = ({ version }: Strategy) => (version === null ? undefined : actorOf(version))
  const championOf = (service: ServiceId) => rollout.champion ?? rollout.before[service]!
  const played = (strategy: Strategy): Acting => ({
    policy: strategy.policy,
    actor: actorFor(strategy),
  })
  const asBefore = rollout.champion ? played(rollout.champion) : undefined
  const candidate = played(rollout.candidate)
  const isFaulty = (input: ServiceInput) => {
    const said = candidate.actor && saidBy(candidate.actor, input)
    return said !== undefined && !Number.isFinite(said)
  }
  if (rollout.stage !== 'shadow') {
    const acts = rollout.stage === 'full' ? 1 : rollout.settings.share
    return {
      ...{ probabilities: [1 - acts, acts], champion: [1, 0], stretches: [1, 1], isFaulty },
      isCandidate: (arm) => arm === 1,
      acting: (_service, arm) => (arm === 1 ? candidate : asBefore),
      candidateChances: () => [0, 1],
    }
  }
  const { explorationShare, explorationReach } = rollout.settings
  const { points, probabilities, champion } = exploringArms(explorationShare, explorationReach)
  const stretches = points.map((point) => (point === 0 ? 1 : Math.exp(point)))
  const stretchOf = (strategy: Strategy, input: ServiceInput) => {
    const actor = actorFor(strategy)
    const said = actor && saidBy(actor, input)
    if (said === undefined || Number.isNaN(said)) return 1
    return Math.min(Math.max(said, STRETCH_LEAST), STRETCH_MOST)
  }
  return {
    ...{ probabilities, champion, stretches, isFaulty },
    isCandidate: () => false,
    acting(service, arm) {
      const stretch = stretches[arm]!
      if (stretch === 1) return asBefore
      const base = actorFor(championOf(service))
      return { policy: 'learned', actor: exploringActor(base, stretch) }
    },
    candidateChances(service, input) {
      const ratio = stretchOf(rollout.candidate, input) / stretchOf(championOf(service), input)
      return roundingChances(points, Math.log(ratio))
    },
  }
}

/** What an actor makes of an observation; undefined where there is nothing to stretch. */
function saidBy(actor: LearnedActor, { spec, observation }: ServiceInput): number | undefined {
  const { demand, freshness, loadRps } = observation
  if (demand === undefined || freshness === 'dead' || Number.isNaN(loadRps)) return undefined
  const features = new Float32Array(actor.features.length)
  writeLearnedFeatures(actor.features, spec, { ...observation, demand }, features)
  return actor.stretch(features)
}
