/**
 * What was scraped, tick by tick, as steps of the grid that forecasters follow: the mean of a step's intervals, as the
 * sample store has it. A step ends when something later was scraped, or when all of it should have come by then.
 */
import type { MeasuredStep } from '../../../services/loops/entry.ts'
import type { Scraped } from '../controller.ts'

export interface Collector {
  /** Steps that ended, oldest first: to be asked once a tick. */
  collect(atMs: number, scraped: Scraped): readonly MeasuredStep[]
}

export interface Grid {
  readonly startMs: number
  readonly stepMs: number
  readonly tickMs: number
  /** How late scrapes come. */
  readonly delayMs: number
}

const KEYS = ['loadRps', 'violationRatio', 'readyReplicas', 'latencyP95Seconds'] as const

export function createCollector({ startMs, stepMs, tickMs, delayMs }: Grid): Collector {
  let endMs = startMs + stepMs
  let newestMs = startMs
  let samples: MeasuredStep[] = []
  /** Counts ready at a time, which come without delay, until what was measured by then has come. */
  const ready: { readonly atMs: number; readonly replicas: number }[] = []
  return {
    collect(atMs, scraped) {
      ready.push({ atMs, replicas: scraped.replicas.ready })
      const steps: MeasuredStep[] = []
      const close = () => {
        steps.push(meanOf(samples))
        samples = []
        endMs += stepMs
      }
      if (scraped.measuredAtMs > newestMs) {
        newestMs = scraped.measuredAtMs
        while (newestMs > endMs) close()
        while (ready.length > 1 && ready[1]!.atMs <= newestMs) ready.shift()
        samples.push({ ...scraped, readyReplicas: ready[0]!.replicas })
        if (newestMs === endMs) close()
      }
      while (atMs >= endMs + delayMs + tickMs) close()
      return steps
    },
  }
}

/** Of each figure over those that have it. */
function meanOf(samples: readonly MeasuredStep[]): MeasuredStep {
  const mean = (key: (typeof KEYS)[number]) => {
    const known = samples.map((sample) => sample[key]).filter((value) => !Number.isNaN(value))
    return known.reduce((sum, value) => sum + value, 0) / known.length // NaN of none
  }
  return {
    loadRps: mean('loadRps'),
    violationRatio: mean('violationRatio'),
    readyReplicas: mean('readyReplicas'),
    latencyP95Seconds: mean('latencyP95Seconds'),
  }
}
