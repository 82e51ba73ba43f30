/**
 * Planted bugs, each a mistake that this kind of program is known for. They sit at the ports, around the product's code and
 * never in it. A simulation that does not find them would not find their like.
 */
import type { Actuator, ScaleOrder } from '../../services/actuators/actuator.ts'
import type { RunningClock } from '../../services/clock.ts'
import type { AppConfig } from '../../services/config.ts'
import type { Ledger } from '../../services/ledger/ledger.ts'
import type { SampleStore } from '../../services/stores/sample-store.ts'
import type { FaultKind } from './faults.ts'
import type { Order } from './platform.ts'
import { wrap } from './wrap.ts'

export interface Mutant {
  readonly name: string
  /** Needs several controllers to show. */
  readonly controllers?: number
  /** Found soonest by runs of these faults alone. */
  readonly kinds?: readonly FaultKind[]
  /** A write is acknowledged before a power cut could no longer undo it. */
  readonly skipsFsync?: boolean
  /** A tick's row is written first, its decisions a moment later. */
  readonly tearsTransactions?: boolean
  /** The ledger takes writes of a deposed leader. */
  readonly ignoresFence?: boolean
  /** The target does not know an order that it has carried out already. */
  readonly forgetsOrders?: boolean
  config?(config: AppConfig): AppConfig
  clock?(clock: RunningClock): RunningClock
  /** What leases are timed by. */
  leaseMs?(clock: RunningClock): () => number
  ledger?(ledger: Ledger, clock: RunningClock): Ledger
  store?(store: SampleStore): SampleStore
  actuator?(actuator: Actuator): Actuator
  order?(order: Order, from: number): Order
}

type Specs = AppConfig['services']
const withSpecs =
  (change: (spec: Specs[string]) => Partial<Specs[string]>) => (config: AppConfig) => ({
    ...config,
    services: Object.fromEntries(
      Object.entries(config.services).map(([name, spec]) => [name, { ...spec, ...change(spec) }]),
    ),
  })

const LATE_WRITE_MS = 3000
const UNLIMITED = [{ type: 'Pods' as const, value: 10_000, periodSeconds: 15 }]

