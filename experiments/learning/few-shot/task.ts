/**
 * A new service as a task to learn: an hour to learn from, the next hour to ask how well that went (of first-order MAML),
 * and some hours to be judged on, one after another on one load. What comes before is history, for the forecasts alone.
 */
import type { VectorEnvironment } from '../../../agents/learning/environment.ts'
import { createTapes, type Tapes } from '../../controllers/forescale/models.ts'
import type { TrainingConfig } from '../training/config.ts'
import { loadsOf, type TrainingLoad } from '../training/loads.ts'
import { createServices } from '../training/services.ts'

const HOUR_MS = 3_600_000

export const SUPPORT_HOURS = 1
export const QUERY_HOURS = 1

export interface ServiceTask {
  readonly name: string
  readonly objective: number
  /** Rows are the same hour played several times: what the agent does differs, what comes does not. */
  readonly support: VectorEnvironment
  readonly query: VectorEnvironment
  readonly judged: VectorEnvironment
}

export interface TaskSource {
  readonly config: TrainingConfig
  readonly loads: readonly TrainingLoad[]
  readonly tapes: Tapes
}

/** `part`: services to learn to learn from, or new ones. */
export function taskSource(config: TrainingConfig, part: 'learned' | 'judged'): TaskSource {
  return { config, loads: loadsOf(config, part), tapes: createTapes() }
}

/** One task a load and objective, made when it is first asked for and kept. */
export function createTasks({ config, loads, tapes }: TaskSource): {
  readonly count: number
  at(i: number): ServiceTask
} {
  const { objectives } = config
  const made = new Map<number, ServiceTask>()
  const make = (i: number): ServiceTask => {
    const load = loads[Math.floor(i / objectives.length)]!
    const objective = objectives[i % objectives.length]!
    const hours = load.scenario.services[0]!.load.length * (load.scenario.stepMs / HOUR_MS)
    const part = (from: number, to: number, environments: number): VectorEnvironment =>
      createServices({
        config: { ...config, objectives: [objective], environments },
        loads: [between(load, from, to)],
        tapes,
      })
    const { environments } = config
    const asked = SUPPORT_HOURS + QUERY_HOURS
    return {
      ...{ name: load.name, objective },
      support: part(0, SUPPORT_HOURS, environments),
      query: part(SUPPORT_HOURS, asked, environments),
      // decided without chance, so one row says all
      judged: part(asked, hours, 1),
    }
  }
  return {
    count: loads.length * objectives.length,
    at(i) {
      const task = made.get(i) ?? make(i)
      made.set(i, task)
      return task
    },
  }
}

/** From one hour of the load to another; what was before becomes history. */
export function between(load: TrainingLoad, fromHour: number, toHour: number): TrainingLoad {
  const { scenario } = load
  const [service] = scenario.services
  const stepOf = (hour: number) => Math.round((hour * HOUR_MS) / scenario.stepMs)
  const [from, to] = [stepOf(fromHour), stepOf(toHour)]
  const before = Float64Array.from([...service!.history, ...service!.load.subarray(0, from)])
  return {
    ...load,
    name: `${load.name} ${fromHour}–${toHour} h`,
    scenario: {
      ...scenario,
      name: `${scenario.name} ${fromHour}–${toHour} h`,
      startMs: scenario.startMs + from * scenario.stepMs,
      services: [{ ...service!, history: before, load: service!.load.slice(from, to) }],
    },
  }
}
