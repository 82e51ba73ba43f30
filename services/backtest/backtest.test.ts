/** Backtests over a real store, in a real thread. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { openStore } from '../stores/registry.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { type BacktestOptions, type BacktestReport, runBacktests, toJson } from './backtest.ts'
import { createTestFolder, DAY_STEPS, syntheticDays, type TestFolder } from './test-store.ts'
import type { WalkRequest } from './walk-worker.ts'
import { createWalker, type Walker } from './walker.ts'

const OPTIONS: BacktestOptions = {
  services: [],
  metric: LOAD_METRIC,
  lengthMs: 28 * 24 * 60 * 60 * 1000,
  horizons: [4, 12],
  origins: 6,
  testShare: 0.3,
}

let home: TestFolder
let store: SampleStore
let walker: Walker
beforeAll(async () => {
  home = await createTestFolder()
  await home.fill([...syntheticDays('search', 6, 1), ...syntheticDays('auth', 6, 2).slice(-20)])
  store = await openStore(home.config, path.join(home.folder, 'state'))
  walker = createWalker()
})
afterAll(async () => {
  await walker?.close()
  await store?.close()
  await home?.remove()
})

const run = (options: Partial<BacktestOptions> = {}, config = home.config) =>
  runBacktests(store, config, { ...OPTIONS, ...options }, walker.walk)

describe('a backtest of what the store holds', () => {
  let report: BacktestReport
  beforeAll(async () => {
    report = await run()
  })

  it('tests every configured service that has enough, and says of the others why not', () => {
    expect(report.services.map(({ service }) => service)).toEqual(['search'])
    expect(report.left).toEqual([
      {
        service: 'auth',
        reason: '20 steps are too few to learn from and to test 4 steps ahead on the rest',
      },
      { service: 'payment', reason: 'the store holds no requests_per_second of it' },
    ])
  })

  it('sees the whole series on its grid, and the season in it', () => {
    const { series, plan, results } = report.services[0]!
    expect(series.values.length).toBe(6 * DAY_STEPS)
    expect(series.values.every(Number.isFinite)).toBe(true)
    expect(plan.testFrom).toBe(Math.round(6 * DAY_STEPS * 0.7))
    expect(results.map(({ entrant }) => entrant)).toEqual(['ensemble', 'ets', 'seasonal-naive'])
    for (const { seasons } of results) expect(seasons).toContain(DAY_STEPS)
  })

  it('chooses what lost least over the longest horizon, and says by how much', () => {
    const { results, chosen, why } = report.services[0]!
    const losses = results.map(({ entrant, scores }) => ({ entrant, loss: scores.at(-1)!.spl }))
    const best = losses.toSorted((a, b) => a.loss - b.loss)[0]!
    expect(chosen).toBe(best.entrant)
    expect(chosen).not.toBe('seasonal-naive')
    expect(why).toContain(`scaled pinball loss ${best.loss.toFixed(4)}`)
    expect(why).toMatch(/% less than seasonal naive/)
  })

  it('is plain JSON: per entrant and horizon the scores, times, what spoke', () => {
    const json = toJson(report)
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    expect(json).toMatchObject({
      metric: LOAD_METRIC,
      stepMs: home.config.stepMs,
      left: [{ service: 'auth' }, { service: 'payment' }],
      services: [{ service: 'search', steps: 6 * DAY_STEPS, origins: 6 }],
    })
    for (const { fitMs, forecastMs, scores } of json.services[0]!.entrants) {
      expect(fitMs).toBeGreaterThan(0)
      expect(forecastMs).toBeGreaterThan(0)
      expect(scores.map(({ horizon }) => horizon)).toEqual([4, 12])
      for (const { spl, mase, coverage90, coverage } of scores) {
        expect(spl).toBeGreaterThan(0)
        expect(mase).toBeGreaterThan(0)
        expect(coverage90).toBeGreaterThan(0.5)
        expect(coverage.length).toBe(15)
      }
    }
  })
})

describe('what is looked at', () => {
  it('is no longer than a fit looks back and the test part need, the newest of it', async () => {
    const { forecast } = home.config
    const short = { ...home.config, forecast: { ...forecast, historySteps: 140 } }
    const all = (await run({ services: ['search'] })).services[0]!.series
    const { series, plan } = (await run({ services: ['search'] }, short)).services[0]!
    expect(plan.testFrom).toBe(140)
    expect(series.values.length).toBe(200)
    expect(series.values).toEqual(all.values.slice(-200))
    expect(series.startMs).toBe(all.startMs + (all.values.length - 200) * all.stepMs)
  })

  it('reaches back as far as asked', async () => {
    const day = 24 * 60 * 60 * 1000
    const { series } = (await run({ services: ['search'], lengthMs: 2 * day })).services[0]!
    expect(series.values.length).toBe(2 * DAY_STEPS)
  })

  it('is the metric that was asked for', async () => {
    const { services, left } = await run({ services: ['search'], metric: 'violation_ratio' })
    expect(services).toEqual([])
    expect(left).toEqual([
      { service: 'search', reason: 'the store holds no violation_ratio of it' },
    ])
  })

  it('of a series with gaps keeps the gaps', async () => {
    const gappy = await createTestFolder()
    const samples = syntheticDays('search', 6, 1).filter((_, i) => i % 40 >= 10)
    await gappy.fill(samples)
    const own = await openStore(gappy.config, path.join(gappy.folder, 'state'))
    const { services } = await runBacktests(own, gappy.config, OPTIONS, walker.walk)
    const { series, results } = services[0]!
    const seen = series.values.filter((v) => !Number.isNaN(v)).length
    expect(seen).toBe(samples.length)
    for (const { scores } of results) expect(scores.at(-1)!.steps).toBeLessThan(6 * 12)
    await own.close()
    await gappy.remove()
  })
})

describe('walks in a thread', () => {
  /** Throws for one entrant, ends for another, and answers with the name of any other. */
  const FAULTY = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ entrant }) => {
      if (entrant === 'ets') throw new Error('out of memory, says the library')
      if (entrant === 'theta') process.exit(7)
      parentPort.postMessage({ entrant })
    })`
  const faulty = () => createWalker(new URL(`data:text/javascript,${encodeURIComponent(FAULTY)}`))
  const of = (entrant: string) => ({ entrant }) as WalkRequest

  it('reject with what was thrown or with how the thread ended, and go on in a new one', async () => {
    const own = faulty()
    expect(await own.walk(of('linear'))).toEqual({ entrant: 'linear' })
    await expect(own.walk(of('ets'))).rejects.toThrow('out of memory, says the library')
    expect(await own.walk(of('linear'))).toEqual({ entrant: 'linear' })
    await expect(own.walk(of('theta'))).rejects.toThrow('the thread ended with code 7')
    expect(await own.walk(of('arima'))).toEqual({ entrant: 'arima' })
    await own.close()
  })

  it('that fail cost one service its result, not the others', async () => {
    const asked: string[] = []
    const { services, left } = await runBacktests(
      store,
      { ...home.config, services: { ...home.config.services } },
      { ...OPTIONS, services: ['search', 'search'] },
      (request, { done, total }) => {
        asked.push(`${done}/${total}`)
        return done === 1
          ? Promise.reject(new Error('the thread ended with code 7'))
          : walker.walk(request)
      },
    )
    expect(left).toEqual([{ service: 'search', reason: 'the thread ended with code 7' }])
    expect(services.length).toBe(1)
    expect(asked).toEqual(['0/6', '1/6', '3/6', '4/6', '5/6'])
  })
})
