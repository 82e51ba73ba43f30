/** The life of models over real store and ledger: fits, contests, loads that change, restarts. What people ask for: by-hand.test.ts. */
import { describe, expect, it } from 'vitest'
import {
  type Bench,
  inlineFitter,
  QUIET,
  SEASON_STEPS,
  SERVICE,
  STEP_MS,
} from './test-controller.ts'
import {
  HISTORY,
  type LoadAt,
  loads,
  METRIC,
  run,
  start,
  stop,
  told,
  versionAtWork,
  versions,
  withHistory,
} from './test-lifecycle.ts'

describe('a fit', () => {
  it('is champion where there is none, with its data, config and seed; the next one challenges it', async () => {
    const bench = await start()
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    const [first] = await versions(bench)
    expect(first).toMatchObject({
      number: 1,
      status: 'champion',
      reason: 'first',
      parent: null,
      fromMs: 0,
      toMs: (HISTORY + 1) * STEP_MS,
      steps: HISTORY + 1,
      seed: 1,
      promotedBy: 'lifecycle',
      hasArtifact: true,
    })
    expect(first!.config).toMatchObject({ horizonSteps: 10, models: ['seasonal-naive', 'ets'] })
    expect(first!.version).toBe(versionAtWork(bench))

    bench.controller.models.retrain(SERVICE, 'ann', 'a new release')
    await run(bench, HISTORY + 2, HISTORY + 2, load)
    const [second] = await versions(bench)
    expect(second).toMatchObject({
      number: 2,
      status: 'challenger',
      reason: 'manual',
      detail: 'ann: a new release',
      parent: 1,
      contestFromMs: (HISTORY + 2) * STEP_MS,
    })
    expect(versionAtWork(bench)).toBe(first!.version)
    expect(told(bench)).toEqual(['promoted 1', 'fitted 2'])
  })

  it('of a history that is shorter than a contest takes its place at once', async () => {
    const bench = await start()
    await run(bench, 1, 60, loads())
    const all = await versions(bench)
    expect(all.length).toBeGreaterThan(3)
    expect(all.filter(({ status }) => status === 'champion')).toHaveLength(1)
    expect(all[0]).toMatchObject({ status: 'champion', reason: 'grown' })
    expect(all.slice(1).every(({ status }) => status === 'retired')).toBe(true)
    expect(all.filter((row) => row.hasArtifact).map(({ number }) => number)).toEqual(
      all.slice(0, 3).map(({ number }) => number),
    )
  })

  it('that fails leaves the champion at work', async () => {
    const broken = new Set<string>()
    const bench = await start({ fitter: inlineFitter([], broken) })
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    const before = versionAtWork(bench)
    broken.add(SERVICE)
    bench.controller.models.retrain(SERVICE, 'ann', '')
    await run(bench, HISTORY + 2, HISTORY + 4, load)
    expect(versionAtWork(bench)).toBe(before)
    expect(bench.errors).toEqual([expect.stringContaining('no fit here')]) // asked once, tried once
  })

  it('with other forecast settings takes the place of one with the old ones', async () => {
    const bench = await start()
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    await stop(bench)
    const other = await start({ folder: bench.folder, forecast: { horizonSteps: 20 } })
    await run(other, HISTORY + 2, HISTORY + 2, load)
    expect((await versions(other))[0]).toMatchObject({
      number: 2,
      status: 'champion',
      reason: 'config',
    })
    expect(other.controller.forecast(SERVICE)!.point).toHaveLength(20)
  })
})

/** A season that moves by half from `at` on: the old model is wrong most of the day. */
const shifting = (load: LoadAt, at: number) => (k: number) =>
  k < at ? load(k) : load(k + SEASON_STEPS / 2)

describe('a load that changes', () => {
  it('is fitted anew for a reason that is recorded, and the better model takes over by itself', async () => {
    const lifecycle = { ...QUIET, falseAlarmSteps: 10_000 }
    const bench = await start({ forecast: { models: ['seasonal-naive'], lifecycle } })
    const load = shifting(loads(), HISTORY + 20)
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 6 * SEASON_STEPS, load)
    const all = [...(await versions(bench))].reverse()
    const second = all[1]!
    expect(['drift', 'changepoint']).toContain(second.reason)
    expect(second.detail).not.toBe('')
    expect(second.fittedAtMs).toBeLessThan((HISTORY + 20 + SEASON_STEPS / 2) * STEP_MS)
    const winners = all.slice(1).filter((row) => row.promotedAtMs !== null)
    expect(winners.length).toBeGreaterThan(0)
    expect(winners[0]!.promotedWhy).toMatch(
      /^(better|not worse.*): pinball loss [\d.]+ against [\d.]+/,
    )
    expect(all.filter(({ status }) => status === 'champion')).toHaveLength(1)
    for (const row of all.filter(({ status }) => status === 'retired'))
      expect(row.retiredWhy).not.toBe('')
  })
})

