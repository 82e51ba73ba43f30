/** What every ledger must do, on real files. A new kind is tested as soon as it stands in `KINDS`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ledger, Page } from './ledger.ts'
import { anyDecision, anyTick } from './test-arbitraries.ts'
import { onEachLedger } from './test-each-ledger.ts'
import { AT_MS, decisionOf, forecastOf, TICK_MS, tickOf } from './test-rows.ts'

const METRIC = 'requests_per_second'
const stored = { settlement: 'pending', settledAtMs: null, detail: null } as const

onEachLedger(({ ledger, reopen }) => {
  async function pagesOf<Row>(read: (cursor?: string) => Promise<Page<Row>>): Promise<Row[]> {
    const rows: Row[] = []
    let cursor: string | undefined
    for (let page = 0; page < 100; page++) {
      const { items, next } = await read(cursor)
      rows.push(...items)
      if (next === undefined) return rows
      expect(items.length).toBeGreaterThan(0)
      cursor = next
    }
    throw new Error('the pages never end')
  }

  describe('what was written', () => {
    it('comes back exactly: ticks with every float and byte, and their decisions', async () => {
      let n = 0
      await fc.assert(
        fc.asyncProperty(anyTick, fc.array(anyDecision, { maxLength: 4 }), async (any, rows) => {
          const tick = { ...any, tick: ++n }
          const decisions = rows.map((row, i) => ({ ...row, id: `${n}-${i}`, tick: n }))
          await ledger.openTick(tick, decisions, [])
          expect(await ledger.tick(n)).toStrictEqual(tick)
          expect(await ledger.lastTick()).toStrictEqual(tick)
          expect(await ledger.decisionsOfTick(n)).toStrictEqual(
            decisions.map((decision) => ({ ...decision, ...stored })),
          )
        }),
        { numRuns: 100 },
      )
    })

    it('comes back exactly: forecasts, outcomes, checkpoints', async () => {
      await ledger.openTick(tickOf(1), [], [forecastOf('a'), forecastOf('b', 7)])
      expect(await ledger.forecast('b', METRIC, AT_MS + TICK_MS)).toStrictEqual(forecastOf('b', 7))
      const outcome = {
        tick: 1,
        service: 'a',
        atMs: AT_MS,
        loadRps: null,
        violationRatio: 1 / 3,
        replicaHours: 0.1 + 0.2,
        cost: Number.MIN_VALUE,
      }
      await ledger.saveOutcomes([outcome])
      expect(await ledger.outcomes({ fromMs: AT_MS, toMs: AT_MS + 1 })).toStrictEqual([outcome])
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (value) => {
          await ledger.checkpoint('key', value, AT_MS)
          expect(await ledger.restore('key')).toEqual(JSON.parse(JSON.stringify(value)))
        }),
      )
    })

    it('comes back exactly: any quantiles, as of any earlier time', async () => {
      let n = 0
      const steps = fc.integer({ min: 0, max: 6 })
      const cells = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)
      const anyQuantiles = fc
        .tuple(steps, fc.integer({ min: 1, max: 4 }))
        .chain(([minLength, levels]) =>
          fc.array(fc.array(cells, { minLength, maxLength: minLength }), {
            minLength: levels,
            maxLength: levels,
          }),
        )
      await fc.assert(
        fc.asyncProperty(anyQuantiles, async (quantiles) => {
          const levels = quantiles.map((_, i) => (i + 1) / 10)
          const forecast = { ...forecastOf('a'), levels, quantiles }
          await ledger.openTick(tickOf(++n), [], [forecast])
          await ledger.openTick(tickOf(++n), [], [forecastOf('a', n)])
          expect(await ledger.forecast('a', METRIC, tickOf(n - 1).atMs)).toStrictEqual(forecast)
        }),
        { numRuns: 30 },
      )
    })

    it('is there after the ledger was closed and opened, under the same epoch', async () => {
      const { epoch } = ledger
      await ledger.openTick(tickOf(1), [decisionOf(1, 'a')], [])
      await reopen()
      expect([ledger.epoch, (await ledger.lastTick())!.tick]).toEqual([epoch, 1])
      expect(await ledger.decision('1-a')).toStrictEqual({ ...decisionOf(1, 'a'), ...stored })
    })

    it('of what was never written is undefined', async () => {
      expect(await ledger.lastTick()).toBeUndefined()
      expect(await ledger.tick(1)).toBeUndefined()
      expect(await ledger.decision('1-a')).toBeUndefined()
      expect(await ledger.forecast('a', METRIC, AT_MS)).toBeUndefined()
      expect(await ledger.restore('key')).toBeUndefined()
    })
  })

  describe('a tick', () => {
    it('is written whole or not at all', async () => {
      const rows = [decisionOf(1, 'a'), decisionOf(1, 'b'), decisionOf(1, 'a')]
      await expect(ledger.openTick(tickOf(1), rows, [forecastOf('a')])).rejects.toThrow(/tick 1 /)
      expect(await ledger.lastTick()).toBeUndefined()
      expect(await ledger.pendingDecisions()).toEqual([])
      expect(await ledger.forecast('a', METRIC, AT_MS + TICK_MS)).toBeUndefined()
      await ledger.openTick(tickOf(1), [decisionOf(1, 'a')], [])
      expect(await ledger.decisionsOfTick(1)).toHaveLength(1)
    })

    it('is refused when that number is taken, and the first stays', async () => {
      await ledger.openTick(tickOf(1), [decisionOf(1, 'a')], [])
      const again = tickOf(1, { spendPerHour: 9 })
      await expect(ledger.openTick(again, [decisionOf(1, 'b')], [])).rejects.toThrow(/tick 1 /)
      expect(await ledger.tick(1)).toStrictEqual(tickOf(1))
      expect((await ledger.decisionsOfTick(1)).map((d) => d.service)).toEqual(['a'])
    })

    it('of 10,000 services is one like any other, with its outcomes and settlements', async () => {
      const services = Array.from({ length: 10_000 }, (_, i) => `svc-${i}`)
      const decisions = services.map((service) => decisionOf(1, service))
      await ledger.openTick(
        tickOf(1),
        decisions,
        services.slice(0, 700).map((s) => forecastOf(s)),
      )
      await ledger.settle(decisions.map(({ id }) => ({ id, settlement: 'applied', atMs: AT_MS })))
      const measured = { tick: 1, atMs: AT_MS, loadRps: 1, violationRatio: 0 }
      await ledger.saveOutcomes(
        services.map((service) => ({ ...measured, service, replicaHours: 1, cost: 1 })),
      )
      expect(await ledger.pendingDecisions()).toEqual([])
      const ofTick = await ledger.decisionsOfTick(1)
      expect(ofTick.map((d) => d.service)).toEqual(services)
      expect(await ledger.outcomes({ fromMs: 0, toMs: AT_MS + 1 })).toHaveLength(10_000)
      expect(await ledger.forecast('svc-699', METRIC, AT_MS + TICK_MS)).toBeDefined()
    })
  })

  describe('pages', () => {
    it('of ticks hold each once, newest first, without the inputs', async () => {
      for (let n = 1; n <= 7; n++) await ledger.openTick(tickOf(n), [], [])
      for (const limit of [1, 2, 3, 7, 8]) {
        const rows = await pagesOf((cursor) => ledger.ticks({ limit, cursor }))
        expect(rows.map((row) => row.tick)).toEqual([7, 6, 5, 4, 3, 2, 1])
        expect(rows[0]).not.toHaveProperty('inputs')
      }
      expect(await ledger.ticks({ limit: 7 })).toMatchObject({ next: undefined })
    })

    it('of decisions hold each once, newest first, also while new ones come', async () => {
      for (let n = 1; n <= 4; n++)
        await ledger.openTick(tickOf(n), [decisionOf(n, 'a'), decisionOf(n, 'b')], [])
      let next = 5
      const rows = await pagesOf(async (cursor) => {
        const page = await ledger.decisions({ limit: 3, cursor })
        await ledger.openTick(tickOf(next), [decisionOf(next++, 'a')], [])
        return page
      })
      const expected = [4, 3, 2, 1].flatMap((n) => [`${n}-b`, `${n}-a`])
      expect(rows.map((row) => row.id)).toEqual(expected)
    })

    it('of decisions are narrowed by service, time and change', async () => {
      for (let n = 1; n <= 6; n++) {
        const to = n % 2 === 0 ? 2 : 3 // from is 2
        await ledger.openTick(tickOf(n), [decisionOf(n, 'a', { to }), decisionOf(n, 'b')], [])
      }
      const ids = async (query: Omit<Parameters<Ledger['decisions']>[0], 'limit'>) =>
        (await pagesOf((cursor) => ledger.decisions({ ...query, limit: 2, cursor }))).map(
          (row) => row.id,
        )
      expect(await ids({ service: 'a', changesOnly: true })).toEqual(['5-a', '3-a', '1-a'])
      expect(
        await ids({ service: 'b', fromMs: AT_MS + 2 * TICK_MS, toMs: AT_MS + 4 * TICK_MS }),
      ).toEqual(['3-b', '2-b'])
      expect(await ids({ service: 'nobody' })).toEqual([])
    })

    it('of decisions for another count hold each once, and end with the oldest', async () => {
      const counts = [4, 2, 3, 3, 3, 3, 3]
      for (const [i, to] of counts.entries())
        await ledger.openTick(
          tickOf(i + 1),
          [decisionOf(i + 1, 'a', { to }), decisionOf(i + 1, 'b', { to: 9 })],
          [],
        )
      const { atMs } = tickOf(counts.length)
      const query = { service: 'a', toMs: atMs, toOtherThan: 3 }
      // the newest that was another, however many like it came after
      const newest = await ledger.decisions({ ...query, limit: 1 })
      expect(newest.items.map((row) => row.id)).toEqual(['2-a'])
      const rows = await pagesOf((cursor) => ledger.decisions({ ...query, limit: 1, cursor }))
      expect(rows.map((row) => row.id)).toEqual(['2-a', '1-a'])
      expect((await ledger.decisions({ ...query, toMs: AT_MS, limit: 9 })).items).toEqual([])
      expect(await ledger.decisions({ service: 'b', toOtherThan: 9, limit: 1 })).toEqual({
        items: [],
        next: undefined,
      })
    })
  })

  describe('a decision', () => {
    it('is pending until it is settled; a settlement of its own stands from the start', async () => {
      const own = { ...decisionOf(1, 'b'), settlement: 'not-enforced' as const }
      await ledger.openTick(tickOf(1), [decisionOf(1, 'a'), own, decisionOf(1, 'c')], [])
      expect((await ledger.pendingDecisions()).map((d) => d.id)).toEqual(['1-a', '1-c'])
      expect(await ledger.decision('1-b')).toMatchObject({
        settlement: 'not-enforced',
        settledAtMs: own.atMs,
      })
      await ledger.settle([])
      await ledger.settle([
        { id: '1-a', settlement: 'applied', atMs: 1 / 3 },
        { id: '1-c', settlement: 'failed', atMs: 7, detail: 'the host did not answer' },
        { id: 'unknown', settlement: 'failed', atMs: 7 },
      ])
      expect(await ledger.pendingDecisions()).toEqual([])
      expect(await ledger.decision('1-a')).toMatchObject({
        settlement: 'applied',
        settledAtMs: 1 / 3,
        detail: null,
      })
      expect(await ledger.decision('1-c')).toMatchObject({ detail: 'the host did not answer' })
    })
  })

  it('knows the forecast that was the newest at a time, per service and metric', async () => {
    await ledger.openTick(tickOf(1), [], [forecastOf('a', 1)])
    await ledger.openTick(tickOf(2), [], [forecastOf('b', 2)])
    await ledger.openTick(tickOf(3), [], [forecastOf('a', 3)])
    const first = async (atMs: number, service = 'a', metric = METRIC) =>
      (await ledger.forecast(service, metric, atMs))?.quantiles[0]?.[0]
    expect(await first(tickOf(1).atMs - 1)).toBeUndefined()
    expect(await first(tickOf(1).atMs)).toBe(1)
    expect(await first(tickOf(3).atMs - 1)).toBe(1)
    expect(await first(tickOf(3).atMs)).toBe(3)
    expect(await first(tickOf(9).atMs, 'b')).toBe(2)
    expect(await first(tickOf(9).atMs, 'a', 'cpu_cores')).toBeUndefined()
  })

  it('keeps the first outcome of a tick, and answers for [from, to)', async () => {
    const outcome = (tick: number, service: string, cost: number) => ({
      tick,
      service,
      atMs: tick,
      loadRps: 1,
      violationRatio: null,
      replicaHours: 1,
      cost,
    })
    await ledger.saveOutcomes([])
    await ledger.saveOutcomes([outcome(1, 'a', 1), outcome(2, 'a', 2), outcome(2, 'b', 3)])
    await ledger.saveOutcomes([outcome(2, 'a', 99), outcome(3, 'a', 4)])
    const costs = async (query: Parameters<Ledger['outcomes']>[0]) =>
      (await ledger.outcomes(query)).map((row) => row.cost)
    expect(await costs({ fromMs: 1, toMs: 3 })).toEqual([1, 2, 3])
    expect(await costs({ service: 'a', fromMs: 2, toMs: 4 })).toEqual([2, 4])
  })

  it('keeps every change of a setting; the newest is in force', async () => {
    const change = (key: string, value: unknown, changedAtMs: number) => ({
      key,
      value,
      changedAtMs,
      actor: 'http',
    })
    const changes = [
      change('budget', 10, 3),
      change('mode', 'enforce', 2),
      change('budget', null, 1), // a clock that went back decides nothing: the order of writing counts
    ]
    for (const setting of changes) await ledger.putSetting(setting)
    await reopen()
    const byKey = [...(await ledger.settings())].sort((a, b) => a.key.localeCompare(b.key))
    expect(byKey).toStrictEqual([changes[2], changes[1]])
    expect(await ledger.settingHistory('budget')).toStrictEqual([changes[2], changes[0]])
    expect(await ledger.settingHistory('nothing')).toEqual([])
  })

  it('drops what is old, and only what nothing needs any more', async () => {
    const outcome = { loadRps: 1, violationRatio: 0, replicaHours: 1, cost: 1, service: 'a' }
    await ledger.checkpoint('specs:old', ['old'], AT_MS)
    await ledger.checkpoint('specs:kept', ['kept'], AT_MS)
    await ledger.checkpoint('agents', ['state'], AT_MS)
    for (let n = 1; n <= 4; n++) {
      const tick = tickOf(n, { configHash: n < 3 ? 'old' : 'kept' })
      await ledger.openTick(tick, [decisionOf(n, 'a')], [forecastOf('a', n)])
      await ledger.saveOutcomes([{ ...outcome, tick: n, atMs: tick.atMs }])
    }
    const beforeMs = tickOf(3).atMs
    await ledger.prune(beforeMs)
    expect((await ledger.ticks({ limit: 9 })).items.map((t) => t.tick)).toEqual([4, 3])
    expect((await ledger.decisions({ limit: 9 })).items.map((d) => d.tick)).toEqual([4, 3])
    expect(await ledger.forecast('a', METRIC, beforeMs - 1)).toBeUndefined()
    expect(await ledger.forecast('a', METRIC, beforeMs)).toStrictEqual(forecastOf('a', 3))
    const outcomes = await ledger.outcomes({ fromMs: 0, toMs: beforeMs * 2 })
    expect(outcomes.map((o) => o.tick)).toEqual([3, 4])
    expect(await ledger.restore('specs:old')).toBeUndefined()
    expect(await ledger.restore('specs:kept')).toEqual(['kept'])
    expect(await ledger.restore('agents')).toEqual(['state'])
  })

  it('drops any number of ticks, each whole, and answers in between', async () => {
    const services = Array.from({ length: 6000 }, (_, i) => `svc-${i}`)
    for (let n = 1; n <= 8; n++)
      await ledger.openTick(
        tickOf(n),
        services.map((service) => decisionOf(n, service)),
        [],
      )
    const seen: number[] = []
    let done = false
    const pruned = ledger.prune(tickOf(8).atMs).then(() => {
      done = true
    })
    while (!done) {
      const [oldest] = (await ledger.ticks({ limit: 9 })).items.slice(-1)
      const { length } = await ledger.decisionsOfTick(oldest!.tick)
      expect([0, services.length]).toContain(length) // it may have gone since the question before
      seen.push(oldest!.tick)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await pruned
    expect((await ledger.ticks({ limit: 9 })).items.map((t) => t.tick)).toEqual([8])
    expect(new Set(seen).size).toBeGreaterThan(1)
  })

  it('keeps specs that were written for a tick still to come', async () => {
    await ledger.checkpoint('specs:next', ['next'], AT_MS)
    await ledger.prune(AT_MS)
    expect(await ledger.restore('specs:next')).toEqual(['next'])
  })
})
