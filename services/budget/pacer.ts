/**
 * The meta-controller's purses over time: what went out of them since the last tick, which periods ended, and what the
 * next tick is told. Knows no clock and no store; live and in experiments the same.
 */
import { z } from 'zod'
import type { Directive } from '../../coordinator/meta/directive.ts'
import {
  amountOf,
  type BudgetPeriod,
  openPurse,
  type Paced,
  type Purse,
  pace,
  payFrom,
  tightest,
} from '../../coordinator/meta/pacing.ts'
import { PRICES } from '../../coordinator/meta/price-ladder.ts'
import {
  type DemandCurves,
  learnDemand,
  openProfile,
  type SpendProfile,
} from '../../coordinator/meta/spend-profile.ts'
import { PERIODS, type PeriodName, periodAt } from './period.ts'
import type { PacedPeriodView } from './view.ts'

const HOUR_MS = 3_600_000
/** Parts of a day in the profile of demand. */
export const PARTS_A_DAY = 24

const PurseState = z.strictObject({
  startMs: z.number(),
  openedMs: z.number(),
  spent: z.number(),
  reactiveSpent: z.number(),
  deviation: z.number(),
  reactiveDeviation: z.number(),
  price: z.number(),
  reactivePrice: z.number(),
  solvedAtMs: z.number(),
  foreseen: z
    .strictObject({ unpaced: z.number(), paced: z.number(), reactive: z.number() })
    .nullable(),
})

/** What is kept over a restart at every tick; the profile apart, which is long and changes slowly. */
export const PacerState = z.strictObject({
  purses: z.partialRecord(z.enum(PERIODS), PurseState),
  lastMs: z.number().nullable(),
  reactiveDemand: z.array(z.number()),
})
export type PacerState = z.infer<typeof PacerState>

const Curve = z.array(z.number()).length(PRICES.length)
const Growth = z.strictObject({ seen: z.number(), said: z.number(), lag: z.number() })
export const ProfileState = z.strictObject({
  partsADay: z.int().positive(),
  weekDays: z.int().positive(),
  partMs: z.number().positive(),
  today: z.strictObject({ day: z.number(), ...Growth.shape }),
  days: z.array(Growth),
  parts: z.array(
    z
      .strictObject({ weightMs: z.number(), centreMs: z.number(), reactive: Curve, all: Curve })
      .nullable(),
  ),
})

/** Read at every tick, so that a change is in force from the next one on. */
export interface PacerSettings {
  readonly amounts: Readonly<Partial<Record<PeriodName, number | undefined>>>
  readonly reactiveShare: number
  readonly tolerance: number
  readonly dayMs: number
  readonly weekDays: number
  readonly tickMs: number
}

export interface BeforeTick {
  readonly atMs: number
  /** Of all replicas as observed, $/hour. */
  readonly runningCostPerHour: number
  readonly minimumCostPerHour: number
}

export interface AfterTick {
  readonly atMs: number
  readonly demand: DemandCurves
}

export interface Pacer {
  /** What the tick is told; undefined while no amount is set. */
  before(tick: BeforeTick): { directive: Directive; costBudgetPerHour: number } | undefined
  after(tick: AfterTick): void
  state(): PacerState
  profile(): SpendProfile | undefined
  /** One a period with an amount, as of the last tick. */
  view(): readonly PacedPeriodView[]
}

interface Last {
  readonly name: PeriodName
  readonly period: BudgetPeriod
  readonly paced: Paced
  readonly atMs: number
}

export function createPacer(
  settings: () => PacerSettings,
  restored?: { readonly state: PacerState; readonly profile: SpendProfile | undefined },
): Pacer {
  let purses: Partial<Record<PeriodName, Purse>> = { ...restored?.state.purses }
  let lastMs = restored?.state.lastMs ?? null
  let reactiveDemand = restored?.state.reactiveDemand ?? []
  let profile = restored?.profile
  let last: readonly Last[] = []

  /** The purse of the period at `atMs`, after what was spent since the last tick. */
  function purseAt(period: BudgetPeriod, known: Purse | undefined, tick: BeforeTick): Purse {
    const { atMs, runningCostPerHour } = tick
    const isSame = known?.startMs === period.startMs
    const open = isSame ? known : openPurse(period, known ? period.startMs : atMs)
    if (lastMs === null || reactiveDemand.length === 0) return open
    const lastedMs = atMs - Math.max(lastMs, open.openedMs)
    if (lastedMs <= 0) return open
    const hours = lastedMs / HOUR_MS
    return payFrom(open, period, profile!, {
      atMs,
      lastedMs,
      cost: runningCostPerHour * hours,
      reactiveDemand,
    })
  }

  return {
    before(tick) {
      const { amounts, reactiveShare, tolerance, dayMs, weekDays, tickMs } = settings()
      const { atMs, minimumCostPerHour } = tick
      const isSameGrid =
        profile?.partMs === dayMs / PARTS_A_DAY && profile.parts.length === PARTS_A_DAY * weekDays
      profile = isSameGrid ? profile! : openProfile({ dayMs, weekDays, partsADay: PARTS_A_DAY })
      const names = PERIODS.filter((name) => amounts[name] !== undefined)
      last = names.map((name) => {
        const period = { ...periodAt(name, atMs, dayMs), amount: amounts[name]! }
        const purse = purseAt(period, purses[name], tick)
        const given = { period, purse, profile: profile!, atMs, tickMs, tolerance }
        const paced = pace({ ...given, minimumCostPerHour, reactiveShare })
        return { name, period, paced, atMs }
      })
      purses = Object.fromEntries(last.map(({ name, paced }) => [name, paced.purse]))
      lastMs = atMs
      return last.length === 0 ? undefined : tightest(last.map(({ paced }) => paced))
    },
    after({ atMs, demand }) {
      reactiveDemand = Array.from(demand.reactive)
      if (profile) learnDemand(profile, demand, { atMs, lastedMs: settings().tickMs })
    },
    state: () => ({ purses: { ...purses }, lastMs, reactiveDemand }),
    profile: () => profile,
    view: () => last.map(viewOf),
  }
}

function viewOf({ name, period, paced, atMs }: Last): PacedPeriodView {
  const { purse, directive, reserve } = paced
  const amount = amountOf(period, purse)
  return {
    period: name,
    startMs: period.startMs,
    endMs: period.endMs,
    openedMs: purse.openedMs,
    atMs,
    amount: period.amount,
    available: amount,
    spent: purse.spent,
    left: amount - purse.spent,
    reserve,
    price: directive.price,
    reactivePrice: directive.reactivePrice,
    expectedSpend: purse.foreseen && purse.spent + purse.foreseen.paced,
    unpacedSpend: purse.foreseen && purse.spent + purse.foreseen.unpaced,
    isExhausted: purse.spent >= amount,
  }
}
