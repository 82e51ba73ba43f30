/** What every sample store must do, be it written to or only read: run by conformance.test.ts and servers.e2e.test.ts. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppendReport, Sample, SampleStore } from './sample-store.ts'

export const STEP_MS = 1000
export const NOW_MS = 1_795_248_000_000
export const RETENTION_MS = 3_600_000
export const METRIC = 'requests_per_second'
const SUITE_LIMIT_MS = 60_000

export const sample = (service: string, atMs: number, value: number, metric = METRIC): Sample => ({
  service,
  metric,
  atMs,
  value,
})

export interface StoreUnderTest {
  readonly store: SampleStore
  /** Puts samples where the store finds them. */
  put(...samples: readonly Sample[]): Promise<AppendReport>
}

export interface StoreKind {
  readonly name: string
  /** False: somebody else writes; what is refused and which of two values stays is not the store's to say. */
  readonly isWritable: boolean
  /** False: the server keeps about 15 digits. */
  readonly isExact: boolean
  /** Empty, and closed after the test. */
  open(): Promise<StoreUnderTest>
}

export function storeSuite({ name, isWritable, isExact, open }: StoreKind): void {
  let store: SampleStore
  let put: StoreUnderTest['put']
  const grid = (services: readonly string[], steps: number, from = store) =>
    from
      .grid({
        metric: METRIC,
        services,
        fromMs: NOW_MS - steps * STEP_MS,
        toMs: NOW_MS,
        stepMs: STEP_MS,
      })
      .then((values) => [...values])

  describe(name, { timeout: SUITE_LIMIT_MS }, () => {
    beforeEach(async () => {
      const opened = await open()
      store = opened.store
      put = opened.put
    }, SUITE_LIMIT_MS)
    afterEach(async () => {
      await store.close()
    })

    describe('a grid', () => {
      it('has a sample on a boundary in the step that begins there, and none from its end', async () => {
        await put(
          sample('a', NOW_MS - 2000, 1),
          sample('a', NOW_MS - 1001, 3),
          sample('a', NOW_MS, 9),
        )
        expect(await grid(['a'], 3)).toEqual([Number.NaN, 2, Number.NaN])
      })

      it('has the mean of a step, and NaN where there is nothing, never zero', async () => {
        await put(
          sample('a', NOW_MS - 900, 1),
          sample('a', NOW_MS - 500, 2),
          sample('a', NOW_MS - 1, 6),
        )
        expect(await grid(['a', 'nobody'], 2)).toEqual([Number.NaN, 3, Number.NaN, Number.NaN])
      })

      it('has a row per service, in the order that was asked for', async () => {
        await put(
          sample('a', NOW_MS - 1, 1),
          sample('b', NOW_MS - 1, 2),
          sample('c', NOW_MS - 1, 3),
        )
        expect(await grid(['c', 'a'], 1)).toEqual([3, 1])
        expect(await grid([], 1)).toEqual([])
      })

      it('of an empty or unknown range has no steps, of an unknown metric no values', async () => {
        await put(sample('a', NOW_MS - 1, 1))
        const query = { services: ['a'], fromMs: NOW_MS - 1000, toMs: NOW_MS, stepMs: STEP_MS }
        expect([...(await store.grid({ ...query, metric: METRIC, toMs: query.fromMs }))]).toEqual(
          [],
        )
        expect([...(await store.grid({ ...query, metric: 'other' }))]).toEqual([Number.NaN])
      })

      it('keeps metrics apart', async () => {
        await put(sample('a', NOW_MS - 1, 1), sample('a', NOW_MS - 1, 7, 'cpu_cores'))
        expect(await grid(['a'], 1)).toEqual([1])
      })

      it('is what the samples say, however few or many services are asked for', async () => {
        const arbitrary = fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 29 }),
            fc.integer({ min: 0, max: 4999 }),
            fc.double({ min: 0, max: 1e6, noNaN: true }),
          ),
          { maxLength: 60 },
        )
        let round = 0
        await fc.assert(
          fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 30 }), async (rows, asked) => {
            const prefix = `r${round++}`
            const largest = new Map<string, number>()
            for (const [service, ago, value] of rows) {
              const key = `${service} ${ago}`
              largest.set(key, Math.max(largest.get(key) ?? 0, value))
            }
            await put(...rows.map(([s, ago, v]) => sample(`${prefix}-${s}`, NOW_MS - 1 - ago, v)))
            const services = Array.from({ length: asked }, (_, i) => `${prefix}-${i}`)
            const expected = services.flatMap((_, service) =>
              [4, 3, 2, 1, 0].map((stepsAgo) => {
                const values = [...largest].flatMap(([key, value]) => {
                  const [s, ago] = key.split(' ').map(Number)
                  return s === service && Math.floor(ago! / STEP_MS) === stepsAgo ? [value] : []
                })
                return values.length === 0
                  ? Number.NaN
                  : values.reduce((sum, v) => sum + v, 0) / values.length
              }),
            )
            const found = await grid(services, 5)
            expect(found.map(Number.isNaN)).toEqual(expected.map(Number.isNaN))
            found.forEach((value, i) => {
              if (!Number.isNaN(value)) expect(value).toBeCloseTo(expected[i]!, 6)
            })
          }),
          { numRuns: 30 },
        )
      })
    })

    it('reads a long range as it reads a short one', async () => {
      const services = Array.from({ length: 60 }, (_, i) => `svc-${i}`)
      const steps = 3000 // more cells than the embedded store reads at once
      await put(
        ...services.flatMap((service, s) => [
          sample(service, NOW_MS - steps * STEP_MS, s),
          sample(service, NOW_MS - 1500 * STEP_MS + s, s + 0.5),
          sample(service, NOW_MS - 1, s + 0.25),
        ]),
      )
      const values = await grid(services, steps)
      const found = services.map((_, s) =>
        values
          .slice(s * steps, (s + 1) * steps)
          .flatMap((v, k) => (Number.isNaN(v) ? [] : [[k, v]])),
      )
      expect(found).toEqual(
        services.map((_, s) => [
          [0, s],
          [1500, s + 0.5],
          [2999, s + 0.25],
        ]),
      )
    })

    it('reads 10,000 services in one go, each its own', async () => {
      const services = Array.from({ length: 10_000 }, (_, i) => `svc-${i}`)
      for (const ago of [1, 1001])
        await put(...services.map((service, i) => sample(service, NOW_MS - ago, i + ago)))
      const values = await grid(services, 2)
      expect(values).toEqual(services.flatMap((_, i) => [i + 1001, i + 1]))
      if (!isWritable) return
      expect((await store.latest(METRIC, NOW_MS)).get('svc-9999')).toEqual({
        atMs: NOW_MS - 1,
        value: 10_000,
      })
    })
    it.runIf(isExact)('gives values back exactly', async () => {
      const values = [0, Number.MIN_VALUE, 0.1 + 0.2, 1 / 3, 2 ** 53 + 2, Number.MAX_VALUE]
      await put(...values.map((value, i) => sample(`exact-${i}`, NOW_MS - 1, value)))
      expect(
        await grid(
          values.map((_, i) => `exact-${i}`),
          1,
        ),
      ).toEqual(values)
    })

    describe.runIf(isWritable)('that is written to', () => {
      it('keeps the larger of two values for one instant, whatever the order of arrival', async () => {
        const arbitrary = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 })
        const shuffled = arbitrary.chain((values) =>
          fc.tuple(
            fc.constant(values),
            fc.shuffledSubarray(
              values.map((_, i) => i),
              { minLength: values.length },
            ),
            fc.integer({ min: 1, max: 4 }),
          ),
        )
        let round = 0
        await fc.assert(
          fc.asyncProperty(shuffled, async ([values, order, batch]) => {
            const [straight, mixed] = [`s${round}`, `m${round++}`]
            const atMs = (i: number) => NOW_MS - 1 - (i % 3) * STEP_MS
            await put(...values.map((value, i) => sample(straight, atMs(i), value)))
            for (let at = 0; at < order.length; at += batch) {
              const part = order.slice(at, at + batch)
              await put(...part.map((i) => sample(mixed, atMs(i), values[i]!)))
            }
            const both = await grid([straight, mixed], 3)
            expect(both.slice(3)).toEqual(both.slice(0, 3))
          }),
          { numRuns: 30 },
        )
      })

      it('refuses what cannot be, counts it by reason, and keeps the rest', async () => {
        const report = await put(
          sample('a', NOW_MS, 1),
          sample('a', NOW_MS, Number.NaN),
          sample('a', NOW_MS, Number.POSITIVE_INFINITY),
          sample('a', NOW_MS, -0.1),
          sample('a', NOW_MS + 30_001, 1),
          sample('a', NOW_MS - RETENTION_MS - 1, 1),
          sample('a', -1, 1),
          sample('a', Number.NaN, 1),
          sample('a', NOW_MS + 30_000, 2),
          sample('a', NOW_MS - RETENTION_MS, 3),
        )
        expect(report).toEqual({
          accepted: 3,
          rejected: { 'not-finite': 2, negative: 1, 'far-future': 1, 'too-old': 1, 'bad-time': 2 },
        })
        expect((await store.inventory())[0]).toMatchObject({ count: 3 })
      })

      it('knows the newest sample at or before an instant', async () => {
        await put(
          sample('a', NOW_MS - 2000, 1),
          sample('a', NOW_MS - 1000, 2),
          sample('b', NOW_MS, 3),
        )
        expect(await store.latest(METRIC, NOW_MS - 1000)).toEqual(
          new Map([['a', { atMs: NOW_MS - 1000, value: 2 }]]),
        )
        expect((await store.latest(METRIC, NOW_MS - 1001)).get('a')).toEqual({
          atMs: NOW_MS - 2000,
          value: 1,
        })
        expect((await store.latest(METRIC, NOW_MS)).size).toBe(2)
        expect(await store.latest('other', NOW_MS)).toEqual(new Map())
      })

      it('says what is stored', async () => {
        expect(await store.inventory()).toEqual([])
        await put(sample('a', NOW_MS - 5, 1), sample('a', NOW_MS, 2), sample('a', NOW_MS, 1, 'm'))
        const rows = [...(await store.inventory())].sort((x, y) => x.metric.localeCompare(y.metric))
        expect(rows).toEqual([
          { service: 'a', metric: 'm', firstMs: NOW_MS, lastMs: NOW_MS, count: 1 },
          { service: 'a', metric: METRIC, firstMs: NOW_MS - 5, lastMs: NOW_MS, count: 2 },
        ])
      })

      it('drops what is older, of every metric, and says how many', async () => {
        expect(await store.prune(NOW_MS)).toBe(0)
        await put(
          sample('a', NOW_MS - 2, 1),
          sample('b', NOW_MS - 2, 1, 'm'),
          sample('a', NOW_MS - 1, 2),
        )
        expect(await store.prune(NOW_MS - 1)).toBe(2)
        expect(await store.inventory()).toMatchObject([{ firstMs: NOW_MS - 1, count: 1 }])
      })

      it('drops any number of samples, and none that is young enough', async () => {
        const services = Array.from({ length: 9000 }, (_, i) => `svc-${i}`)
        for (const ago of [5, 4, 3, 2, 1])
          await put(...services.map((service) => sample(service, NOW_MS - ago, ago)))
        expect(await store.prune(NOW_MS - 1)).toBe(4 * services.length)
        const rows = await store.inventory()
        expect(rows).toHaveLength(services.length)
        expect(rows.every((row) => row.firstMs === NOW_MS - 1 && row.count === 1)).toBe(true)
      })
    })

    describe.runIf(!isWritable)('that is only read', () => {
      it('refuses what is pushed, and says why', async () => {
        const report = await store.append([sample('a', NOW_MS, 1), sample('b', NOW_MS, 1)], NOW_MS)
        expect(report).toEqual({ accepted: 0, rejected: { 'read-only': 2 } })
        expect(await store.append([], NOW_MS)).toEqual({ accepted: 0, rejected: {} })
        expect(await store.prune(NOW_MS)).toBe(0)
      })

      it('knows the newest step at or before an instant', async () => {
        await put(
          sample('a', NOW_MS - 2500, 1),
          sample('a', NOW_MS - 1500, 2),
          sample('b', NOW_MS - 500, 3),
        )
        const before = NOW_MS - STEP_MS
        expect(await store.latest(METRIC, NOW_MS - 1)).toEqual(
          new Map([['a', { atMs: before, value: 2 }]]),
        )
        expect(await store.latest(METRIC, NOW_MS)).toEqual(
          new Map([
            ['a', { atMs: before, value: 2 }],
            ['b', { atMs: NOW_MS, value: 3 }],
          ]),
        )
        expect((await store.latest(METRIC, before - 1)).get('a')).toEqual({
          atMs: before - STEP_MS,
          value: 1,
        })
        expect(await store.latest('other', NOW_MS)).toEqual(new Map())
      })
    })
  })
}
