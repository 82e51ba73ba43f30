/**
 * Simulated services as a vector of environments: a row plays one service for one episode, whole. The reward of a tick is by
 * how much it was better than what the predictive policy made of the same tick of the same load (a control variate: it
 * does not depend on the actions, so it changes no optimum, and takes away most of what the load alone decides).
 *
 * The difference is told as a share of what a mean tick weighs under the predictive policy, which changes no optimum either:
 * bursty loads, where a tick weighs ten times as much, would drown the others.
 */
import type { VectorEnvironment, VectorStep } from '../../../agents/learning/environment.ts'
import { stretchBy } from '../../../agents/policies/learned/act.ts'
import { seededRandom } from '../../../datasets/random.ts'
import type { Tapes } from '../../controllers/forescale/models.ts'
import type { TrainingConfig } from './config.ts'
import type { TrainingLoad } from './loads.ts'
import { createServiceRun, type ServiceRun } from './service-run.ts'
import { tickValue, worthOf } from './value.ts'

export interface ServicesDeps {
  readonly config: TrainingConfig
  readonly loads: readonly TrainingLoad[]
  readonly tapes: Tapes
}

interface Row {
  readonly load: TrainingLoad
  readonly objective: number
  readonly run: ServiceRun
  readonly plain: Plain
}

/** Under the predictive policy. */
interface Plain {
  /** Value of each tick. */
  readonly values: Float64Array
  /** What a mean tick weighs: its value without the sign. */
  readonly weight: number
}

/** An episode that ends begins another load. `reset(seed)` draws all of them anew. */
export function createServices(deps: ServicesDeps): VectorEnvironment {
  const { config, loads, tapes } = deps
  const { environments: count, features, objectives, actions } = config
  const width = features.length
  const plainOf = createPlain(deps)
  let rows: Row[] = []
  let draw: () => number = () => 0

  const begin = (): Row => {
    const load = loads[Math.floor(draw() * loads.length)]!
    const objective = objectives[Math.floor(draw() * objectives.length)]!
    const run = createServiceRun({ config, load, objective, tapes })
    return { load, objective, run, plain: plainOf(load, objective) }
  }
  const see = (): Float32Array => {
    const observations = new Float32Array(count * width)
    for (let i = 0; i < count; i++) rows[i]!.run.write(features, observations, i * width)
    return observations
  }

  return {
    count,
    observationSize: width,
    actions:
      actions.kind === 'discrete'
        ? { kind: 'discrete', count: actions.stretches.length }
        : { kind: 'continuous', size: 1, low: [-1], high: [1] },
    reset(seed) {
      draw = seededRandom('training episodes', seed)
      rows = Array.from({ length: count }, begin)
      return see()
    },
    step(chosen): VectorStep {
      const rewards = new Float64Array(count)
      const truncated = new Uint8Array(count)
      const finalObservations = new Float32Array(count * width)
      for (let i = 0; i < count; i++) {
        const { load, objective, run, plain } = rows[i]!
        const tick = run.tick()
        const measured = run.advance(stretchOf(actions, chosen[i]!))
        const value = tickValue(config, objective, worthOf(load, measured))
        rewards[i] = (value - plain.values[tick]!) / plain.weight
        if (run.tick() < run.ticks) continue
        truncated[i] = 1
        run.write(features, finalObservations, i * width)
        rows[i] = begin()
      }
      const terminated = new Uint8Array(count)
      return { observations: see(), rewards, terminated, truncated, finalObservations }
    },
  }
}

/** Throws a RangeError for an action that there is not. */
export function stretchOf(actions: TrainingConfig['actions'], action: number): number {
  const stretch = stretchBy(actions, action)
  if (Number.isFinite(stretch)) return stretch
  const allowed = actions.kind === 'discrete' ? `0 to ${actions.stretches.length - 1}` : '-1 to 1'
  throw new RangeError(`action ${action}, must be ${allowed}`)
}

/** The predictive policy's values, worked out once for each load and objective. */
function createPlain({ config, tapes }: ServicesDeps) {
  const known = new Map<string, Plain>()
  return (load: TrainingLoad, objective: number): Plain => {
    const key = `${load.name} ${objective}`
    const found = known.get(key)
    if (found) return found
    const run = createServiceRun({ config, load, objective, tapes })
    const values = Float64Array.from({ length: run.ticks }, () =>
      tickValue(config, objective, worthOf(load, run.advance(1))),
    )
    const weight = -values.reduce((sum, value) => sum + value, 0) / values.length
    known.set(key, { values, weight })
    return { values, weight }
  }
}
