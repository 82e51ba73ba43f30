/**
 * One episode of several services under Forescale's own loop and budget (controllers/forescale/loop.ts), with what each
 * service's learned policy would say told from outside, tick by tick. Plant, chance, prices and rewards are those of the
 * environment that was prepared; forecasts, capacity, floors, guardrails and arbitration by the shadow price are what runs live.
 */
import type { LearnedActor } from '../../../agents/policies/learned/act.ts'
import { FEATURE_NAMES, writeLearnedFeatures } from '../../../agents/policies/learned/features.ts'
import { isActedOn } from '../../../agents/policies/learned/stretch.ts'
import type { Known } from '../../controllers/controller.ts'
import { createLoop } from '../../controllers/forescale/loop.ts'
import type { Tapes } from '../../controllers/forescale/models.ts'
import type { ForescaleParams } from '../../controllers/forescale/params.ts'
import type { ByAgent, Info } from '../../environments/environment.ts'
import { atMs, ended, initial, transition } from '../../environments/episode.ts'
import { type Prepared, scenarioAt } from '../../environments/prepare.ts'
import { partsOf, rewardOf } from '../../environments/reward.ts'
import { serviceInfo } from '../../environments/single-service.ts'

/** Numbers that a service's policy sees. */
export const TICK_FEATURES = FEATURE_NAMES.length

export interface TickRun {
  isOver(): boolean
  /** What each service's policy sees now, from `offset` on, service by service. */
  write(into: Float32Array, offset: number): void
  /** Decides with each service's demand stretched so. Throws after the end. */
  advance(stretches: ArrayLike<number>): TickPaid
}

export interface TickPaid {
  /** By service, as the environment pays: its own and its share of the mean. */
  readonly rewards: Float64Array
  readonly infos: ByAgent<Info>
}

export interface TickRunInput {
  readonly prepared: Prepared
  readonly start: number
  /** Goes on from episode to episode, as an environment's does. */
  readonly random: () => number
  /** Of policy `learned`. */
  readonly params: ForescaleParams
  readonly tapes: Tapes
}

export function createTickRun({ prepared, start, random, params, tapes }: TickRunInput): TickRun {
  const { services } = prepared
  const loop = createLoop(knownAt(prepared, start), params, { tapes })
  let state = initial(prepared, random, start)
  let seen = loop.observe(atMs(prepared, state), state.scraped)
  return {
    isOver: () => ended(prepared, state),
    write(into, offset) {
      seen.services.forEach(({ spec, observation }, i) => {
        const at = offset + i * TICK_FEATURES
        if (isActedOn(observation)) writeLearnedFeatures(FEATURE_NAMES, spec, observation, into, at)
        else into.fill(0, at, at + TICK_FEATURES)
      })
    },
    advance(stretches) {
      if (ended(prepared, state)) throw new RangeError('the episode is over')
      const asked = seen.services.map((service, i) => ({ ...service, actor: says(stretches[i]!) }))
      const { grants } = loop.decide({ ...seen, services: asked })
      state = transition(
        prepared,
        state,
        grants.map(({ to }) => to),
      )
      seen = loop.observe(atMs(prepared, state), state.scraped)
      const now = state
      const infos = services.map(({ name }, i) => [name, serviceInfo(prepared, now, i)] as const)
      return {
        rewards: rewardsOf(prepared, now.measured!),
        infos: Object.fromEntries(infos),
      }
    },
  }
}

const says = (stretch: number): LearnedActor => ({
  version: 'training',
  features: [],
  stretch: () => stretch,
})

function knownAt(prepared: Prepared, start: number): Known {
  const { services, ...rest } = scenarioAt(prepared, start, prepared.config.seed)
  return { ...rest, services: services.map(({ load: _, ...service }) => service) }
}

function rewardsOf(prepared: Prepared, measured: Parameters<typeof partsOf>[1]): Float64Array {
  const { config, services } = prepared
  const own = services.map((_, i) => rewardOf(partsOf(prepared, measured, i)))
  const mean = own.reduce((sum, reward) => sum + reward, 0) / own.length
  const shared = config.kind === 'single-service' ? 0 : config.sharedShare
  return Float64Array.from(own, (reward) => (1 - shared) * reward + shared * mean)
}
