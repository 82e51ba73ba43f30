/** The outlook over real stores: days are kept, samples may go, and nothing is made up. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { openStore } from '../stores/registry.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { partsOf } from './days.ts'
import { createOutlook } from './outlook.ts'
import { createOutlookWatch } from './refresh.ts'

/** A compressed day of 24 minutes: a part is a minute, four steps of 15 s. */
const DAY_MS = 24 * 60_000
const STEP_MS = 15_000
const START_MS = 2_000 * DAY_MS

const CONFIG = AppConfig.parse({
  stepMs: STEP_MS,
  tickMs: STEP_MS,
  costBudgetPerHour: 3,
  outlook: { dayMs: DAY_MS, weekDays: 1, paths: 100 },
  services: {
    search: { maxReplicas: 40, pricePerReplicaHour: 0.1, weight: 1 },
    payment: { maxReplicas: 40, pricePerReplicaHour: 0.1, weight: 5 },
  },
})

let folder: string
let store: SampleStore
let ledger: Ledger
let nowMs: number
let config: AppConfig

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-outlook-'))
  store = await openStore(CONFIG, folder)
  ledger = await openLedger(CONFIG, folder)
  config = CONFIG
})
afterEach(async () => {
  await ledger.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const outlook = () =>
  createOutlook({
    store,
    ledger,
    config: () => config,
    budget: () => config.costBudgetPerHour,
    capacityOf: () => 10,
    nowMs: () => nowMs,
  })

/** Days of 50 requests/s with 100 in their second half, growing by `growth` a day. */
async function live(service: string, days: number, growth = 0, fromDay = 0): Promise<void> {
  const samples = Array.from({ length: days * (DAY_MS / STEP_MS) }, (_, k) => {
    const atMs = START_MS + fromDay * DAY_MS + (k + 1) * STEP_MS
    const day = fromDay + Math.floor((k * STEP_MS) / DAY_MS)
    const isBusy = (k * STEP_MS) % DAY_MS >= DAY_MS / 2
    return {
      service,
      metric: 'requests_per_second',
      atMs,
      value: (isBusy ? 100 : 50) * (1 + growth) ** day,
    }
  })
  nowMs = START_MS + (fromDay + days) * DAY_MS + STEP_MS
  await store.append(samples, nowMs)
}

it('partsOf takes what 95 % of an hour stay under, and knows a gap', () => {
  const loads = new Float64Array(24 * 20).fill(Number.NaN)
  for (let i = 0; i < 20; i++) loads[i] = i + 1
  const parts = partsOf(loads)
  expect(parts[0]).toBe(19)
  expect(parts.slice(1).every(Number.isNaN)).toBe(true)
})

describe('with history', () => {
  it('says from when the budget will not carry whom, and what would', async () => {
    await live('search', 10, 0.05)
    await live('payment', 10)
    // on day d search needs 100 · 1.05^d / 10 replicas, payment 10: 1.6 + 1 $/h on the tenth, more than 3 from 14.25 on
    const view = await outlook().read(7)
    expect(view.fromMs).toBe(START_MS + 10 * DAY_MS)
    expect(view.costBudgetPerDay).toBeCloseTo(3 * 0.4, 9)
    const [risk] = view.risks
    expect(risk).toMatchObject({
      bound: 'budget',
      service: 'search',
      lasting: true,
      probability: 1,
      firstDayMs: START_MS + 14 * DAY_MS + DAY_MS,
    })
    expect(risk!.wouldCarry).toBeGreaterThan(3)
    expect(view.sentences[0]).toMatch(
      /^the budget of 3\.00 \$\/h will not carry search from \S+ on \(P = 1\.00, 1\.00 by \S+\); 3\.\d\d \$\/h would$/,
    )
    expect(view.risks.some((r) => r.service === 'payment')).toBe(false)
    expect(view.fleet!.cost).toHaveLength(7)
  })

  it('carries all with the raise that it names', async () => {
    await live('search', 10, 0.05)
    await live('payment', 10)
    const { risks } = await outlook().read(7)
    config = { ...CONFIG, costBudgetPerHour: risks[0]!.wouldCarry }
    expect((await outlook().read(7)).risks).toEqual([])
  })

  it('still knows the days when their samples are long gone, and after a restart', async () => {
    await live('search', 10)
    await live('payment', 10)
    const before = await outlook().read(7)
    await store.prune(nowMs)
    await ledger.close()
    ledger = await openLedger(CONFIG, folder)
    const after = await outlook().read(7)
    expect(after.services).toEqual(before.services)
    expect(after.services[0]!.historyDays).toBe(10)
  })

  it('is made once for all who ask within the hour, and anew for another budget', async () => {
    await live('search', 8)
    await live('payment', 8)
    const one = outlook()
    const [a, b] = await Promise.all([one.read(7), one.read(7)])
    expect(a).toBe(b)
    config = { ...CONFIG, costBudgetPerHour: 2 }
    expect((await one.read(7)).costBudgetPerHour).toBe(2)
  })
})

describe('with too little history', () => {
  it('says of whom and how many days are missing, and gives no figure', async () => {
    await live('search', 10)
    await live('payment', 3, 0, 7)
    const view = await outlook().read(7)
    expect(view.fleet).toBeNull()
    expect(view.risks.filter((risk) => risk.bound === 'budget')).toEqual([])
    const payment = view.services.find((row) => row.service === 'payment')
    expect(payment).toEqual({ service: 'payment', historyDays: 3, neededDays: 7, demand: null })
    expect(view.services[0]!.demand!.budgetRisk).toBeNull()
    expect(view.sentences).toEqual([
      'no outlook over 7 days for payment yet: 3 of 7 days of history are there',
    ])
    expect((await outlook().read(30)).services.map((row) => row.neededDays)).toEqual([15, 15])
  })

  it('of nothing at all, is the same answer', async () => {
    nowMs = START_MS
    const view = await outlook().read(7)
    expect(
      view.services.every(({ demand, historyDays }) => demand === null && historyDays === 0),
    ).toBe(true)
  })
})

it('a store that fails leaves the last outlook in place', async () => {
  const errors: unknown[] = []
  let fails = false
  const watch = createOutlookWatch(
    {
      async read(days) {
        if (fails) throw new Error('the disk is gone')
        return { days } as never
      },
    },
    (error) => errors.push(error),
  )
  await watch.refresh()
  fails = true
  await watch.refresh()
  expect(watch.latest().map((view) => view.days)).toEqual([7, 30])
  expect(errors).toHaveLength(1)
})