describe('a contest', () => {
  it('that is not won ends with the challenger retired and the reason told', async () => {
    const bench = await start({ forecast: { refitMs: 1e9 } })
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    bench.controller.models.retrain(SERVICE, 'ann', '')
    await run(bench, HISTORY + 2, HISTORY + 120, load)
    const challenger = await bench.ledger.model({ service: SERVICE, metric: METRIC, number: 2 })
    expect(challenger).toMatchObject({ status: 'retired', retiredBy: 'lifecycle' })
    expect(challenger!.retiredWhy).toMatch(/^(no better by the last review|worse): pinball loss/)
    expect(
      (await bench.ledger.model({ service: SERVICE, metric: METRIC, number: 1 }))!.status,
    ).toBe('champion')
    expect(told(bench).slice(0, 3)).toEqual(['promoted 1', 'fitted 2', 'retired 2'])
  })

  it('is compared over the API as it is fought: same issue times, same losses', async () => {
    const bench = await start({ forecast: { refitMs: 1e9 } })
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    bench.controller.models.retrain(SERVICE, 'ann', '')
    await run(bench, HISTORY + 2, HISTORY + 60, load)
    const compared = (await bench.controller.models.compare(SERVICE, 1, 2))!
    expect(compared).toMatchObject({ service: SERVICE, horizonSteps: 10 })
    expect(compared.fromMs).toBe((HISTORY + 2) * STEP_MS)
    expect(compared.toMs).toBe((HISTORY + 60) * STEP_MS)
    expect(compared.issueTimes).toBe(25) // one in two steps of 58, the last ten not over
    expect(compared.scores).toHaveLength(25)
    const mean = (side: 'a' | 'b') =>
      compared.scores.reduce((sum, score) => sum + score[side] / 25, 0)
    expect(compared.a.loss).toBeCloseTo(mean('a'), 10)
    expect(compared.b.loss).toBeCloseTo(mean('b'), 10)
    expect(compared.test!.pValue).toBeGreaterThanOrEqual(0)
    const swapped = (await bench.controller.models.compare(SERVICE, 2, 1))!
    expect(swapped.test!.statistic).toBeCloseTo(-compared.test!.statistic, 10)
    expect(await bench.controller.models.compare(SERVICE, 1, 99)).toBeUndefined()
    const itself = (await bench.controller.models.compare(SERVICE, 1, 1))!
    expect([itself.test, itself.better]).toEqual([null, 'neither'])
  })
})

describe('a restart', () => {
  it('goes on from the stored state without a fit, and forecasts the same to the bit', async () => {
    const load = loads()
    const options = { forecast: { refitMs: 1e9 } }
    const whole = await start(options)
    await withHistory(whole, load)
    const expected = await run(whole, HISTORY + 1, HISTORY + 40, load)

    const first = await start(options)
    await withHistory(first, load)
    await run(first, HISTORY + 1, HISTORY + 30, load)
    await stop(first)
    const second = await start({ ...options, folder: first.folder })
    const after = await run(second, HISTORY + 31, HISTORY + 40, load)
    expect(second.fits).toEqual([])
    expect(after).toEqual(expected.slice(30))
    expect((await versions(second)).map(({ number }) => number)).toEqual([1])
  })

  it('in the middle of a contest does not change how it ends', async () => {
    const load = shifting(loads(), HISTORY + 10)
    const options = {
      forecast: { models: ['seasonal-naive'], lifecycle: { reviewSteps: 40, reviews: 3 } },
    }
    const end = HISTORY + 4 * SEASON_STEPS
    const stood = async (bench: Bench) =>
      (await versions(bench)).map(({ hasArtifact: _, ...row }) => row)

    const whole = await start(options)
    await withHistory(whole, load)
    await run(whole, HISTORY + 1, end, load)
    const expected = await stood(whole)
    expect(expected.length).toBeGreaterThan(2)

    let bench = await start(options)
    await withHistory(bench, load)
    let from = HISTORY + 1
    for (const to of [HISTORY + 25, HISTORY + 47, HISTORY + 90, end]) {
      await run(bench, from, to, load)
      from = to + 1
      if (to === end) break
      await stop(bench)
      bench = await start({ ...options, folder: bench.folder })
    }
    expect(await stood(bench)).toEqual(expected)
  })

  it('after a long silence fits anew; the model of before retires', async () => {
    const options = { forecast: { historySteps: 300 } }
    const bench = await start(options)
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    await stop(bench)
    const later = await start({ ...options, folder: bench.folder })
    await run(later, HISTORY + 400, HISTORY + 400, load)
    expect(later.fits).toHaveLength(1)
    expect(await versions(later)).toMatchObject([
      { number: 2, status: 'champion', reason: 'first', parent: 1 },
      { number: 1, status: 'retired' },
    ])
  })

  it('with a damaged state says so, and fits anew', async () => {
    const bench = await start()
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    const key = { service: SERVICE, metric: METRIC, number: 1 }
    const artifact = (await bench.ledger.artifact(key))!
    const packed = artifact.packed.map((byte, i) => (i === 100 ? byte ^ 1 : byte))
    await bench.ledger.changeStandings([
      {
        ...key,
        status: 'champion',
        atMs: 1,
        by: 'test',
        why: '',
        artifact: { ...artifact, packed },
      },
    ])
    await stop(bench)
    const again = await start({ folder: bench.folder })
    await run(again, HISTORY + 2, HISTORY + 2, load)
    expect(again.errors[0]).toContain('state.sha256')
    expect(again.fits).toHaveLength(1)
    expect((await versions(again))[0]).toMatchObject({ number: 2, status: 'champion' })
  })
})
