/**
 * What the controller knows of the services' load between ticks: how far the series were read, each service's
 * newest load, its models and what was learned of its capacity. Reads the store; judges nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import { barOf } from '../../forecaster/changepoint.ts'
import type { ForecastConfig } from '../../forecaster/config.ts'
import {
  floorToStep,
  LOAD_METRIC,
  type MetricName,
  type ServiceId,
} from '../../forecaster/series.ts'
import type { Covariates } from '../covariates/covariates.ts'
import type { Following } from '../models/contenders.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { ClockDoubt } from './clock-doubt.ts'
import { goOnFrom } from './clock-jumps.ts'
import {
  type Entry,
  firstEntry,
  followNewest,
  followStep,
  type MeasuredStep,
  ticksAheadOf,
} from './entry.ts'

export interface LoadBook {
  readonly entries: ReadonlyMap<ServiceId, Entry>
  /** End of the last step that was read; NaN before the first read. */
  readToMs(): number
  /** Reads every step that ended by `nowMs` and follows it with forecasters and capacity. */
  read(nowMs: number): Promise<void>
  /** What the models of a service are followed by. */
  following(service: ServiceId): Following
  /**
   * Hands every step of a service from `fromMs` on to `follow`, up to where the book stands by then, and calls `install`
   * in the same turn as the last one: no step is lost or followed twice. Others have their turns in between.
   */
  replay(
    service: ServiceId,
    fromMs: number,
    follow: (load: number, endMs: number) => void,
    install: (entry: Entry) => void,
  ): Promise<void>
  /** Load of one service on the grid, oldest first, ending where the book stands. */
  history(service: ServiceId, lengthMs: number): Promise<{ startMs: number; values: Float64Array }>
}

export interface LoadBookDeps {
  readonly store: SampleStore
  readonly stepMs: number
  readonly tickMs: number
  readonly specs: ReadonlyMap<ServiceId, ServiceSpec>
  readonly config: ForecastConfig
  readonly covariates: Covariates
  /** Told of every step of every service as it is read; NaN: nothing was measured. */
  readonly onStep?: (service: ServiceId, endMs: number, loadRps: number) => void
  /** Older steps than this are not caught up with; their forecasters start afresh. */
  readonly longestGapMs: number
  /** Absent where time is set by hand. */
  readonly doubt?: ClockDoubt | undefined
}

/** Steps of a long replay after which others have their turn. */
const STEPS_A_TURN = 200
/** Most steps of a service, and cells of all, that are read again at the start. */
const LEARN_STEPS = 2000
const LEARN_CELLS = 2_000_000

const FOLLOWED: readonly MetricName[] = [
  ...[LOAD_METRIC, 'violation_ratio', 'ready_replicas', 'latency_p95_seconds', 'cpu_cores'],
]