export const MUTANTS: readonly Mutant[] = [
  { name: 'fsync skipped', skipsFsync: true },
  { name: 'transaction torn', tearsTransactions: true },
  {
    name: 'effect before its record',
    ledger: (ledger, clock) =>
      wrap(ledger, 'openTick', (openTick) => async (...args) => {
        clock.after(LATE_WRITE_MS, () => void openTick(...args).catch(() => {}))
      }),
  },
  {
    name: 'settled before it is applied',
    actuator: (actuator) =>
      wrap(actuator, 'apply', (apply) => async (orders) => {
        void apply(orders).catch(() => {})
        return orders.map(applied)
      }),
  },
  {
    name: 'refusal taken for success',
    kinds: ['refused', 'rival'],
    actuator: (actuator) =>
      wrap(actuator, 'apply', (apply) => async (orders) => {
        await apply(orders)
        return orders.map(applied)
      }),
  },
  {
    name: 'pending decisions forgotten after a crash',
    kinds: ['crash'],
    ledger: (ledger) => wrap(ledger, 'pendingDecisions', () => async () => []),
  },
  {
    name: 'recovery applies again what was applied',
    kinds: ['crash'],
    forgetsOrders: true,
    actuator: (actuator) =>
      wrap(actuator, 'observe', (observe) => async () => {
        const seen = await observe()
        return new Map(
          [...seen].map(([name, row]) => [name, { ...row, lastDecisionId: undefined }]),
        )
      }),
  },
  {
    name: 'recovery carries out decisions of any age',
    kinds: ['crash'],
    ledger: (ledger, clock) =>
      wrap(ledger, 'pendingDecisions', (pendingDecisions) => async () => {
        const rows = await pendingDecisions()
        return rows.map((row) => ({ ...row, atMs: clock.nowMs() }))
      }),
  },
  {
    name: 'orders are increments',
    kinds: ['bad-link', 'late-requests'],
    forgetsOrders: true,
    order: (order, from) => ({ ...order, by: order.to - from, version: undefined }),
  },
  {
    name: 'repeated orders are carried out again',
    kinds: ['bad-link', 'late-requests'],
    forgetsOrders: true,
    order: (order) => ({ ...order, version: undefined }),
  },
  {
    name: 'compare-and-set dropped',
    kinds: ['rival', 'late-requests'],
    order: (order) => ({ ...order, version: undefined }),
  },
  {
    name: 'fencing token ignored by the target',
    kinds: ['late-requests', 'freeze', 'partition'],
    controllers: 2,
    order: (order) => ({ ...order, token: undefined, version: undefined }),
  },
  {
    name: 'fencing token ignored by the ledger',
    kinds: ['late-requests', 'freeze', 'partition'],
    controllers: 2,
    ignoresFence: true,
  },
  {
    name: 'lease timed by the wall clock',
    kinds: ['moved', 'clock-jump', 'partition', 'freeze'],
    controllers: 2,
    leaseMs: (clock) => clock.nowMs,
  },
  { name: 'timers by the wall clock', kinds: ['clock-jump'], clock: byWallClock },
  {
    name: 'NaN taken for 0',
    kinds: ['lie'],
    store: (store) =>
      wrap(store, 'grid', (grid) => async (query) => {
        const cells = await grid(query)
        return cells.map((cell) => (Number.isNaN(cell) ? 0 : cell))
      }),
  },
  { name: 'stale data taken for fresh', kinds: ['lie'], store: rememberingStore },
  { name: 'minimum ignored', config: withSpecs(() => ({ minReplicas: 0 })) },
  { name: 'maximum ignored', config: withSpecs((spec) => ({ maxReplicas: 3 * spec.maxReplicas })) },
  {
    name: 'scaling policies ignored',
    config: withSpecs(({ behavior }) => ({
      behavior: {
        scaleUp: { ...behavior.scaleUp, policies: UNLIMITED },
        scaleDown: { ...behavior.scaleDown, policies: UNLIMITED },
      },
    })),
  },
  {
    name: 'budget counts ready replicas only',
    actuator: (actuator) =>
      wrap(actuator, 'observe', (observe) => async () => {
        const seen = await observe()
        const readyOnly = [...seen].map(
          ([name, row]) =>
            [name, { ...row, requested: row.ready, starting: 0, terminating: 0 }] as const,
        )
        return new Map(readyOnly)
      }),
  },
  {
    name: 'pause not kept',
    kinds: ['pause', 'crash'],
    ledger: (ledger) => wrap(ledger, 'putSetting', () => async () => {}),
  },
]

const applied = ({ decisionId, service }: ScaleOrder) => ({
  ...{ decisionId, service },
  outcome: 'applied' as const,
})

/** Waits for an instant of the wall clock, however it is set meanwhile. */
function byWallClock(clock: RunningClock): RunningClock {
  const CHECK_MS = 1000
  return {
    ...clock,
    monotonicMs: clock.nowMs,
    after(delayMs, work) {
      const dueMs = clock.nowMs() + delayMs
      let cancel: () => void = () => {}
      const check = (): void => {
        const leftMs = dueMs - clock.nowMs()
        if (leftMs <= 0) work()
        else cancel = clock.after(Math.max(CHECK_MS, leftMs / 2), check)
      }
      cancel = clock.after(Math.min(delayMs, Math.max(CHECK_MS, delayMs / 2)), check)
      return () => cancel()
    },
  }
}

/** A cache in front of the store: where nothing was measured it says what it said last. */
function rememberingStore(store: SampleStore): SampleStore {
  const last = new Map<string, number>()
  return wrap(store, 'grid', (grid) => async (query) => {
    const cells = await grid(query)
    const steps = cells.length / query.services.length
    return cells.map((cell, at) => {
      const key = `${query.metric} ${query.services[Math.floor(at / steps)]}`
      if (!Number.isNaN(cell)) last.set(key, cell)
      return last.get(key) ?? cell
    })
  })
}
