import { afterEach, describe, expect, it } from 'vitest'
import { ForecastConfig } from '../../forecaster/config.ts'
import { advance, fitForecaster, forecastAt } from '../../forecaster/forecaster.ts'
import type { Series } from '../../forecaster/series.ts'
import { CRASH, CRASH_ALWAYS, HANG, THROW } from './fit-worker-faulty.fixture.ts'
import { createFitter, FitFailed, type Fitter } from './fitter.ts'

const SEASON = 48
const config = ForecastConfig.parse({ seasonsMs: [SEASON * 1000], horizonSteps: 12, origins: 20 })
const faulty = new URL('./fit-worker-faulty.fixture.ts', import.meta.url)

function seriesOf(service: string): Series {
  const values = Float64Array.from(
    { length: 4 * SEASON },
    (_, i) => 30 + 10 * Math.sin((2 * Math.PI * i) / SEASON) + ((i * 7919) % 13) / 4,
  )
  return { service, metric: 'requests_per_second', startMs: 0, stepMs: 1000, values }
}

const open: Fitter[] = []
function fitterOf(options: Parameters<typeof createFitter>[0]): Fitter {
  const fitter = createFitter(options)
  open.push(fitter)
  return fitter
}
afterEach(() => Promise.all(open.splice(0).map((fitter) => fitter.close())))

describe('the fitter', () => {
  it('gives what fitting in this thread would give, and a state that goes on', async () => {
    const series = seriesOf('search')
    const report = await fitterOf({ timeLimitMs: 30_000 }).fit(series, config, 1, {
      fittedAtMs: 5000,
    })
    const here = fitForecaster(series, config, 1, { fittedAtMs: 5000 })
    expect(report).toEqual(here)
    expect(series.values.length).toBe(4 * SEASON) // copied, not moved
    const next = forecastAt(advance(report.state, 31), 0, series, config)
    expect(next.point).toEqual(forecastAt(advance(here.state, 31), 0, series, config).point)
  })

  it('answers every request, in the order they came', async () => {
    const fitter = fitterOf({ timeLimitMs: 30_000 })
    const done: string[] = []
    await Promise.all(
      ['a', 'b', 'c'].map(async (service) => {
        await fitter.fit(seriesOf(service), config, 1, { fittedAtMs: 0 })
        done.push(service)
      }),
    )
    expect(done).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['crashes', CRASH, 20_000, /ended with code 7/],
    ['takes longer than the limit', HANG, 3000, /no answer within 3000 ms/],
    ['throws', THROW, 20_000, /crashed/],
  ])(
    'fits without ARIMA in a new worker when the worker %s, and says so',
    async (_, seed, timeLimitMs, why) => {
      const fitter = fitterOf({ timeLimitMs, workerFile: faulty })
      const report = await fitter.fit(seriesOf('search'), config, seed, { fittedAtMs: 0 })
      expect(report.state.quality.origins).toBeGreaterThan(0)
      const row = report.contest.find(({ kind }) => kind === 'arima')
      expect(row?.note).toMatch(why)
      const after = await fitter.fit(seriesOf('payment'), config, 0, { fittedAtMs: 0 })
      expect(after.contest.find(({ kind }) => kind === 'arima')?.scaledPinball).not.toBeNull()
    },
    30_000,
  )

  it('rejects, with the cause, when nothing can be fitted at all; the next request is not harmed', async () => {
    const fitter = fitterOf({ timeLimitMs: 20_000, workerFile: faulty })
    const failed = fitter.fit(seriesOf('search'), config, CRASH_ALWAYS, { fittedAtMs: 0 })
    await expect(failed).rejects.toThrow(FitFailed)
    await expect(failed).rejects.toMatchObject({ cause: expect.any(FitFailed) })
    await expect(
      fitter.fit(seriesOf('search'), config, 0, { fittedAtMs: 0 }),
    ).resolves.toBeDefined()
  }, 30_000)

  it('refuses work once closed, also what was waiting', async () => {
    const fitter = fitterOf({ timeLimitMs: 30_000 })
    const waiting = [
      fitter.fit(seriesOf('a'), config, 1, { fittedAtMs: 0 }),
      fitter.fit(seriesOf('b'), config, 1, { fittedAtMs: 0 }),
    ]
    const settled = Promise.allSettled(waiting)
    await fitter.close()
    for (const { status } of await settled) expect(status).toBe('rejected')
    await expect(fitter.fit(seriesOf('c'), config, 1, { fittedAtMs: 0 })).rejects.toThrow(/closed/)
  })
})
