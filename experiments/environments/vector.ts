/**
 * Many independent single-service environments stepped at once, results in columns. As Gymnasium's VectorEnv (1.4.0)
 * with `AutoresetMode.NEXT_STEP`: the step after the last one of an episode resets that environment, whatever its action
 * is, with reward 0 and neither flag set; a seed s gives environment i the seed s + i.
 */
import { countOf, readAction } from './actions.ts'
import { EnvironmentError, type Info, type ResetOptions } from './environment.ts'
import { type EpisodeState, ended } from './episode.ts'
import { featureSpace, writeFeatures } from './features.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import type { Prepared } from './prepare.ts'
import { partsOf, rewardOf } from './reward.ts'
import { createSingleService, ruleOf, serviceInfo } from './single-service.ts'
import type { BoxSpace, Space } from './spaces.ts'

export interface VectorStep {
  /** Row i, `observationSpace.low.length` long, is of environment i. New in every step. */
  readonly observations: Float32Array
  readonly rewards: Float64Array
  /** 0 or 1 each. */
  readonly terminated: Uint8Array
  readonly truncated: Uint8Array
  /** One column a figure; to be asked for before the next step. */
  infos(): Readonly<Record<string, Float64Array>>
}

export type VectorReset = Pick<VectorStep, 'observations' | 'infos'>

export interface VectorEnvironment {
  readonly count: number
  /** Of one environment. */
  readonly observationSpace: BoxSpace
  readonly actionSpace: Space
  /** One seed for all (the next number for each next one), or one each. */
  reset(seed?: number | readonly number[], options?: ResetOptions): VectorReset
  /** One action an environment: a number for a discrete space, an array for a box. */
  step(actions: ArrayLike<unknown>): VectorStep
}

/** Environments of one vector may be at most so many. */
export const MOST_ENVIRONMENTS = 4096

export function createVector(prepared: Prepared, count: number): VectorEnvironment {
  checkCount(count)
  if (prepared.config.kind !== 'single-service')
    throw new EnvironmentError('kind', prepared.config.kind, 'single-service, for a vector')
  const { actionSpace } = createSingleService(prepared)
  const observationSpace = featureSpace()
  const width = observationSpace.low.length
  const rule = ruleOf(prepared)
  const { spec } = prepared.services[0]!
  const keepers = Array.from({ length: count }, (_, i) =>
    createKeeper(prepared, prepared.config.seed + i),
  )
  const over = new Uint8Array(count)
  let started = false

  const infos = () => columnsOf(keepers.map((keeper) => serviceInfo(prepared, keeper.last(), 0)))
  const observe = (states: readonly EpisodeState[]): Float32Array => {
    const observations = new Float32Array(count * width)
    for (let i = 0; i < count; i++) writeFeatures(prepared, states[i]!, 0, observations, i * width)
    return observations
  }
  const countFor = (keeper: Keeper, action: unknown, i: number): number =>
    countOf(
      rule,
      spec,
      readAction(actionSpace, action, `actions.${i}`),
      keeper.live().requested[0]!,
    )

  return {
    count,
    observationSpace,
    actionSpace,
    reset(seed, options) {
      const seeds = readSeeds(seed, count)
      const states = keepers.map((keeper, i) => keeper.begin(seeds[i], options))
      over.fill(0)
      started = true
      return { observations: observe(states), infos }
    },
    step(actions) {
      if (!started) throw new EnvironmentError('step', 'before reset', 'reset first')
      if (actions.length !== count)
        throw new EnvironmentError('actions', `${actions.length} of them`, `${count}`)
      // all are read before any is taken: a wrong one leaves everything as it was
      const asked = keepers.map((keeper, i) =>
        over[i] === 1 ? undefined : countFor(keeper, actions[i], i),
      )
      const rewards = new Float64Array(count)
      const truncated = new Uint8Array(count)
      const states = keepers.map((keeper, i) => {
        const requested = asked[i]
        if (requested === undefined) {
          over[i] = 0
          return keeper.begin()
        }
        const state = keeper.advance([requested])
        rewards[i] = rewardOf(partsOf(prepared, state.measured!, 0))
        truncated[i] = over[i] = ended(prepared, state) ? 1 : 0
        return state
      })
      return {
        observations: observe(states),
        rewards,
        terminated: new Uint8Array(count),
        truncated,
        infos,
      }
    },
  }
}

export function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MOST_ENVIRONMENTS) return
  throw new EnvironmentError('count', count, `a whole number from 1 to ${MOST_ENVIRONMENTS}`)
}

/** One seed an environment; none for those that go on with their chance. */
export function readSeeds(
  seed: number | readonly number[] | undefined,
  count: number,
): readonly (number | undefined)[] {
  if (seed === undefined) return []
  if (typeof seed === 'number') return Array.from({ length: count }, (_, i) => seed + i)
  if (seed.length === count) return seed
  throw new EnvironmentError('seed', `${seed.length} of them`, `one, or ${count}`)
}

/** Figures of all copies by name; true is 1. */
export function columnsOf(infos: readonly Info[]): Record<string, Float64Array> {
  const columns: Record<string, Float64Array> = {}
  for (const name of Object.keys(infos[0]!)) {
    const column = new Float64Array(infos.length)
    for (let i = 0; i < infos.length; i++) column[i] = Number(infos[i]![name])
    columns[name] = column
  }
  return columns
}
