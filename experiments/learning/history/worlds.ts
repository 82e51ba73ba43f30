/**
 * Groups of recorded traces under one budget, cut in time: what lies before the cut is the services' own past, on which
 * anything may be learned and tried; what lies after is judged, once, and was looked at by nobody.
 *
 *   |-- forecasters learn --|-- rehearsed: candidates are tried --|-- judged --|
 *   |------------------------ the past ---------------------------|
 */
import type { LibraryOptions } from '../../../datasets/traces/library.ts'
import { Setting } from '../../runner/config.ts'
import { scenarioOf } from '../../runner/datasets.ts'
import type { Scenario } from '../../simulator/scenario.ts'
import type { Group, HistoryConfig } from './config.ts'

const DAY_MS = 86_400_000

export interface World {
  readonly name: string
  readonly past: Scenario
  readonly judged: Scenario
}

export async function worldOf(
  config: HistoryConfig,
  group: Group,
  library: LibraryOptions,
): Promise<World> {
  const { tickSeconds = config.tickSeconds, traces, name } = group
  // the whole series, wherever it is cut: the runner's own cut is not used
  const setting = Setting.parse({ tickSeconds, budgetShare: 1, learnDays: 366, replayDays: 1 })
  const services = traces.map((id) => ({
    ...{ name: id.toLowerCase(), load: { trace: id } },
    ...{ spec: {}, serving: {}, calls: [] },
  }))
  const plan = { name, simulator: 'fluid' as const, setting, services }
  const { scenario } = await scenarioOf(plan, config.seed, library)
  return cut(scenario, config)
}

type Cut = Pick<HistoryConfig, 'judgedShare' | 'mostDays'>

/** Shares are of the steps that all services have; days are the most of each part. */
export function cut(scenario: Scenario, { judgedShare, mostDays }: Cut): World {
  const { services, startMs, stepMs, name } = scenario
  const whole = services.map(({ history, load }) => Float64Array.of(...history, ...load))
  const steps = whole[0]!.length
  const stepsOf = (days: number, share: number, of: number) =>
    Math.min(Math.round((days * DAY_MS) / stepMs), Math.floor(share * of))
  const judged = stepsOf(mostDays.judged, judgedShare, steps)
  const past = steps - judged
  const rehearsed = stepsOf(mostDays.rehearsed, 1 / 2, past)
  const learned = stepsOf(mostDays.learned, 1, past - rehearsed)
  const endMs = startMs + services[0]!.load.length * stepMs
  const part = (label: string, from: number, begin: number, end: number): Scenario => ({
    ...scenario,
    name: `${name} ${label}`,
    startMs: endMs - (steps - begin) * stepMs,
    services: services.map((service, i) => ({
      ...service,
      history: whole[i]!.slice(from, begin),
      load: whole[i]!.slice(begin, end),
    })),
  })
  const begin = past - rehearsed
  return {
    name,
    past: part('past', begin - learned, begin, past),
    judged: part('judged', begin - learned, past, steps),
  }
}

/** One service alone, with all the money that it could spend. */
export function alone(scenario: Scenario, i: number): Scenario {
  const service = scenario.services[i]!
  const { maxReplicas, pricePerReplicaHour } = service.spec
  return {
    ...scenario,
    name: `${scenario.name} ${service.name}`,
    services: [service],
    costBudgetPerHour: maxReplicas * pricePerReplicaHour,
  }
}
