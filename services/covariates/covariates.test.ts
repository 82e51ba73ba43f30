/** Events, holidays and metrics as columns on the grid, over real stores. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { ConfigError } from '../config-error.ts'
import { openLibsqlLedger } from '../ledger/libsql.ts'
import { createMemoryStore } from '../stores/memory.ts'
import { type Calendar, openCalendar } from './calendar.ts'
import { CovariatesConfig } from './config.ts'
import { createCovariates } from './covariates.ts'
import { type NewEvent, PHASES, phaseOf } from './event.ts'
import { openHolidays } from './holidays.ts'

const STEP_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START_MS = Date.parse('2026-11-21T00:00:00Z')

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'forescale-covariates-'))
  closing.push(() => rm(made, { recursive: true, force: true }))
  return made
}

async function calendarIn(at: string): Promise<Calendar> {
  const ledger = await openLibsqlLedger(at, 'epoch')
  closing.unshift(ledger.close)
  return openCalendar(ledger)
}

const event = (over: Partial<NewEvent> = {}): NewEvent => ({
  name: 'sale',
  service: null,
  fromMs: START_MS + 10 * STEP_MS,
  toMs: START_MS + 13 * STEP_MS,
  value: 1,
  beforeMs: 0,
  afterMs: 0,
  ...over,
})

async function covariatesOf(events: readonly NewEvent[], config: object = {}) {
  const calendar = await calendarIn(await folder())
  await calendar.put(events, 'test', START_MS)
  const store = createMemoryStore({ retentionMs: 365 * DAY_MS })
  const parsed = CovariatesConfig.parse(config)
  return {
    store,
    calendar,
    covariates: createCovariates({
      calendar,
      store,
      config: parsed,
      stepMs: STEP_MS,
      keepSteps: 1000,
    }),
  }
}

const stateWith = (...names: string[]) =>
  ({ effects: { effects: names.map((name) => ({ name })) } }) as unknown as ForecasterState

describe('the calendar', () => {
  it('outlives a restart; an event given again replaces itself; a removed one is gone', async () => {
    const at = await folder()
    const first = await calendarIn(at)
    const [sale] = await first.put([event()], 'ops', 1)
    await first.put([event({ value: 2 }), event({ service: 'search' })], 'ops', 2)
    expect(first.events().map(({ value, service }) => [value, service])).toEqual([
      [2, null],
      [1, 'search'],
    ])
    const second = await calendarIn(at)
    expect(second.events()).toEqual(first.events())
    expect(await second.remove(sale!.id, 'ops', 3)).toMatchObject({ name: 'sale', value: 2 })
    expect(await second.remove(sale!.id, 'ops', 4)).toBeUndefined()
    expect((await calendarIn(at)).events()).toHaveLength(1)
  })
})

describe('events on the grid', () => {
  it('are on in the steps that they cover, as far as they cover them, before and after as columns of their own', async () => {
    const { covariates } = await covariatesOf([
      event({ fromMs: START_MS + 9.5 * STEP_MS, beforeMs: STEP_MS, afterMs: 2 * STEP_MS }),
    ])
    const columns = await covariates.over('search', START_MS, 20)
    const on = (name: string) =>
      [...columns.find((c) => c.name === name)!.values].flatMap((v, k) => (v > 0 ? [[k, v]] : []))
    expect(on('sale')).toEqual([
      [9, 0.5],
      [10, 1],
      [11, 1],
      [12, 1],
    ])
    expect(on('sale (before)')).toEqual([
      [8, 0.5],
      [9, 0.5],
    ])
    expect(on('sale (after)')).toEqual([
      [13, 1],
      [14, 1],
    ])
  })

  it('act on their service alone, of two at once the larger', async () => {
    const { covariates } = await covariatesOf([
      event({ service: 'search' }),
      event({ service: 'search', fromMs: START_MS + 11 * STEP_MS, value: 3 }),
    ])
    const [column] = await covariates.over('search', START_MS, 14)
    expect([...column!.values.subarray(9)]).toEqual([0, 1, 3, 3, 0])
    expect(await covariates.over('payment', START_MS, 14)).toEqual([])
  })

  it('are told step by step and ahead for the effects that a forecaster knows', async () => {
    const { covariates, calendar } = await covariatesOf([event({ afterMs: STEP_MS })])
    const state = stateWith('sale', 'sale (after)', 'gone')
    expect(covariates.inStep('search', state, START_MS + 12 * STEP_MS)).toEqual([1, 0, 0])
    expect(covariates.inStep('search', state, START_MS + 13 * STEP_MS)).toEqual([0, 1, 0])
    const ahead = covariates.ahead('search', state, START_MS + 11 * STEP_MS, 4)
    expect(ahead.map((values) => [...values])).toEqual([
      [1, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 0],
    ])
    // called off: at once
    await calendar.remove(calendar.events()[0]!.id, 'ops', START_MS)
    expect([...covariates.ahead('search', state, START_MS + 11 * STEP_MS, 4)[0]!]).toEqual([
      0, 0, 0, 0,
    ])
  })
})

describe('holidays', () => {
  const christmasMs = Date.parse('2026-12-25T00:00:00+01:00')

  it('of a country are its days there, from midnight to midnight', () => {
    const { between } = openHolidays({ country: 'DE', types: ['public'] })
    const days = between(christmasMs, christmasMs + 2 * DAY_MS)
    // 25 and 26 December (published: Feiertagsgesetze der Länder)
    expect(days.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [christmasMs, christmasMs + DAY_MS],
      [christmasMs + DAY_MS, christmasMs + 2 * DAY_MS],
    ])
    expect(days[0]).toMatchObject({ name: 'holiday', service: null, source: 'holidays' })
  })

  it('of a part of a country are those of the part', () => {
    const epiphanyMs = Date.parse('2026-01-06T00:00:00+01:00')
    const of = (state: string) =>
      openHolidays({ country: 'DE', state, types: ['public'] }).between(
        epiphanyMs,
        epiphanyMs + DAY_MS,
      )
    expect(of('BY')).toHaveLength(1)
    expect(of('BE')).toHaveLength(0)
  })

  it('are events beside those of the calendar', async () => {
    const { covariates } = await covariatesOf(
      [event({ fromMs: christmasMs, toMs: christmasMs + 1 })],
      {
        holidays: { country: 'DE' },
      },
    )
    const names = covariates.events(christmasMs, christmasMs + HOUR_MS).map((e) => e.name)
    expect(names.toSorted()).toEqual(['holiday', 'sale', 'holiday'].toSorted())
    const columns = await covariates.over('search', christmasMs - HOUR_MS, 120)
    const holiday = columns.find(({ name }) => name === 'holiday')!
    expect([holiday.values[59], holiday.values[60]]).toEqual([0, 1])
    const before = columns.find(({ name }) => name === 'holiday (before)')!
    // Christmas Day is a holiday, not the day before one
    expect([before.values[59], before.values[60]]).toEqual([1, 0])
  })

  it.each([
    [{ country: 'XX' }, 'covariates.holidays.country'],
    [{ country: 'DE', state: 'XX' }, 'covariates.holidays.state'],
    [{ country: 'DE', state: 'BY', region: 'XX' }, 'covariates.holidays.region'],
  ])('of %j are refused, with those that are known', (place, field) => {
    const open = () => openHolidays({ types: ['public'], ...place })
    expect(open).toThrow(ConfigError)
    expect(open).toThrow(field)
    expect(open).toThrow('XX')
  })
})

describe('metrics', () => {
  const metric = (over: object) => ({ metrics: [{ metric: 'orders', ...over }] })
  const push = (store: ReturnType<typeof createMemoryStore>, service: string, steps: number) =>
    store.append(
      Array.from({ length: steps }, (_, k) => ({
        service,
        metric: 'orders',
        // stamped with the end of the step that it belongs to
        atMs: START_MS + (k + 1) * STEP_MS,
        value: k,
      })),
      START_MS + steps * STEP_MS,
    )

  it('act after their lag, and are known so far ahead', async () => {
    const { covariates, store } = await covariatesOf([], metric({ lagMs: 5 * STEP_MS }))
    await push(store, 'search', 20)
    const [column] = await covariates.over('search', START_MS, 20)
    expect(column).toMatchObject({
      name: 'metric:orders 300 s before',
      kind: 'series',
      aheadSteps: 5,
    })
    expect([...column!.values.subarray(3, 8)]).toEqual([Number.NaN, Number.NaN, 0, 1, 2])
    const state = stateWith('metric:orders 300 s before')
    await covariates.prepare(['search'], START_MS + 20 * STEP_MS, START_MS + 20 * STEP_MS)
    const [ahead] = covariates.ahead('search', state, START_MS + 20 * STEP_MS, 7)
    expect([...ahead!]).toEqual([15, 16, 17, 18, 19, Number.NaN, Number.NaN])
  })

  it('of one service may act on others', async () => {
    const config = metric({ of: 'checkout', services: ['search'], lagMs: STEP_MS })
    const { covariates, store } = await covariatesOf([], config)
    await push(store, 'checkout', 10)
    const [column] = await covariates.over('search', START_MS, 10)
    expect(column!.name).toBe('metric:orders@checkout 60 s before')
    expect([...column!.values.subarray(7)]).toEqual([6, 7, 8])
    expect(await covariates.over('payment', START_MS, 10)).toEqual([])
  })
})

describe('the phases of an event', () => {
  it('lie one after another', () => {
    const spans = PHASES.map((phase) => phaseOf(event({ beforeMs: 5, afterMs: 7 }), phase))
    const { fromMs, toMs } = event()
    expect(spans).toEqual([
      [fromMs, toMs],
      [fromMs - 5, fromMs],
      [toMs, toMs + 7],
    ])
  })
})
