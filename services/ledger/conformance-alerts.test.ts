/** What every ledger must do with alerts, their outbox and days of demand, on real files. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Alert, SEVERITIES } from '../alerts/alert.ts'
import type { Delivery } from './alerts-ledger.ts'
import type { Ledger } from './ledger.ts'
import { onEachLedger } from './test-each-ledger.ts'

function alertOf(n: number, over: Partial<Alert> = {}): Alert {
  return {
    id: `alert-${n}`,
    key: 'anomaly/load/a',
    kind: 'spike',
    severity: 'warning',
    service: 'a',
    summary: `load of a — “${n}”`,
    figures: { load: 0.1 + 0.2, expected: null },
    sinceMs: n * 10 - 1,
    openedAtMs: n * 10,
    updatedAtMs: n * 10,
    closedAtMs: null,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    ...over,
  }
}

function deliveryOf(id: string, nextAtMs: number | null): Delivery {
  return {
    id,
    alertId: 'alert-1',
    url: 'http://127.0.0.1:1/hook',
    body: '{"a":1}',
    createdAtMs: 5,
    attempts: 0,
    nextAtMs,
    deliveredAtMs: null,
    error: null,
  }
}

onEachLedger(({ ledger, reopen }) => {
  it('an alert comes back exactly, changes and closes, and is there after a restart', async () => {
    await ledger.saveAlerts([alertOf(1), alertOf(2, { service: null, figures: {} })], [])
    await reopen()
    expect(await ledger.openAlerts()).toStrictEqual([
      alertOf(1),
      alertOf(2, { service: null, figures: {} }),
    ])
    const closed = alertOf(1, { kind: 'level-shift', severity: 'critical', closedAtMs: 99 })
    await ledger.saveAlerts([closed], [])
    expect(await ledger.alert('alert-1')).toStrictEqual(closed)
    expect((await ledger.openAlerts()).map((alert) => alert.id)).toEqual(['alert-2'])
    expect(await ledger.alert('alert-3')).toBeUndefined()
  })

  it('the first acknowledgement stays, also when the alert goes on', async () => {
    await ledger.saveAlerts([alertOf(1)], [])
    const seen = { acknowledgedBy: 'ann', acknowledgedAtMs: 50 }
    expect(await ledger.acknowledgeAlert('alert-1', 'ann', 50)).toStrictEqual(alertOf(1, seen))
    expect(await ledger.acknowledgeAlert('alert-1', 'bob', 60)).toStrictEqual(alertOf(1, seen))
    await ledger.saveAlerts([alertOf(1, { severity: 'critical' })], [])
    expect(await ledger.alert('alert-1')).toStrictEqual(
      alertOf(1, { ...seen, severity: 'critical' }),
    )
    expect(await ledger.acknowledgeAlert('alert-9', 'ann', 50)).toBeUndefined()
  })

  /** Numbers of the alerts on all pages. */
  async function ids(query: Omit<Parameters<Ledger['alerts']>[0], 'limit'>): Promise<string> {
    const { items, next } = await ledger.alerts({ ...query, limit: 2 })
    const found = items.map((alert) => alert.id.slice(6)).join('')
    return next === undefined ? found : found + (await ids({ ...query, cursor: next }))
  }

  it('pages hold each alert once, newest first, narrowed as asked', async () => {
    for (let n = 1; n <= 7; n++) {
      await ledger.saveAlerts(
        [
          alertOf(n, {
            service: ['b', 'a'][n % 2]!,
            severity: SEVERITIES[Math.floor(n / 3)]!,
            kind: n === 4 ? 'drop' : 'spike',
            closedAtMs: n < 5 ? 500 : null,
          }),
        ],
        [],
      )
    }
    expect(await ids({})).toBe('7654321')
    expect(await ids({ open: true })).toBe('765')
    expect(await ids({ open: false })).toBe('4321')
    expect(await ids({ service: 'b' })).toBe('642')
    expect(await ids({ minSeverity: 'warning' })).toBe('76543')
    expect(await ids({ kind: 'drop' })).toBe('4')
    expect(await ids({ fromMs: 20, toMs: 40 })).toBe('32')
  })

  it('a delivery is written with its alert or not at all, is due until settled, and outlives a restart', async () => {
    const broken = { ...deliveryOf('d0', 1), url: null as unknown as string }
    await expect(ledger.saveAlerts([alertOf(1)], [broken])).rejects.toThrow()
    expect(await ledger.alert('alert-1')).toBeUndefined()
    expect(await ledger.nextDeliveryMs()).toBeUndefined()

    await ledger.saveAlerts([alertOf(1)], [deliveryOf('d1', 10), deliveryOf('d2', 20)])
    await ledger.saveAlerts([], [{ ...deliveryOf('d1', 99), body: 'another' }])
    await reopen()
    expect(await ledger.nextDeliveryMs()).toBe(10)
    expect(await ledger.dueDeliveries(9, 5)).toEqual([])
    expect(await ledger.dueDeliveries(20, 5)).toStrictEqual([
      deliveryOf('d1', 10),
      deliveryOf('d2', 20),
    ])
    expect((await ledger.dueDeliveries(20, 1)).map((d) => d.id)).toEqual(['d1'])
    const later = { id: 'd1', attempts: 3, nextAtMs: 30, deliveredAtMs: null, error: 'HTTP 503' }
    await ledger.settleDelivery(later)
    await ledger.settleDelivery({
      id: 'd2',
      attempts: 1,
      nextAtMs: null,
      deliveredAtMs: 21,
      error: null,
    })
    expect(await ledger.dueDeliveries(29, 5)).toEqual([])
    expect(await ledger.dueDeliveries(30, 5)).toStrictEqual([{ ...deliveryOf('d1', 10), ...later }])
  })

  it('days of demand come back exactly, the newest writing wins, old ones go', async () => {
    const load = fc.oneof(
      fc.constant(Number.NaN),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(load, { minLength: 24, maxLength: 24 }), async (values) => {
        const day = { service: 'a', dayMs: 240, startMs: 480, parts: Float64Array.from(values) }
        await ledger.saveDemandDays([day], 0)
        expect(await ledger.demandDays({ dayMs: 240, fromMs: 0, services: ['a'] })).toStrictEqual([
          day,
        ])
      }),
      { numRuns: 20 },
    )
    const day = (service: string, startMs: number, dayMs = 240) => ({
      service,
      dayMs,
      startMs,
      parts: new Float64Array(24).fill(startMs),
    })
    await ledger.saveDemandDays([day('b', 720), day('b', 480), day('a', 720), day('a', 0, 60)], 0)
    const starts = async (services: string[], fromMs = 0) =>
      (await ledger.demandDays({ dayMs: 240, fromMs, services })).map(
        (row) => `${row.service}${row.startMs}`,
      )
    expect(await starts(['b', 'a'])).toEqual(['a480', 'a720', 'b480', 'b720'])
    expect(await starts(['b'], 700)).toEqual(['b720'])
    expect(await ledger.lastDemandDays(240)).toEqual(
      new Map([
        ['a', 720],
        ['b', 720],
      ]),
    )
    await ledger.saveDemandDays([day('a', 960)], 600)
    expect(await starts(['a', 'b'])).toEqual(['a720', 'a960', 'b720'])
    expect(await ledger.lastDemandDays(60)).toEqual(new Map([['a', 0]]))
  })

  it('drops closed alerts and ended deliveries that are old; what is open stays', async () => {
    await ledger.saveAlerts(
      [alertOf(1, { closedAtMs: 40 }), alertOf(2), alertOf(3, { closedAtMs: 60 })],
      [deliveryOf('done', null), deliveryOf('waiting', 10)],
    )
    await ledger.prune(50)
    expect((await ledger.alerts({ limit: 9 })).items.map((a) => a.id)).toEqual([
      'alert-3',
      'alert-2',
    ])
    expect((await ledger.dueDeliveries(99, 9)).map((d) => d.id)).toEqual(['waiting'])
  })
})
