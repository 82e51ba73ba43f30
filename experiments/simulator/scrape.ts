/** What a controller sees of the cluster: figures that come late, with noise, or not at all (`Scrape`). */
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { Scraped } from '../controllers/controller.ts'
import type { Measured } from './plant.ts'
import type { Scenario } from './scenario.ts'

/** To be called once a tick, in order; `measured` is of the interval that ends at `atMs`. */
export type ScrapeOf = (
  atMs: number,
  measured: readonly Measured[] | undefined,
  replicas: readonly ReplicaCounts[],
) => readonly Scraped[]

type Figures = Omit<Scraped, 'replicas'>

const NOTHING: Figures = {
  measuredAtMs: Number.NaN,
  loadRps: Number.NaN,
  utilization: Number.NaN,
  queued: Number.NaN,
  inService: Number.NaN,
  violationRatio: Number.NaN,
  errorRatio: Number.NaN,
  latencyMeanSeconds: Number.NaN,
  latencyP95Seconds: Number.NaN,
}

/** Before the first interval ends, load is known from the history's last step, as it is live. */
export function createScrape(scenario: Scenario, random: () => number): ScrapeOf {
  const { delaySeconds, noiseCv, lossShare } = scenario.scrape
  const { tickMs, startMs } = scenario
  const delayTicks = Math.ceil((delaySeconds * 1000) / tickMs)
  const known: Figures[][] = scenario.services.map(({ history }) => {
    const last = history.at(-1)
    return last === undefined ? [] : [{ ...NOTHING, measuredAtMs: startMs, loadRps: last }]
  })
  // the same noise on all of a scrape: it comes from the clock that cuts the interval
  const noise = (): number => (noiseCv === 0 ? 1 : Math.max(0, 1 + noiseCv * normal(random)))
  return (atMs, measured, replicas) => {
    measured?.forEach((one, i) => {
      if (lossShare > 0 && random() < lossShare) return
      known[i]!.push(figuresOf(one, { atMs, seconds: tickMs / 1000, noise: noise() }))
    })
    return replicas.map((counts, i) => {
      const queue = known[i]!
      while (queue.length > 1 && queue[1]!.measuredAtMs <= atMs - delayTicks * tickMs) queue.shift()
      return { ...(queue[0] ?? NOTHING), replicas: counts }
    })
  }
}

function figuresOf(
  measured: Measured,
  { atMs, seconds, noise }: { atMs: number; seconds: number; noise: number },
): Figures {
  const { arrivals, violations, failures } = measured
  return {
    measuredAtMs: atMs,
    loadRps: (arrivals / seconds) * noise,
    utilization: Math.min(1, measured.utilization * noise),
    queued: measured.queued,
    inService: measured.inService,
    violationRatio: shareOf(arrivals, violations),
    errorRatio: shareOf(arrivals, failures),
    latencyMeanSeconds: measured.latencyMeanSeconds,
    latencyP95Seconds: measured.latencyP95Seconds,
  }
}

/** What was carried over from the interval before can be more than its own arrivals. */
function shareOf(arrivals: number, some: number): number {
  return arrivals > 0 ? Math.min(1, some / arrivals) : some > 0 ? 1 : 0
}

/** Box and Muller (1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
