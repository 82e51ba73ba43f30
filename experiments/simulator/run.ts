/** One run: plant and controller in turn over a scenario. The one loop of experiments, environments and what-if. */
import type { Controller, Scraped } from '../controllers/controller.ts'
import type { Measured, Plant } from './plant.ts'
import { type Scenario, ticksOf } from './scenario.ts'
import type { ScrapeOf } from './scrape.ts'

export const COLUMNS = [
  'arrivals',
  'violations',
  'failures',
  'queued',
  'requested',
  'ready',
  'starting',
  'terminating',
  'utilization',
  'latencyMeanSeconds',
  'latencyP95Seconds',
  'replicaSeconds',
  'cost',
] as const
export type Column = (typeof COLUMNS)[number]

/** `columns[i][column][tick]` of service i: what was measured in the interval that begins at `startMs + tick·tickMs`. */
export interface RunRecord {
  readonly startMs: number
  readonly tickMs: number
  readonly services: readonly string[]
  readonly columns: readonly Readonly<Record<Column, Float64Array>>[]
}

export interface RunParts {
  readonly plant: Plant
  readonly controller: Controller
  readonly scrape: ScrapeOf
  /** After each interval, for who watches; the record so far is not handed out. */
  readonly onTick?: (tick: number, measured: readonly Measured[]) => void
}

export function simulate(scenario: Scenario, parts: RunParts): RunRecord {
  const { plant, controller, scrape } = parts
  const { startMs, tickMs, services } = scenario
  const ticks = ticksOf(scenario)
  const columns = services.map(() => blank(ticks))
  let measured: readonly Measured[] | undefined
  for (let tick = 0; tick < ticks; tick++) {
    const atMs = startMs + tick * tickMs
    const scraped: readonly Scraped[] = scrape(atMs, measured, plant.replicas())
    const requested = controller.decide(atMs, scraped)
    measured = plant.advance(requested)
    for (let i = 0; i < services.length; i++) note(columns[i]!, tick, requested[i]!, measured[i]!)
    parts.onTick?.(tick, measured)
  }
  return { startMs, tickMs, services: services.map(({ name }) => name), columns }
}

function blank(ticks: number): Record<Column, Float64Array> {
  const columns = COLUMNS.map((column) => [column, new Float64Array(ticks)])
  return Object.fromEntries(columns) as Record<Column, Float64Array>
}

function note(
  columns: Record<Column, Float64Array>,
  tick: number,
  requested: number,
  measured: Measured,
): void {
  const { replicas } = measured
  columns.arrivals[tick] = measured.arrivals
  columns.violations[tick] = measured.violations
  columns.failures[tick] = measured.failures
  columns.queued[tick] = measured.queued
  columns.requested[tick] = requested
  columns.ready[tick] = replicas.ready
  columns.starting[tick] = replicas.starting
  columns.terminating[tick] = replicas.terminating
  columns.utilization[tick] = measured.utilization
  columns.latencyMeanSeconds[tick] = measured.latencyMeanSeconds
  columns.latencyP95Seconds[tick] = measured.latencyP95Seconds
  columns.replicaSeconds[tick] = measured.replicaSeconds
  columns.cost[tick] = measured.cost
}
