/**
 * The ledger as the simulation's database keeps it: the contract of services/ledger/ledger.ts in memory, as far as a
 * running controller uses it. Every method is one transaction, carried out at one instant.
 */

import type { LeaseStore } from '../../services/leader/lease.ts'
import type { DemandDay } from '../../services/ledger/alerts-ledger.ts'
import type { Ledger } from '../../services/ledger/ledger.ts'
import { modelTables } from './ledger-models.ts'
import { emptyTables, type Tables } from './ledger-tables.ts'

export interface LedgerBook {
  /** Methods that a controller never calls are errors. */
  readonly ledger: Ledger
  tables: Tables
}

const keyOf = ({ service, dayMs, startMs }: DemandDay) => `${service} ${dayMs} ${startMs}`

export function createLedgerBook(epoch: string): LedgerBook {
  const book = { tables: emptyTables() }
  const part = {
    epoch,
    lease: leaseRow(book),
    health: undefined,
    ...tickTables(book),
    ...restTables(book),
    ...modelTables(book),
  }
  const ledger = new Proxy<object>(part, {
    get: (known, name) =>
      name in known || name === 'health'
        ? Reflect.get(known, name)
        : () => Promise.reject(new Error(`ledger.${String(name)} is not simulated`)),
  })
  return Object.assign(book, { ledger: ledger as Ledger })
}

function tickTables(book: { tables: Tables }) {
  return {
    async openTick(tick, decisions) {
      const { ticks, decided, pending, decisions: all } = book.tables
      if (ticks.has(tick.tick) || decisions.some(({ id }) => all.has(id)))
        throw new Error(`tick ${tick.tick} is there already; nothing of it was written`)
      ticks.set(tick.tick, tick)
      book.tables.newestTick = Math.max(book.tables.newestTick, tick.tick)
      decided.set(
        tick.tick,
        decisions.map(({ id }) => id),
      )
      for (const { settlement = 'pending', ...decision } of decisions) {
        const settledAtMs = settlement === 'pending' ? null : decision.atMs
        all.set(decision.id, { ...decision, settlement, settledAtMs, detail: null })
        if (settlement === 'pending') pending.add(decision.id)
      }
    },
    async settle(rows) {
      const { decisions, pending } = book.tables
      for (const { id, settlement, atMs, detail } of rows) {
        const decision = decisions.get(id)
        if (!decision) continue
        decisions.set(id, { ...decision, settlement, settledAtMs: atMs, detail: detail ?? null })
        if (settlement === 'pending') pending.add(id)
        else pending.delete(id)
      }
    },
    lastTick: async () => book.tables.ticks.get(book.tables.newestTick),
    tick: async (n) => book.tables.ticks.get(n),
    decision: async (id) => book.tables.decisions.get(id),
    async decisionsOfTick(n) {
      return (book.tables.decided.get(n) ?? []).map((id) => book.tables.decisions.get(id)!)
    },
    async pendingDecisions() {
      const { decisions, pending } = book.tables
      return [...pending].map((id) => decisions.get(id)!)
    },
    async prune(beforeMs) {
      const { ticks, decided, decisions, pending, checkpoints } = book.tables
      for (const [n, { atMs }] of ticks) {
        // the newest tick is where everybody goes on from; a store that drops it has lost the books
        if (atMs >= beforeMs || n === book.tables.newestTick) continue
        for (const id of decided.get(n)!) {
          decisions.delete(id)
          pending.delete(id)
        }
        decided.delete(n)
        ticks.delete(n)
      }
      const needed = new Set([...ticks.values()].map((tick) => `specs:${tick.configHash}`))
      for (const key of checkpoints.keys())
        if (key.startsWith('specs:') && !needed.has(key)) checkpoints.delete(key)
    },
  } satisfies Partial<Ledger>
}

function leaseRow(book: { tables: Tables }): LeaseStore {
  return {
    read: async () => book.tables.lease,
    async swap(expected, next) {
      const row = book.tables.lease
      if (row?.token !== expected?.token || row?.renewals !== expected?.renewals) return false
      book.tables.lease = next
      return true
    },
  }
}

function restTables(book: { tables: Tables }) {
  return {
    async saveOutcomes(rows) {
      book.tables.outcomes += rows.length
    },
    async checkpoint(key, value) {
      book.tables.checkpoints.set(key, JSON.stringify(value))
    },
    async restore(key) {
      const text = book.tables.checkpoints.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    async putSetting(setting) {
      book.tables.settings.push(setting)
    },
    async settings() {
      const newest = new Map(book.tables.settings.map((row) => [row.key, row]))
      return [...newest.values()]
    },
    async saveAlerts(alerts, deliveries) {
      for (const alert of alerts) book.tables.alerts.set(alert.id, alert)
      for (const one of deliveries)
        if (!book.tables.deliveries.has(one.id)) book.tables.deliveries.set(one.id, one)
      for (const { id, closedAtMs } of alerts)
        if (closedAtMs !== null) book.tables.alerts.delete(id)
    },
    openAlerts: async () => [...book.tables.alerts.values()],
    async dueDeliveries(nowMs, limit) {
      const due = [...book.tables.deliveries.values()].filter(
        ({ nextAtMs }) => nextAtMs !== null && nextAtMs <= nowMs,
      )
      return due.slice(0, limit)
    },
    async settleDelivery({ id, ...outcome }) {
      const delivery = book.tables.deliveries.get(id)
      if (!delivery) return
      if (outcome.nextAtMs === null) book.tables.deliveries.delete(id)
      else book.tables.deliveries.set(id, { ...delivery, ...outcome })
    },
    async saveDemandDays(rows, dropBeforeMs) {
      const { days } = book.tables
      for (const row of rows) days.set(keyOf(row), row)
      for (const [key, row] of days)
        if (row.dayMs === rows[0]?.dayMs && row.startMs < dropBeforeMs) days.delete(key)
    },
    async demandDays({ dayMs, fromMs, services }) {
      const rows = [...book.tables.days.values()].filter(
        (row) => row.dayMs === dayMs && row.startMs >= fromMs && services.includes(row.service),
      )
      return rows.sort((a, b) =>
        a.service === b.service ? a.startMs - b.startMs : a.service < b.service ? -1 : 1,
      )
    },
    async lastDemandDays(dayMs) {
      const last = new Map<string, number>()
      for (const { service, startMs, dayMs: length } of book.tables.days.values())
        if (length === dayMs) last.set(service, Math.max(startMs, last.get(service) ?? 0))
      return last
    },
    async savePolicy(row, document) {
      const { policies } = book.tables
      if (!policies.has(row.version)) policies.set(row.version, { row, document })
      return policies.get(row.version)!.row
    },
    policy: async (version) => book.tables.policies.get(version)?.row,
    policyDocument: async (version) => book.tables.policies.get(version)?.document,
    rollouts: async () => ({ items: [], next: undefined }),
    policies: async () => ({ items: [], next: undefined }),
    close: async () => {},
  } satisfies Partial<Ledger>
}
