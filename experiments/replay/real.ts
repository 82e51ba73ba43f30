/** One replay against the real shop: requests by the schedule, replica counts tick by tick, and what came of both. */
import { runReplay } from '../../services/load/replay/replay.ts'
import type { Schedule } from '../../services/load/replay/schedule.ts'
import type { Request } from './outcome.ts'
import type { Shop } from './shop.ts'

const MOST_IN_FLIGHT = 2000

export interface RealRun {
  readonly requests: readonly Request[]
  /** At the end of each tick. */
  readonly ready: readonly number[]
  /** 99th percentile of how late the generator took up a request, seconds. */
  readonly generatorLateSeconds: number
}

export interface RunPlan {
  readonly schedule: Schedule
  readonly tickMs: number
  /** Asked for at the beginning of each tick. */
  readonly counts: readonly number[]
  readonly sloSeconds: number
  readonly timeoutSeconds: number
}

export async function runReal(shop: Shop, service: string, plan: RunPlan): Promise<RealRun> {
  const { schedule, tickMs, counts, sloSeconds, timeoutSeconds } = plan
  await shop.settle(counts[0]!)
  const requests: Request[] = []
  const ready = counts.map(() => Number.NaN)
  const startMs = performance.now()
  const watched: Promise<void>[] = []
  const timers = counts.map((count, tick) =>
    setTimeout(
      () => {
        watched.push(tickEnds(shop, tick, ready), shop.order(count))
      },
      startMs + tick * tickMs - performance.now(),
    ),
  )
  try {
    const report = await runReplay({
      schedule,
      target: {
        url: new URL(`${shop.gatewayUrl}/${service}/work`),
        ...{ method: 'GET', headers: {}, body: null },
      },
      // never cut: both are to meet every request
      mostPerSecond: 100_000,
      mostInFlight: MOST_IN_FLIGHT,
      timeoutMs: timeoutSeconds * 1000,
      sloSeconds,
      onOver(intendedMs, fate) {
        const isGood = fate.kind === 'answered' && fate.status < 400
        const seconds = fate.kind === 'answered' ? fate.seconds : timeoutSeconds
        requests.push({ arrivedAtMs: intendedMs, seconds, isGood })
      },
    })
    await Promise.all(watched)
    ready[ready.length - 1] = await shop.ready()
    return { requests, ready, generatorLateSeconds: report.lateness.p99 ?? 0 }
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

/** The beginning of a tick is the end of the one before. */
async function tickEnds(shop: Shop, tick: number, ready: number[]): Promise<void> {
  if (tick > 0) ready[tick - 1] = await shop.ready()
}
