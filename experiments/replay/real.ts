/** One replay against the real shop: requests by the schedule, replica counts tick by tick, and what came of both. */
import { runReplay } from '../../services/load/replay/replay.ts'
import type { Schedule } from '../../services/load/replay/schedule.ts'
import type { RealRun } from './reality.ts'
import type { Shop } from './shop.ts'

const MOST_IN_FLIGHT = 2000
/** Never cut: both are to meet every request. */
const MOST_PER_SECOND = 100_000

export interface RunPlan {
  readonly schedule: Schedule
  readonly tickMs: number
  /** Asked for at the beginning of each tick. */
  readonly counts: readonly number[]
  readonly sloSeconds: number
  readonly timeoutSeconds: number
}

export async function runReal(shop: Shop, service: string, plan: RunPlan): Promise<RealRun> {
  const { schedule, counts, sloSeconds, timeoutSeconds } = plan
  await shop.settle(counts[0]!)
  const wireSeconds = await shop.wireSeconds()
  const requests: RealRun['requests'] = { arrivedAtMs: [], seconds: [], isGood: [] }
  const orders = orderCounts(shop, plan)
  try {
    const { lateness } = await runReplay({
      schedule,
      target: {
        url: new URL(`${shop.gatewayUrl}/${service}/work`),
        ...{ method: 'GET', headers: {}, body: null },
      },
      ...{ mostPerSecond: MOST_PER_SECOND, mostInFlight: MOST_IN_FLIGHT },
      timeoutMs: timeoutSeconds * 1000,
      sloSeconds,
      onOver(intendedMs, fate) {
        requests.arrivedAtMs.push(intendedMs)
        requests.seconds.push(fate.kind === 'answered' ? fate.seconds : timeoutSeconds)
        requests.isGood.push(fate.kind === 'answered' && fate.status < 400)
      },
    })
    return {
      name: schedule.curve.name,
      requests,
      ready: [...(await orders.readyAtTicks())],
      generatorLateSeconds: lateness.p99 ?? 0,
      wireSeconds,
      startupsSeconds: await shop.startupsSeconds(),
    }
  } finally {
    orders.stop()
  }
}

/** From now on, each count at the beginning of its tick; what is ready then is of the end of the tick before. */
function orderCounts(shop: Shop, { counts, tickMs }: RunPlan) {
  const startMs = performance.now()
  const work: Promise<number>[] = []
  const take = async (count: number): Promise<number> => {
    const ready = shop.ready()
    await shop.order(count)
    return ready
  }
  const timers = counts.map((count, tick) => {
    const atMs = startMs + tick * tickMs
    return setTimeout(() => void work.push(take(count)), atMs - performance.now())
  })
  return {
    async readyAtTicks() {
      const [, ...ready] = await Promise.all(work)
      return [...ready, await shop.ready()]
    },
    stop() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
