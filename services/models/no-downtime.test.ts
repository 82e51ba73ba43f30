/** By the real clock: ticks go on and forecast while a fit runs, and models change places between two of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { createFitter, type Fitter } from '../loops/fitter.ts'
import { type Bench, QUIET, removeFolder, SERVICE, startBench } from './test-controller.ts'

const TICK_MS = 250
const HISTORY = 300
const FIT_MS = 3000

let bench: Bench | undefined
let pushing: NodeJS.Timeout | undefined
afterEach(async () => {
  clearInterval(pushing)
  await bench?.close()
  if (bench) await removeFolder(bench.folder)
})

/** The real fitter and its thread; every fit after the first takes `FIT_MS` longer. */
function slowFitter(): Fitter & { done: number; lastedMs: number } {
  const fitter = createFitter({ timeLimitMs: 30_000 })
  const slow = {
    done: 0,
    lastedMs: 0,
    async fit(...given: Parameters<Fitter['fit']>) {
      const beganMs = performance.now()
      const report = await fitter.fit(...given)
      if (slow.done > 0) await sleep(FIT_MS)
      slow.lastedMs = performance.now() - beganMs
      slow.done++
      return report
    },
    close: fitter.close,
  }
  return slow
}

const loadAt = (atMs: number): number =>
  50 + 20 * Math.sin(atMs / 7000) + (Math.floor(atMs / TICK_MS) % 7)

describe('a running controller', () => {
  it('forecasts at every tick while a fit runs, and swaps models in one step', async () => {
    const fitter = slowFitter()
    bench = await startBench({
      clock: systemClock,
      fitter,
      config: { clock: 'system', tickMs: TICK_MS, stepMs: TICK_MS },
      forecast: { lifecycle: QUIET, refitMs: 1e9, seasonsMs: [20 * TICK_MS] },
    })
    const { controller, events } = bench
    const push = (fromMs: number, toMs: number) => {
      const samples = []
      for (let at = Math.ceil(fromMs / TICK_MS) * TICK_MS; at <= toMs; at += TICK_MS)
        samples.push({
          service: SERVICE,
          metric: 'requests_per_second',
          atMs: at,
          value: loadAt(at),
        })
      return controller.ingest(samples)
    }
    let pushedMs = Date.now()
    await push(pushedMs - HISTORY * TICK_MS, pushedMs)
    pushing = setInterval(() => {
      const nowMs = Date.now()
      void push(pushedMs + 1, nowMs)
      pushedMs = nowMs
    }, TICK_MS / 5)
    await controller.start()
    await expect.poll(() => controller.forecast(SERVICE), { timeout: 20_000 }).toBeDefined()

    const before = events.length
    controller.models.retrain(SERVICE, 'test', '')
    // what the fitter lasts is taken by itself: a poll sees it begin late
    await expect.poll(() => fitter.done, { timeout: 25_000 }).toBe(2)
    const { lastedMs } = fitter
    await expect
      .poll(() => events.some((e) => e.kind === 'model' && e.data.model.number === 2))
      .toBe(true)
    await controller.models.promote(SERVICE, 2, 'test', '')
    await sleep(4 * TICK_MS)
    await controller.stop()

    const lived = events.slice(before)
    const ticks = lived.filter(({ kind }) => kind === 'tick')
    const versions = lived.flatMap((e) => (e.kind === 'forecast' ? [e.data.model.version] : []))
    // a busy machine may cost a tick or two, a fit that held serving up would cost a dozen
    expect(ticks.length).toBeGreaterThan(lastedMs / TICK_MS - 4)
    expect(versions.length).toBe(ticks.length)
    const changes = versions.filter((version, i) => i > 0 && version !== versions[i - 1])
    expect(changes).toHaveLength(1)
    const [champion] = (await bench.ledger.models({ service: SERVICE, limit: 1 })).items
    expect(changes[0]).toBe(champion!.version)
    expect(bench.errors).toEqual([])
    await fitter.close()
  }, 60_000)
})
