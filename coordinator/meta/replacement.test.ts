/** A change of tier in a small world: never less ready capacity than before, never over the budget, never at another's cost. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentMemory } from '../../agents/agent.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { decideTick } from '../tick.ts'
import type { ServiceInput } from '../tick-input.ts'
import { type Beside, memoryOn, type Replacement, replicasBeside, stepOf } from './replacement.ts'
import { asMany, offersFor, specOn, type TierOffer } from './tiers.ts'

const TICK_MS = 30_000

const world = fc.record({
  loads: fc.array(fc.double({ min: 5, max: 120, noNaN: true }), { minLength: 12, maxLength: 30 }),
  /** Of the other service under the same budget. */
  others: fc.array(fc.double({ min: 5, max: 120, noNaN: true }), { minLength: 30, maxLength: 30 }),
  sizes: fc.tuple(fc.constantFrom(0.5, 1, 3), fc.constantFrom(0.3, 1.7, 4)),
  budget: fc.constantFrom(2.5, 4, 8),
  startupTicks: fc.integer({ min: 1, max: 4 }),
  beginAt: fc.integer({ min: 1, max: 5 }),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

interface Seen {
  readonly readyCapacity: number
  readonly spend: number
  readonly feasible: boolean
  readonly other: number
  readonly step: string | undefined
}

/** The change begins at a tick, or never: then it is the world that it is compared with. */
function live(
  { loads, others, sizes, budget, startupTicks, beginAt }: World,
  changes: boolean,
): Seen[] {
  const declared = ServiceSpec.parse({
    ...{ maxReplicas: 60, policy: 'reactive', tier: 'a', tiers: { a: {}, b: {} } },
    behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
  })
  const [a, b] = offersFor(declared, {
    a: { size: sizes[0], pricePerReplicaHour: sizes[0] * 0.1 },
    b: { size: sizes[1], pricePerReplicaHour: sizes[1] * 0.09 },
  }) as [TierOffer, TierOffer]
  let own = a
  let replicas = [asMany(60, 10, a.capacityPerReplica), 6]
  let memories: (AgentMemory | undefined)[] = [undefined, undefined]
  let replacement: Replacement | undefined
  let beside: (Beside & { readyAt: number }) | undefined
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a whole small world, told in its order
  return loads.map((load, tick): Seen => {
    const nowMs = (tick + 1) * TICK_MS
    if (beside && tick >= beside.readyAt)
      beside = { ...beside, ready: beside.ready + beside.starting, starting: 0 }
    if (changes && tick === beginAt) {
      const [requested] = replicas as [number]
      const needed = replicasBeside({ from: a, to: b, requested, ready: requested })
      replacement = { to: 'b', beganMs: nowMs, replicas: needed }
    }
    const specs = [specOn(declared, own), { ...specOn(declared, a), weight: 0.5 }]
    const besidePrice = replacement ? replacement.replicas * b.pricePerReplicaHour : 0
    const services = specs.map((spec, i): ServiceInput => {
      const requested = replicas[i]!
      return {
        ...{ spec, mode: 'enforce', memory: memories[i] },
        ...(i === 0 && besidePrice > 0 ? { replacementPerHour: besidePrice } : {}),
        observation: {
          ...{ service: `s${i}`, nowMs, freshness: 'fresh', drifting: false, demand: undefined },
          loadRps: i === 0 ? load : others[tick]!,
          replicas: { requested, ready: requested, starting: 0, terminating: 0 },
          leadTimeMs: TICK_MS,
          capacityPerReplica: spec.capacityPerReplica,
          saturationPerReplica: 1.25 * spec.capacityPerReplica,
        },
      }
    })
    const output = decideTick({ tick, atMs: nowMs, costBudgetPerHour: budget, services })
    const before = replicas[0]! * own.capacityPerReplica
    replicas = output.grants.map(({ to }) => to)
    memories = [...output.memories]
    const scaled = Math.min(before, replicas[0]! * own.capacityPerReplica)
    let step: string | undefined
    if (replacement) {
      const found = stepOf({
        ...{ replacement, from: own, to: b, beside, nowMs, mostMs: 20 * TICK_MS },
        ...{ requested: replicas[0]!, ready: replicas[0]! },
        isPaid: output.grants[0]!.replacementPaid!,
      })
      step = found.kind
      if (found.kind === 'prepare') {
        const more = found.replicas - (beside ? beside.ready + beside.starting : 0)
        if (more > 0)
          beside = {
            ...{ tier: 'b', ready: beside?.ready ?? 0 },
            ...{ starting: (beside?.starting ?? 0) + more, readyAt: tick + startupTicks },
          }
        replacement = { ...replacement, replicas: found.replicas }
      } else {
        if (found.kind === 'take-over') {
          memories[0] = memories[0] && memoryOn(memories[0], own, b)
          replicas[0] = found.replicas
          own = b
        }
        replacement = undefined
        beside = undefined
      }
    }
    const readyCapacity = replicas[0]! * own.capacityPerReplica
    // a step of the change never takes capacity: what fell, fell by the service's own scaling
    expect(readyCapacity).toBeGreaterThanOrEqual(scaled - 1e-9)
    const { spendPerHour: spend, feasible } = output
    return { readyCapacity, spend, feasible, other: replicas[1]!, step }
  })
}

describe('a change of tier', () => {
  it('leaves no less capacity ready, keeps the budget while both run, and takes nothing from another service', () => {
    let taken = 0
    fc.assert(
      fc.property(world, (given) => {
        const without = live(given, false)
        let isOver = false
        live(given, true).forEach((seen, tick) => {
          if (seen.feasible) expect(seen.spend).toBeLessThanOrEqual(given.budget + 1e-9)
          // afterwards the service itself is another one, with other needs
          if (!isOver) expect(seen.other).toBe(without[tick]!.other)
          isOver ||= seen.step === 'take-over'
        })
        if (isOver) taken++
      }),
      { numRuns: 300 },
    )
    // and many of them come about
    expect(taken).toBeGreaterThan(100)
  })
  it('is given up when the money goes to reactive need, when it is late, and when the tier cannot carry it', () => {
    const given = {
      replacement: { to: 'b', beganMs: 0, replicas: 2 },
      ...{ from: { capacityPerReplica: 10 }, requested: 4, ready: 4, beside: undefined },
      to: { capacityPerReplica: 20, minReplicas: 1, maxReplicas: 5 },
      ...{ isPaid: true, nowMs: 10, mostMs: 100 },
    }
    expect(stepOf(given)).toEqual({ kind: 'prepare', replicas: 2 })
    expect(stepOf({ ...given, isPaid: false })).toEqual({ kind: 'give-up', why: 'budget' })
    expect(stepOf({ ...given, nowMs: 101 })).toEqual({ kind: 'give-up', why: 'late' })
    expect(stepOf({ ...given, requested: 11 })).toEqual({ kind: 'give-up', why: 'bounds' })
    const beside = { tier: 'b', ready: 2, starting: 0 }
    expect(stepOf({ ...given, beside })).toEqual({ kind: 'take-over', replicas: 2 })
    // grown meanwhile: more are prepared, none of those there are let go
    expect(stepOf({ ...given, beside, requested: 5 })).toEqual({ kind: 'prepare', replicas: 3 })
    expect(stepOf({ ...given, requested: 1 })).toEqual({ kind: 'prepare', replicas: 2 })
  })
})
