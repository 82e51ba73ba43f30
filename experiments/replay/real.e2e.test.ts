/** The real half of the comparison: a shop of real processes meets a schedule while its replica counts are ordered. */
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfigFile } from '../../services/config-file.ts'
import { workloadCurve } from '../../services/load/replay/curve.ts'
import { arrivalsBySecond } from '../../services/load/replay/schedule.ts'
import { runReal } from './real.ts'
import { readReality, writeReality } from './reality.ts'
import { type Shop, startShop } from './shop.ts'

const DEMO = new URL('../../services/shop/demo.yaml', import.meta.url).pathname

let shop: Shop
beforeAll(async () => {
  const demo = loadConfigFile(DEMO, {})
  const search = demo.shop!.services.search!
  // quick to start, so that a short replay sees it
  const services = { search: { ...search, startupMs: 500 } }
  shop = await startShop({
    ...demo,
    services: { search: demo.services.search! },
    shop: { ...demo.shop!, services },
  })
}, 60_000)
afterAll(() => shop?.stop())

describe('a replay on the real shop', () => {
  it('sends each request of the schedule once, and has the replicas that were asked for', async () => {
    const curve = workloadCurve('steady', 1, { peakRps: 30, compress: 360, skipMs: 0 })
    const schedule = { curve, seed: 1, durationMs: 12_000 }
    const times = [...arrivalsBySecond(schedule)].flat()
    const run = await runReal(shop, 'search', {
      ...{ schedule, tickMs: 4000, counts: [1, 2, 1] },
      ...{ sloSeconds: 0.5, timeoutSeconds: 8 },
    })
    const { arrivedAtMs, seconds, isGood } = run.requests
    expect([...arrivedAtMs].sort((a, b) => a - b)).toEqual(times)
    expect(run.ready).toEqual([1, 2, 1])
    // far from full: nothing is refused, and a mean service takes 130 ms
    expect(isGood.every((good) => good)).toBe(true)
    const mean = seconds.reduce((sum, s) => sum + s, 0) / seconds.length
    expect(mean).toBeGreaterThan(0.11)
    expect(run.startupsSeconds.every((startup) => startup > 0.5)).toBe(true)
    expect(run.wireSeconds).toBeLessThan(mean)

    const file = join(tmpdir(), `reality-${process.pid}.json`)
    const reality = {
      recordedAt: '2026-11-21T12:00:00Z',
      setting: { workloads: ['steady'], traces: [], durationMs: 12_000, peakRps: 30, seed: 1 },
      runs: [run],
    }
    await writeReality(file, reality)
    expect(await readReality(file)).toEqual(reality)
    rmSync(file)
  }, 60_000)

  it('leaves no process behind', async () => {
    const pid = process.pid
    await shop.stop()
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    const left = children
      .split(' ')
      .filter((child) => child !== '')
      .map((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8'))
      .filter((line) => /shop|gateway/.test(line))
    expect(left).toEqual([])
  })
})
