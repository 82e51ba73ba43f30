/** What people do to models, over real store and ledger: promote, roll back, export, import. Their life by themselves: lifecycle.test.ts. */
import { describe, expect, it } from 'vitest'
import { Conflict } from '../control-plane.ts'
import { ArtifactError, packState, unpackState } from './artifact.ts'
import type { ModelFile } from './model-file.ts'
import {
  type Bench,
  type BenchOptions,
  inlineFitter,
  QUIET,
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
  versionAtWork,
  versions,
  withHistory,
} from './test-lifecycle.ts'

describe('people', () => {
  /** A champion (2, promoted by hand), and the one before it (1). */
  async function promoted(options: BenchOptions = {}): Promise<{ bench: Bench; load: LoadAt }> {
    const bench = await start({ forecast: { refitMs: 1e9 }, ...options })
    const load = loads()
    await withHistory(bench, load)
    await run(bench, HISTORY + 1, HISTORY + 1, load)
    bench.controller.models.retrain(SERVICE, 'ann', '')
    await run(bench, HISTORY + 2, HISTORY + 12, load)
    await bench.controller.models.promote(SERVICE, 2, 'ann', 'it looks better')
    return { bench, load }
  }

  it('promote a challenger: it forecasts at the next tick, and who did it stands there', async () => {
    const { bench, load } = await promoted()
    await run(bench, HISTORY + 13, HISTORY + 13, load)
    const [second, first] = await versions(bench)
    expect(versionAtWork(bench)).toBe(second!.version)
    expect(second).toMatchObject({
      status: 'champion',
      promotedBy: 'ann',
      promotedWhy: 'it looks better',
      promotedAtMs: (HISTORY + 12) * STEP_MS,
    })
    expect(first).toMatchObject({ status: 'retired', retiredWhy: 'version 2 took its place' })
    const { models } = bench.controller
    await expect(models.promote(SERVICE, 2, 'ann', '')).rejects.toThrow('is champion')
    await expect(models.promote(SERVICE, 1, 'ann', '')).rejects.toThrow(Conflict)
    expect(await models.promote(SERVICE, 9, 'ann', '')).toBeUndefined()
  })

  it('roll back: the old state goes on as if it had never been away', async () => {
    const { bench, load } = await promoted()
    await run(bench, HISTORY + 13, HISTORY + 20, load)
    const back = await bench.controller.models.rollback(SERVICE, undefined, 'bob', 'too low')
    expect(back).toMatchObject({
      number: 3,
      status: 'champion',
      reason: 'rollback',
      detail: 'back to version 1',
      parent: 2,
      promotedBy: 'bob',
      promotedWhy: 'too low',
    })
    const [rolled] = await run(bench, HISTORY + 21, HISTORY + 21, load)
    const never = await start({ forecast: { refitMs: 1e9 } })
    await withHistory(never, load)
    const expected = (await run(never, HISTORY + 1, HISTORY + 21, load)).at(-1)
    expect(rolled).toEqual(expected)
    expect(
      (await bench.ledger.model({ service: SERVICE, metric: METRIC, number: 2 }))!,
    ).toMatchObject({
      status: 'retired',
      retiredBy: 'bob',
      retiredWhy: 'rolled back to version 1: too low',
    })
    const { models } = bench.controller
    await expect(models.rollback(SERVICE, 3, 'bob', '')).rejects.toThrow('is champion')
    expect(await models.rollback(SERVICE, 99, 'bob', '')).toBeUndefined()
  })

  it('cannot roll back to what is not kept', async () => {
    const lifecycle = { ...QUIET, keepArtifacts: 1 }
    const { bench } = await promoted({ forecast: { refitMs: 1e9, lifecycle } })
    await bench.controller.models.rollback(SERVICE, 1, 'bob', '')
    const { models } = bench.controller
    await expect(models.rollback(SERVICE, 1, 'bob', '')).rejects.toThrow('no longer kept')
    await expect(models.exportModel(SERVICE, 1)).rejects.toThrow('no longer kept')
    await expect(models.rollback(SERVICE, undefined, 'bob', '')).rejects.toThrow('no champion')
  })

  it('move a model to another machine as one file: it forecasts there what it forecasts here', async () => {
    const { bench, load } = await promoted()
    const file = (await bench.controller.models.exportModel(SERVICE, 2))!
    const text = JSON.stringify(file)
    const there = await start({
      forecast: { refitMs: 1e9 },
      fitter: inlineFitter([], new Set([SERVICE])),
    })
    await there.push(Array.from({ length: HISTORY + 12 }, (_, k) => [k + 1, load(k + 1)] as const))
    await run(there, HISTORY + 13, HISTORY + 13, load) // it has a load, and no model
    expect(there.controller.forecast(SERVICE)).toBeUndefined()
    const moved = await there.controller.models.importModel(
      SERVICE,
      JSON.parse(text),
      'ann',
      'moved',
    )
    expect(moved).toMatchObject({
      number: 1,
      status: 'champion',
      reason: 'import',
      promotedBy: 'ann',
    })
    const here = await run(bench, HISTORY + 13, HISTORY + 16, load)
    expect(await run(there, HISTORY + 14, HISTORY + 16, load)).toEqual(here.slice(1))
  })

  it('import beside a champion: the file challenges it', async () => {
    const { bench, load } = await promoted()
    const file = (await bench.controller.models.exportModel(SERVICE, 1))!
    await run(bench, HISTORY + 13, HISTORY + 14, load)
    const model = await bench.controller.models.importModel(SERVICE, file, 'ann', '')
    expect(model).toMatchObject({
      number: 3,
      status: 'challenger',
      reason: 'import',
      parent: 2,
      contestFromMs: (HISTORY + 14) * STEP_MS,
    })
    await run(bench, HISTORY + 15, HISTORY + 120, load)
    const after = await bench.ledger.model({ service: SERVICE, metric: METRIC, number: 3 })
    expect(after!.status).not.toBe('challenger')
  })

  it('cannot import what is not of this service, grid, time, or is not whole', async () => {
    const { bench } = await promoted()
    const file = (await bench.controller.models.exportModel(SERVICE, 2))!
    const forecaster = unpackState(
      (await bench.ledger.artifact({ service: SERVICE, metric: METRIC, number: 2 }))!,
    )
    const other = packState(
      { ...forecaster, model: { ...forecaster.model, version: 'another' } },
      0,
    )
    const { model, state } = file
    const cases: [string, Partial<ModelFile>][] = [
      ['model.service', { model: { ...model, service: 'payment' } }],
      ['model.metric', { model: { ...model, metric: 'cpu_cores' } }],
      ['model.stepMs', { model: { ...model, stepMs: 15_000 } }],
      ['state.standsAtMs', { state: { ...state, standsAtMs: 1e15 } }],
      ['state.standsAtMs', { state: { ...state, standsAtMs: state.standsAtMs + 1 } }],
      ['sha256', { model: { ...model, seed: 2 } }],
      ['sha256', { state: { ...state, sha256: other.sha256 } }],
      ['state.sha256', { state: { ...state, data: Buffer.from(other.packed).toString('base64') } }],
    ]
    for (const [field, change] of cases) {
      const error = await bench.controller.models
        .importModel(SERVICE, { ...file, ...change }, 'ann', '')
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ArtifactError)
      expect((error as ArtifactError).field).toBe(field)
      expect((error as ArtifactError).allowed).not.toBe('')
    }
    expect((await versions(bench)).length).toBe(2)
  })
})
