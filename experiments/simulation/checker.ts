/** All that is watched in a run: each guarantee says what it saw broken, and when. */
import type { StoredDecision, TickRecord } from '../../services/ledger/ledger.ts'
import { createDecisionChecks } from './check-decisions.ts'
import { createEffectChecks } from './check-effects.ts'
import type { Knobs } from './knobs.ts'
import type { LedgerBook } from './ledger-book.ts'
import type { Effect, Platform } from './platform.ts'

export const GUARANTEES = {
  bounds: 'G1 min ≤ applied ≤ max',
  ramp: 'G1 no step beyond the scaling policies',
  budget: 'G2 what is paid for stays within the budget',
  harm: 'G3 no less than reactive control alone would get',
  blind: 'G4 no data, no shrink',
  record: 'G5 every effect has one durable decision, written before it',
  twice: 'G5 nothing is applied twice',
  lost: 'G5 what was acknowledged is not lost',
  expired: 'G5 nothing is carried out long after it was decided',
  deposed: 'G6 nothing of a deposed leader after a newer one',
  lease: 'G6 one leads at a time, and the lease is a register',
  staleness: 'G7 stale data is said to be stale',
  recovery: 'G8 normal again soon after the faults end',
  pause: 'G9 a pause stops writes within a tick',
  books: 'the books say what happened',
} as const
export type Guarantee = keyof typeof GUARANTEES

export interface Violation {
  readonly guarantee: Guarantee
  readonly atMs: number
  readonly what: string
}

export interface CheckDeps {
  readonly knobs: Knobs
  readonly platform: Platform
  readonly ledgerBook: LedgerBook
  readonly nowMs: () => number
}

export interface Watch extends CheckDeps {
  broken(guarantee: Guarantee, what: string): void
  /** Operators' doings and foreign hands, for what they excuse. */
  readonly told: Told
}

export interface Told {
  /** Since when writes are paused; undefined: they are not. */
  pausedSinceMs: number | undefined
  /** When somebody else last changed a target or what may be spent. */
  foreignMs: number
  /** When each decision became durable. */
  readonly recordedMs: Map<string, number>
  /** Ticks that a controller was told are durable. */
  readonly acknowledged: Set<number>
  /** Time of the newest load of each service that the store took. */
  readonly newestLoadMs: Map<string, number>
  hasData: boolean
  /** Decisions that are pending. */
  readonly unsettled: Set<string>
  lastTickMs: number
  /** How long increases of a tick waited for what its decreases let go; Infinity: until now. */
  readonly waits: { readonly fromMs: number; toMs: number }[]
}

export interface Checker {
  readonly told: Told
  effect(effect: Effect): void
  /** A tick was written. */
  recorded(token?: number): void
  /** Decisions were settled. */
  settled(): void
  /** What the ledger acknowledged lately must be in it. */
  remembered(): void
  broken(guarantee: Guarantee, what: string): void
  violations(): readonly Violation[]
  /** Service-ticks seen. */
  serviceTicks(): number
  ticks(): number
}

export interface Recorded {
  readonly tick: TickRecord
  readonly decisions: readonly StoredDecision[]
}

const MOST_KEPT = 20

export function createChecker(deps: CheckDeps): Checker {
  const violations: Violation[] = []
  const told: Told = {
    pausedSinceMs: undefined,
    foreignMs: Number.NEGATIVE_INFINITY,
    recordedMs: new Map(),
    acknowledged: new Set(),
    newestLoadMs: new Map(),
    hasData: false,
    unsettled: new Set(),
    lastTickMs: deps.nowMs(),
    waits: [],
  }
  const broken = (guarantee: Guarantee, what: string): void => {
    if (violations.length < MOST_KEPT) violations.push({ guarantee, atMs: deps.nowMs(), what })
  }
  const watch: Watch = { ...deps, broken, told }
  const effects = createEffectChecks(watch)
  const decisions = createDecisionChecks(watch)
  let newestToken = 0
  let serviceTicks = 0
  let ticks = 0
  return {
    told,
    broken,
    effect: effects.effect,
    recorded(token) {
      const { tables } = deps.ledgerBook
      const tick = tables.ticks.get(tables.newestTick)!
      const rows = (tables.decided.get(tick.tick) ?? []).map((id) => tables.decisions.get(id)!)
      for (const { id } of rows) told.recordedMs.set(id, deps.nowMs())
      ticks++
      told.lastTickMs = deps.nowMs()
      if (rows.length !== deps.knobs.services.length)
        broken('books', `tick ${tick.tick} has ${rows.length} decisions`)
      if (token !== undefined && token < newestToken)
        broken('deposed', `tick ${tick.tick} under token ${token}, after one under ${newestToken}`)
      newestToken = Math.max(newestToken, token ?? 0)
      serviceTicks += rows.length
      decisions.recorded({ tick, decisions: rows })
      effects.recorded({ tick, decisions: rows })
    },
    remembered() {
      const { tables } = deps.ledgerBook
      for (const n of [...told.acknowledged].slice(-5))
        if (!tables.ticks.has(n)) broken('lost', `tick ${n} was acknowledged, and is gone`)
    },
    settled: effects.settled,
    violations: () => violations,
    serviceTicks: () => serviceTicks,
    ticks: () => ticks,
  }
}