export function createLoadBook(deps: LoadBookDeps): LoadBook {
  const { store, stepMs, tickMs, specs, longestGapMs, onStep, config, covariates, doubt } = deps
  const changeBar = barOf(config.lifecycle.falseAlarmSteps)
  const following = (service: ServiceId): Following => ({
    ...{ service, stepMs, config },
    ...{ covariates, changeBar },
  })
  const services = [...specs.keys()]
  const entries = new Map(
    services.map((s) => [s, { ...firstEntry(s, specs.get(s)!, tickMs < stepMs), doubt }]),
  )
  let readToMs = Number.NaN

  /** A cell holds the samples of (start, end]: a sample stamped with a step's end belongs to the step it ends. */
  const grid = (metric: string, of: readonly ServiceId[], fromMs: number, toMs: number) =>
    store.grid({ metric, services: of, fromMs: fromMs + 1, toMs: toMs + 1, stepMs })

  /** Newest loads, and capacity from what the store remembers: nothing else needs to outlive a restart. */
  async function firstRead(nowMs: number): Promise<void> {
    const endMs = floorToStep(nowMs, stepMs) - stepMs
    const steps = Math.min(LEARN_STEPS, Math.floor(LEARN_CELLS / services.length))
    const startMs = endMs - steps * stepMs
    const columns = await Promise.all(FOLLOWED.map((m) => grid(m, services, startMs, endMs)))
    const newest = await store.latest(LOAD_METRIC, nowMs)
    readToMs = endMs // from here on nothing can fail: steps are followed once
    services.forEach((service, row) => {
      const cells = { row, steps, width: steps, readToMs: startMs, onStep }
      follow(entries.get(service)!, columns, { ...cells, following: following(service) })
    })
    // the newest loads that there are, be they old
    for (const [service, { atMs, value }] of newest) {
      const entry = entries.get(service)
      if (entry) Object.assign(entry, { loadAtMs: atMs, loadRps: value })
    }
  }

  async function readSteps(nowMs: number): Promise<void> {
    if (Number.isNaN(readToMs)) await firstRead(nowMs)
    const toMs = floorToStep(nowMs, stepMs)
    readToMs = await goOnFrom({ store, entries, stepMs, longestGapMs }, readToMs, nowMs)
    if (toMs <= readToMs) return
    const columns = await Promise.all(
      FOLLOWED.map((metric) => grid(metric, services, readToMs, toMs)),
    )
    await covariates.prepare(services, readToMs, toMs)
    let steps = Math.round((toMs - readToMs) / stepMs)
    if (notYetThere(columns[0]!, steps, nowMs - toMs < stepMs)) steps--
    services.forEach((service, row) => {
      follow(entries.get(service)!, columns, {
        row,
        steps,
        width: columns[0]!.length / services.length,
        readToMs,
        following: following(service),
        onStep,
      })
    })
    readToMs += steps * stepMs
  }

  return {
    entries,
    readToMs: () => readToMs,
    async read(nowMs) {
      await doubt?.look(store, nowMs, stepMs)
      await readSteps(nowMs)
      if (tickMs < stepMs) await readNewest(deps, entries, readToMs, nowMs)
    },
    following,
    async replay(service, fromMs, follow, install) {
      const entry = entries.get(service)
      if (!entry) return
      // while steps are fetched the book may move on: follow it until both stand at the same step
      for (let standsAtMs = fromMs; standsAtMs < readToMs; ) {
        const toMs = Math.min(readToMs, standsAtMs + STEPS_A_TURN * stepMs)
        const loads = await grid(LOAD_METRIC, [service], standsAtMs, toMs)
        await covariates.prepare([service], standsAtMs, toMs)
        for (let k = 0; k < loads.length; k++) follow(loads[k]!, standsAtMs + (k + 1) * stepMs)
        standsAtMs = toMs
        if (standsAtMs < readToMs) await nextTurn()
      }
      install(entry)
    },
    async history(service, lengthMs) {
      const startMs = readToMs - Math.floor(lengthMs / stepMs) * stepMs
      return { startMs, values: await grid(LOAD_METRIC, [service], startMs, readToMs) }
    },
  }
}

/** Loads of the step that has not ended. */
async function readNewest(
  { store, stepMs, tickMs, specs }: LoadBookDeps,
  entries: ReadonlyMap<ServiceId, Entry>,
  readToMs: number,
  nowMs: number,
): Promise<void> {
  for (const [service, { atMs, value }] of await store.latest(LOAD_METRIC, nowMs)) {
    const entry = entries.get(service)
    const spec = specs.get(service)
    if (!entry || !spec || atMs <= readToMs) continue
    const stepEndMs = floorToStep(atMs - 1, stepMs) + stepMs
    followNewest(entry, value, { atMs, stepEndMs, ticksAhead: ticksAheadOf(spec, tickMs) })
  }
}

/** The step that has just ended is empty for everybody: its samples are on their way, so it is read next time. */
function notYetThere(loads: Float64Array, steps: number, justEnded: boolean): boolean {
  if (!justEnded || steps < 1) return false
  for (let last = steps - 1; last < loads.length; last += steps)
    if (!Number.isNaN(loads[last]!)) return false
  return true
}

interface Cells {
  readonly row: number
  readonly steps: number
  readonly width: number
  readonly readToMs: number
  readonly following: Following
  readonly onStep: LoadBookDeps['onStep']
}

function follow(
  entry: Entry,
  columns: readonly Float64Array[],
  { row, steps, width, readToMs, following, onStep }: Cells,
): void {
  const { stepMs } = following
  const [loads, violations, ready, latencies, cpu] = columns
  for (let k = 0; k < steps; k++) {
    const cell = row * width + k
    const step: MeasuredStep = {
      loadRps: loads![cell]!,
      violationRatio: violations![cell]!,
      readyReplicas: ready![cell]!,
      latencyP95Seconds: latencies![cell]!,
      cpuCores: cpu![cell]!,
    }
    const endMs = readToMs + (k + 1) * stepMs
    onStep?.(entry.service, endMs, step.loadRps)
    followStep(entry, step, endMs, following)
  }
}
