/** An order that got no answer comes late, or not at all: what a tick makes of it before it spends the money elsewhere. */
import { beforeEach, describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import type { Decision, Settlement } from '../../coordinator/decision.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { Actuator, ScaleOrder, ScaleResult } from '../actuators/actuator.ts'
import { decreasesFirst } from '../actuators/decreases-first.ts'
import { applyDecisions, withheldAfter } from './apply.ts'
import { decide } from './decide.ts'
import type { Unanswered } from './unanswered.ts'

type Recorded = Decision & { readonly settlement: Settlement }
type Counts = Readonly<Record<string, number>>

/** Of a budget of 6 replicas. */
const spec = ServiceSpec.parse({ pricePerReplicaHour: 1, maxReplicas: 6 })
const BUDGET = 6
const TICK_MS = 60_000

/** Counts at the target, changed only by who looked at its newest version; what it is told may be lost on the way. */
let counts: Record<string, number>
let versions: Record<string, number>
let seen: Record<string, number>
let orders: string[]
let lost: Map<string, () => void>
let refused: Set<string>

function carryOut({ service, to }: ScaleOrder, version: number): ScaleResult['outcome'] {
  if (refused.has(service) || version !== versions[service]) return 'failed'
  versions[service]!++
  counts[service] = to
  return 'applied'
}

/** Answers nothing for services in `silent`: what it was told waits in `lost`. */
const actuatorOf = (silent: readonly string[]): Actuator => ({
  observe: async () => new Map(),
  apply: (some) =>
    decreasesFirst(some, {
      async send(order) {
        const { service, from, to, decisionId } = order
        orders.push(`${service} ${from}>${to}`)
        const version = seen[service]!
        if (!silent.includes(service))
          return { decisionId, service, outcome: carryOut(order, version) }
        lost.set(service, () => void carryOut(order, version))
        return { decisionId, service, outcome: 'failed', isUnanswered: true }
      },
      released: async () => true,
      atOnce: 1,
      releaseLimitMs: 1000,
    }),
  close: async () => {},
})

beforeEach(() => {
  counts = { a: 2, b: 4 }
  versions = { a: 1, b: 1 }
  seen = {}
  orders = []
  lost = new Map()
  refused = new Set()
})

interface Tick {
  readonly to: Counts
  readonly silent?: readonly string[]
  readonly unanswered?: Unanswered
  readonly mode?: 'off' | 'enforce'
  readonly paused?: boolean
  /** Since it was judged. */
  readonly oldMs?: number
}

async function tick({
  to,
  silent = [],
  unanswered,
  mode = 'enforce',
  paused = false,
  oldMs = 0,
}: Tick) {
  seen = { ...versions }
  const services = Object.entries(counts).map(([service, requested]) => ({
    ...{ spec, mode, memory: undefined },
    observation: {
      ...({ service, nowMs: 0, loadRps: 10, freshness: 'fresh', drifting: false } as const),
      replicas: { requested, ready: requested, starting: 0, terminating: 0 },
      ...{ leadTimeMs: 1000, capacityPerReplica: 10, saturationPerReplica: 12, demand: undefined },
    },
  }))
  const input: TickInput = { tick: 1, atMs: 0, costBudgetPerHour: BUDGET, services }
  const decisions = decide(input, `${orders.length}`).decisions.map((decision): Recorded => {
    const wanted = to[decision.service]!
    const same = mode === 'enforce' ? 'unchanged' : 'not-enforced'
    return { ...decision, to: wanted, settlement: wanted === decision.from ? same : 'pending' }
  })
  return applyDecisions({
    ...{ actuator: actuatorOf(silent), decisions, input, nowMs: () => 0 },
    withheld: () => withheldAfter(oldMs, TICK_MS, paused),
    ...(unanswered ? { unanswered } : {}),
  })
}

/** `b` gave up two, and `a` was to have one of them, but that order is on its way still. */
async function lateIncrease(): Promise<Unanswered> {
  const { settled, unanswered } = await tick({ to: { a: 3, b: 2 }, silent: ['a'] })
  expect(settled.map(({ settlement }) => settlement)).toEqual(['failed', 'applied'])
  expect(unanswered).toEqual(new Map([['a', { from: 2, to: 3 }]]))
  orders = []
  return unanswered
}

const paid = () => Object.values(counts).reduce((sum, count) => sum + count, 0)

describe('an order without an answer', () => {
  it('is refused when it comes, as what stands was ordered once more before its money went elsewhere', async () => {
    const unanswered = await lateIncrease()
    const next = await tick({ to: { a: 2, b: 4 }, unanswered })
    expect(orders).toEqual(['a 2>2', 'b 2>4'])
    expect(next).toMatchObject({ settled: [{ settlement: 'applied' }], unanswered: new Map() })
    lost.get('a')!()
    expect(counts).toEqual({ a: 2, b: 4 })
  })

  it('that cannot be made void keeps its money: increases that leave none wait, decreases do not', async () => {
    const unanswered = await lateIncrease()
    const late = lost.get('a')!
    const next = await tick({ to: { a: 2, b: 4 }, unanswered, silent: ['a'] })
    expect(orders).toEqual(['a 2>2'])
    expect(next.settled).toMatchObject([
      { settlement: 'failed', detail: expect.stringContaining('no answer') },
    ])
    late()
    expect(paid()).toBeLessThanOrEqual(BUDGET)

    const after = await tick({ to: { a: 3, b: 1 }, unanswered: next.unanswered })
    expect(after.settled).toMatchObject([{ settlement: 'applied' }])
    expect(after.unanswered.size).toBe(0)
  })

  it('leaves increases alone that the budget carries beside it', async () => {
    const unanswered = await lateIncrease()
    await tick({ to: { a: 2, b: 3 }, unanswered, silent: ['a'] })
    expect(counts).toEqual({ a: 2, b: 3 })
    lost.get('a')!()
    expect(paid()).toBeLessThanOrEqual(BUDGET)
  })

  it('is waited for no longer once its target refuses, else one that takes no orders would stop all others', async () => {
    const unanswered = await lateIncrease()
    refused.add('a')
    const next = await tick({ to: { a: 2, b: 4 }, unanswered })
    expect(next).toMatchObject({ settled: [{ settlement: 'failed' }], unanswered: new Map() })
    await tick({ to: { a: 2, b: 4 }, unanswered: next.unanswered })
    expect(counts).toEqual({ a: 2, b: 4 })
  })

  it('is over where the target has changed, or is not ours to change any more', async () => {
    const unanswered = await lateIncrease()
    expect((await tick({ to: counts, unanswered, mode: 'off' })).unanswered.size).toBe(0)
    lost.get('a')!()
    expect((await tick({ to: counts, unanswered })).unanswered.size).toBe(0)
    expect(orders).toEqual([])
  })

  it('stays open in a pause, in which nothing is ordered', async () => {
    const unanswered = await lateIncrease()
    const next = await tick({ to: { a: 2, b: 4 }, unanswered, paused: true })
    expect(orders).toEqual([])
    expect(next).toMatchObject({ settled: [{ settlement: 'not-enforced' }], unanswered })
  })
})

describe('a process that stood still between a judgement and its effects', () => {
  it('drops what is older than two ticks, and says so', async () => {
    const to = { a: 1, b: 5 }
    const { settled } = await tick({ to, oldMs: 2 * TICK_MS + 1 })
    expect(orders).toEqual([])
    const dropped = { settlement: 'dropped', detail: '120 s old before it could be sent' }
    expect(settled).toMatchObject([dropped, dropped])
  })

  it('sends what is not', async () => {
    const { settled } = await tick({ to: { a: 1, b: 5 }, oldMs: 2 * TICK_MS })
    expect(settled).toMatchObject([{ settlement: 'applied' }, { settlement: 'applied' }])
  })
})
