/**
 * Forecasters that are wrong on purpose, in place of the model, over six hours of noisy days of three services under a
 * budget that binds: bounds and budget hold, and nobody has more violations than reactive control alone would have.
 * Replicas serve at once here, so that nothing but the decisions is compared. RELIABILITY's list of adversaries.
 */
import { afterAll, describe, expect, it } from 'vitest'
import type { AgentMemory } from '../../agents/agent.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { ServiceInput } from '../../coordinator/tick-input.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { seededRandom } from '../../forecaster/random.ts'
import { sound } from './observe.ts'

const TICK_MS = 15_000
const TICKS = (6 * 3600 * 1000) / TICK_MS
const DAY_TICKS = TICKS / 2
const LOAD_MOST = 400
const CAPACITY = 10
const BUDGET_PER_HOUR = 8

const specs = [3, 1, 1].map((weight) =>
  ServiceSpec.parse({
    weight,
    maxReplicas: 60,
    capacityPerReplica: CAPACITY,
    pricePerReplicaHour: 0.1,
  }),
)

/** A wave a day, noise, and now and then a burst. */
function loadsOf(seed: number): Float64Array[] {
  const random = seededRandom(seed)
  return specs.map((_, i) =>
    Float64Array.from({ length: TICKS + 10 }, (_value, k) => {
      const wave = 0.5 + 0.35 * Math.sin((2 * Math.PI * k) / DAY_TICKS + i)
      const burst = k % 397 < 8 ? 1.8 : 1
      return Math.min(LOAD_MOST, LOAD_MOST * 0.6 * wave * burst * (0.9 + 0.2 * random()))
    }),
  )
}

type Forecaster = (loads: Float64Array, k: number, random: () => number) => number
const FORECASTERS: Readonly<Record<string, Forecaster>> = {
  zero: () => 0,
  infinite: () => Number.POSITIVE_INFINITY,
  enormous: () => 1e12,
  'not a number': () => Number.NaN,
  'NaN every 7th tick': (loads, k) => (k % 7 === 0 ? Number.NaN : loads[k + 2]!),
  negative: () => -50,
  inverted: (loads, k) => LOAD_MOST - loads[k + 2]!,
  'a day late': (loads, k) => loads[Math.max(0, k - DAY_TICKS)]!,
  random: (_loads, _k, random) => LOAD_MOST * random(),
}

interface Run {
  readonly violations: readonly number[]
  readonly overBudget: number
  readonly outOfBounds: number
}

function run(loads: readonly Float64Array[], forecaster: Forecaster | undefined): Run {
  const random = seededRandom(7)
  const violations = specs.map(() => 0)
  let replicas = specs.map(() => 12)
  let memories: (AgentMemory | undefined)[] = specs.map(() => undefined)
  let [overBudget, outOfBounds] = [0, 0]
  for (let k = 0; k < TICKS; k++) {
    const atMs = (k + 1) * TICK_MS
    const services = specs.map((spec, i): ServiceInput => {
      const requested = replicas[i]!
      const foreseen = forecaster?.(loads[i]!, k, random)
      return {
        spec: { ...spec, policy: forecaster ? 'predictive' : 'reactive' },
        mode: 'enforce',
        memory: memories[i],
        observation: {
          ...{ service: `s${i}`, nowMs: atMs, loadRps: loads[i]![k]!, freshness: 'fresh' },
          replicas: { requested, ready: requested, starting: 0, terminating: 0 },
          ...{ leadTimeMs: 2 * TICK_MS, capacityPerReplica: CAPACITY, saturationPerReplica: 12 },
          demand:
            foreseen === undefined
              ? undefined
              : sound(Float64Array.from(LEVELS, (level) => foreseen * (0.5 + level))),
          drifting: false,
        },
      }
    })
    const output = decideTick({ tick: k, atMs, costBudgetPerHour: BUDGET_PER_HOUR, services })
    memories = [...output.memories]
    replicas = output.grants.map((grant) => grant.to)
    replicas.forEach((count, i) => {
      violations[i]! += Math.max(0, loads[i]![k + 1]! - count * CAPACITY)
      if (!(count >= specs[i]!.minReplicas && count <= specs[i]!.maxReplicas)) outOfBounds++
    })
    const cost = replicas.reduce((sum, count, i) => sum + count * specs[i]!.pricePerReplicaHour, 0)
    if (cost > BUDGET_PER_HOUR + 1e-9 && output.feasible) overBudget++
  }
  return { violations, overBudget, outOfBounds }
}

const table: Record<string, string> = {}
afterAll(() => {
  process.stdout.write(
    `requests outside capacity, adversary (reactive): ${JSON.stringify(table)}\n`,
  )
})

describe.each(Object.entries(FORECASTERS))('a forecaster that says %s', (name, forecaster) => {
  it('harms nobody, breaks no bound and no budget', () => {
    for (const seed of [1, 2]) {
      const loads = loadsOf(seed)
      const reactive = run(loads, undefined)
      const seen = run(loads, forecaster)
      expect([seen.overBudget, seen.outOfBounds]).toEqual([0, 0])
      seen.violations.forEach((violations, i) => {
        expect(violations).toBeLessThanOrEqual(reactive.violations[i]! + 1e-6)
      })
      const total = (of: Run) => Math.round(of.violations.reduce((sum, v) => sum + v, 0))
      table[name] = `${total(seen)} (${total(reactive)})`
    }
  })
})
