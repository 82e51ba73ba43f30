/**
 * One service under Forescale's own loop on the fluid simulator, with what a policy would say told from outside, tick by
 * tick: everything else (forecasts, capacity, floor, guardrails, arbitration) is what runs live.
 */
import type { Observation } from '../../../agents/observation.ts'
import type { LearnedActor } from '../../../agents/policies/learned/act.ts'
import {
  type FeatureName,
  writeLearnedFeatures,
} from '../../../agents/policies/learned/features.ts'
import { isActedOn } from '../../../agents/policies/learned/stretch.ts'
import { seededRandom } from '../../../datasets/random.ts'
import { createLoop } from '../../controllers/forescale/loop.ts'
import type { Tapes } from '../../controllers/forescale/models.ts'
import { ForescaleParams } from '../../controllers/forescale/params.ts'
import { createFluidPlant } from '../../simulator/fluid/plant.ts'
import type { Measured } from '../../simulator/plant.ts'
import { ticksOf } from '../../simulator/scenario.ts'
import { createScrape } from '../../simulator/scrape.ts'
import type { TrainingConfig } from './config.ts'
import type { TrainingLoad } from './loads.ts'

export interface ServiceRun {
  readonly ticks: number
  /** Ticks decided. */
  tick(): number
  /** What the policy sees now; zeros where there is nothing that it could change. */
  write(names: readonly FeatureName[], into: Float32Array, offset: number): void
  /** Decides with the demand stretched so, and what the interval brought. Throws after the last one. */
  advance(stretch: number): Measured
}

export interface RunInput {
  readonly config: TrainingConfig
  readonly load: TrainingLoad
  readonly objective: number
  readonly tapes: Tapes
}

export function createServiceRun({ config, load, objective, tapes }: RunInput): ServiceRun {
  const { scenario } = load
  const random = (name: string) => seededRandom('training', scenario.seed, scenario.name, name)
  let pending = 1
  const actor: LearnedActor = { version: 'training', features: [], stretch: () => pending }
  const params = ForescaleParams.parse({
    policy: 'learned',
    objective,
    targetUtilization: config.targetUtilization,
    ...config.forecast,
  })
  const { services, ...rest } = scenario
  const known = { ...rest, services: services.map(({ load: _, ...service }) => service) }
  const loop = createLoop(known, params, { tapes, actor })
  const plant = createFluidPlant(scenario, { random: (name) => random(`plant ${name}`) })
  const scrape = createScrape(scenario, random('scrape'))
  const ticks = ticksOf(scenario)
  const see = (tick: number, measured: readonly Measured[] | undefined) => {
    const atMs = scenario.startMs + tick * scenario.tickMs
    return loop.observe(atMs, scrape(atMs, measured, plant.replicas()))
  }
  let tick = 0
  let seen = see(0, undefined)
  return {
    ticks,
    tick: () => tick,
    write(names, into, offset) {
      const observation: Observation = seen.services[0]!.observation
      if (isActedOn(observation))
        writeLearnedFeatures(names, seen.services[0]!.spec, observation, into, offset)
      else into.fill(0, offset, offset + names.length)
    },
    advance(stretch) {
      if (tick >= ticks) throw new RangeError(`service ${scenario.name}: its load is over`)
      pending = stretch
      const { grants } = loop.decide(seen)
      const measured = plant.advance([grants[0]!.to])
      tick++
      seen = see(tick, measured)
      return measured[0]!
    },
  }
}
