/** What every ledger must do with the registry of models and their fitted states, on real files. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TRAINING_REASONS } from '../models/model-version.ts'
import type { Artifact, NewModel, Standing } from './models-ledger.ts'
import { onEachLedger } from './test-each-ledger.ts'
import { AT_MS, modelOf } from './test-rows.ts'

const METRIC = 'requests_per_second'

const artifactOf = (first: number, over: Partial<Artifact> = {}): Artifact => ({
  standsAtMs: AT_MS,
  formatVersion: 1,
  sha256: `sum-${first}`,
  packed: new Uint8Array([first % 256, 0, 255]),
  ...over,
})

onEachLedger(({ ledger, reopen }) => {
  const save = (service: string, over: Partial<NewModel> = {}, keep = 100) =>
    ledger.saveModel(modelOf(service, AT_MS, over), artifactOf(1), {}, keep)
  const key = (number: number, service = 'a') => ({ service, metric: METRIC, number })
  const change = (number: number, status: Standing['status'], over: Partial<Standing> = {}) => ({
    ...key(number),
    status,
    atMs: AT_MS + 5,
    by: 'ann',
    why: 'because',
    ...over,
  })

  it('a version comes back exactly, with a number of its own series, after a restart too', async () => {
    const number = fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }))
    const plain = number.map((x) => (x === null ? null : x + 0)) // SQLite knows no negative zero
    const any = fc.record({
      reason: fc.constantFrom(...TRAINING_REASONS),
      detail: fc.string(),
      seed: fc.integer({ min: 0 }),
      parent: fc.option(fc.integer({ min: 1, max: 1000 })),
      contestFromMs: plain,
      // settings come through a schema, which takes no such key
      config: fc
        .dictionary(fc.string({ minLength: 1 }), fc.jsonValue())
        .map((json) => JSON.parse(JSON.stringify(json)))
        .filter((json) => !Object.hasOwn(json, '__proto__')),
      quality: fc.record({
        mase: plain,
        scaledPinball: plain,
        coverage90: plain,
        origins: fc.nat(),
      }),
    })
    let count = 0
    await fc.assert(
      fc.asyncProperty(any, async (over) => {
        const saved = await save('a', over)
        expect(saved).toEqual({ ...modelOf('a', AT_MS, over), number: ++count, hasArtifact: true })
        expect(await ledger.model(key(count))).toEqual(saved)
      }),
      { numRuns: 40 },
    )
    const newest = await ledger.model(key(count))
    await reopen()
    expect(await ledger.model(key(count))).toEqual(newest)
    expect((await save('b')).number).toBe(1)
    expect((await save('a', { metric: 'cpu_cores' })).number).toBe(1)
    expect((await save('a')).number).toBe(count + 1)
    expect(await ledger.model(key(count + 9))).toBeUndefined()
  })

  it('a state comes back to the byte, and gives way to a newer one of the same version', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (packed) => {
        const artifact = artifactOf(2, { packed, standsAtMs: AT_MS + 0.5 })
        const { number } = await ledger.saveModel(modelOf('a', AT_MS), artifact, {}, 1000)
        expect(await ledger.artifact(key(number))).toStrictEqual(artifact)
      }),
      { numRuns: 30 },
    )
    const newer = { key: key(1), artifact: artifactOf(9, { standsAtMs: AT_MS + 60 }) }
    await ledger.saveModel(modelOf('a', AT_MS), artifactOf(1), { refreshed: [newer] }, 1000)
    expect(await ledger.artifact(key(1))).toStrictEqual(artifactOf(9, { standsAtMs: AT_MS + 60 }))
    expect(await ledger.artifact(key(9999))).toBeUndefined()
  })

  it('a change of standing says when, who and why, and two are made together or not at all', async () => {
    await save('a')
    await save('a', {
      status: 'challenger',
      promotedAtMs: null,
      promotedBy: null,
      promotedWhy: null,
    })
    const moved = await ledger.changeStandings([
      change(1, 'retired', { artifact: artifactOf(7) }),
      change(2, 'champion'),
    ])
    expect(moved).toMatchObject([
      {
        number: 1,
        status: 'retired',
        retiredAtMs: AT_MS + 5,
        retiredBy: 'ann',
        retiredWhy: 'because',
      },
      { number: 2, status: 'champion', promotedBy: 'ann', retiredAtMs: null },
    ])
    expect(await ledger.artifact(key(1))).toStrictEqual(artifactOf(7))
    await expect(
      ledger.changeStandings([change(2, 'retired'), change(99, 'champion')]),
    ).rejects.toThrow('version 99')
    expect((await ledger.model(key(2)))!.status).toBe('champion')
  })

  it('a new champion and the retirement of the old one are one writing', async () => {
    await save('a')
    const broken = change(1, 'retired', { status: null as unknown as 'retired' })
    await expect(
      ledger.saveModel(modelOf('a', AT_MS), artifactOf(1), { standings: [broken] }, 9),
    ).rejects.toThrow()
    expect((await ledger.models({ limit: 9 })).items.map((m) => m.number)).toEqual([1])
    const standings = [change(1, 'retired')]
    await ledger.saveModel(modelOf('a', AT_MS), artifactOf(1), { standings }, 9)
    expect((await ledger.standingModels()).map((m) => m.number)).toEqual([2])
  })

  it('pages hold each version once, newest first, narrowed as asked', async () => {
    for (let n = 1; n <= 7; n++)
      await save(['b', 'a'][n % 2]!, {
        fittedAtMs: n,
        status: n > 5 ? 'champion' : 'retired',
        metric: n === 3 ? 'cpu_cores' : METRIC,
      })
    async function all(query: object, cursor?: string): Promise<string> {
      const { items, next } = await ledger.models({ ...query, limit: 2, cursor })
      const found = items.map((m) => m.fittedAtMs).join('')
      return next === undefined ? found : found + (await all(query, next))
    }
    expect(await all({})).toBe('7654321')
    expect(await all({ service: 'a' })).toBe('7531')
    expect(await all({ service: 'a', metric: METRIC })).toBe('751')
    expect(await all({ status: 'champion' })).toBe('76')
  })

  it('keeps the newest states and those of champion and challenger; rows stay', async () => {
    await save('a')
    await save('b')
    for (let n = 2; n <= 6; n++) await save('a', { status: n === 3 ? 'challenger' : 'retired' }, 2)
    const { items } = await ledger.models({ service: 'a', limit: 9 })
    expect(items.map((m) => [m.number, m.hasArtifact])).toEqual([
      [6, true],
      [5, true],
      [4, false],
      [3, true],
      [2, false],
      [1, true],
    ])
    expect(await ledger.artifact(key(4))).toBeUndefined()
    expect(await ledger.artifact(key(1, 'b'))).toBeDefined()
  })

  it('pruning drops versions that were retired long ago and have no state; the others stay', async () => {
    const retired = { status: 'retired', retiredAtMs: AT_MS } as const
    await save('a', retired, 1)
    await save('a', { ...retired, retiredAtMs: AT_MS + 100 }, 1)
    await save('a', retired, 1)
    await save('a', {}, 1)
    await ledger.prune(AT_MS + 1)
    expect((await ledger.models({ limit: 9 })).items.map((m) => m.number)).toEqual([4, 2])
    await ledger.prune(AT_MS + 1000)
    expect((await ledger.models({ limit: 9 })).items.map((m) => m.number)).toEqual([4])
  })
})
