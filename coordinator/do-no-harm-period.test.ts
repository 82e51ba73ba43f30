/**
 * Do no harm while an amount for a day or a month is paced (docs/decisions/0010): what a forecast may never take from a
 * service at a tick, and what is kept for reactive need over the period.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentMemory } from '../agents/agent.ts'
import { lossOfLoad, violationCurve } from '../agents/loss.ts'
import { ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import type { Directive } from './meta/directive.ts'
import { openPurse, pace, payFrom } from './meta/pacing.ts'
import { demandAt, PRICES } from './meta/price-ladder.ts'
import { learnDemand, openProfile } from './meta/spend-profile.ts'
import { decideTick } from './tick.ts'
import type { ServiceInput } from './tick-input.ts'

const TICK_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const moment = fc.record({
  load: fc.double({ min: 0, max: 250, noNaN: true }),
  /** Of the forecast's median; any. */
  forecast: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
})
const history = fc.integer({ min: 1, max: 4 }).chain((n) =>
  fc.record({
    specs: fc.array(
      fc.record({
        weight: fc.constantFrom(1, 5),
        pricePerReplicaHour: fc.constantFrom(0.05, 0.2),
        targetUtilization: fc.constantFrom(0.5, 0.8, 1),
        fairShare: fc.constantFrom(0, 0.5),
      }),
      { minLength: n, maxLength: n },
    ),
    moments: fc.array(fc.array(moment, { minLength: n, maxLength: n }), {
      minLength: 2,
      maxLength: 20,
    }),
    budgetShare: fc.constantFrom(0.3, 0.6, 1),
    reactivePrice: fc.constantFrom(0, 1, 50),
    more: fc.constantFrom(0, 100, 1e6),
    tolerance: fc.constantFrom(0, 0.1, 0.5),
    /** $/hour of a change of tier of the first service. */
    replacementPerHour: fc.constantFrom(0, 0.4, 50),
  }),
)
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

/** One world: with forecasts, extra and a change of tier, or reactive control alone with its own money. */
function* live({ specs, moments, ...h }: History, sees: boolean) {
  const { reactivePrice, more, tolerance } = h
  const parsed = specs.map((s) =>
    ServiceSpec.parse({
      ...{ ...s, maxReplicas: 30, policy: sees ? 'predictive' : 'reactive' },
      behavior: {
        // a rate limit counts from what runs, which is less by what was spared
        scaleUp: { policies: [{ type: 'Percent', value: 10_000, periodSeconds: 15 }] },
        scaleDown: { stabilizationWindowSeconds: 60 },
      },
    }),
  )
  const most = parsed.reduce((sum, s) => sum + s.maxReplicas * s.pricePerReplicaHour, 0)
  const directive: Directive = {
    reactivePrice,
    price: sees ? reactivePrice + more : reactivePrice,
    extraBudgetPerHour: sees ? 1e9 : 0,
    tolerance,
  }
  let replicas = parsed.map(() => 2)
  let memories: readonly (AgentMemory | undefined)[] = parsed.map(() => undefined)
  for (const [tick, row] of moments.entries()) {
    const nowMs = (tick + 1) * TICK_MS
    const services = parsed.map((spec, i): ServiceInput => {
      const { load, forecast } = row[i]!
      const requested = replicas[i]!
      return {
        ...{ spec, mode: 'enforce', memory: memories[i] },
        ...(sees && i === 0 && h.replacementPerHour > 0
          ? { replacementPerHour: h.replacementPerHour }
          : {}),
        observation: {
          ...{ service: `s${i}`, nowMs, loadRps: load, freshness: 'fresh', drifting: false },
          replicas: { requested, ready: requested, starting: 0, terminating: 0 },
          ...{ leadTimeMs: 2 * TICK_MS, capacityPerReplica: 10, saturationPerReplica: 12 },
          demand:
            sees && forecast !== undefined
              ? Float64Array.from(LEVELS, (level) => forecast * (0.5 + level))
              : undefined,
        },
      }
    })
    const costBudgetPerHour = most * h.budgetShare
    const output = decideTick({ tick, atMs: nowMs, costBudgetPerHour, services, directive })
    yield { output, services, costBudgetPerHour }
    replicas = output.grants.map(({ to }) => to)
    memories = output.memories
  }
}

describe('at a tick under prices', () => {
  it('no forecast, no price and no change of tier takes more from a service than the tolerance of its own error budget', () => {
    fc.assert(
      fc.property(history, (h) => {
        const alone = live({ ...h, tolerance: 0 }, false)
        for (const { output, services, costBudgetPerHour } of live(h, true)) {
          const without = alone.next().value!
          let cost = 0
          output.grants.forEach((grant, i) => {
            const { spec, observation } = services[i]!
            const { loadRps, capacityPerReplica, saturationPerReplica } = observation
            const { objective } = spec.slo
            const curve = violationCurve(capacityPerReplica, saturationPerReplica, objective)
            const floor = without.output.grants[i]!.floorReplicas
            expect(grant.floorReplicas).toBe(floor)
            const allowed =
              lossOfLoad(curve, loadRps, floor) + h.tolerance * (1 - objective) * loadRps
            expect(lossOfLoad(curve, loadRps, grant.to)).toBeLessThanOrEqual(allowed + 1e-9)
            cost += grant.to * spec.pricePerReplicaHour
            if (grant.replacementPaid) cost += services[i]!.replacementPerHour!
          })
          if (output.feasible) expect(cost).toBeLessThanOrEqual(costBudgetPerHour + 1e-6)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('over a period', () => {
  it('reactive need finds its money, whatever extra takes: as long as it asks for no more than a fifth beyond its own past', () => {
    fc.assert(
      fc.property(
        fc.record({
          noise: fc.array(fc.double({ min: 0.85, max: 1.15, noNaN: true }), {
            minLength: 31,
            maxLength: 31,
          }),
          swing: fc.double({ min: 0, max: 0.8, noNaN: true }),
          share: fc.constantFrom(0.3, 0.6, 1),
        }),
        ({ noise, swing, share }) => {
          const usual = (hour: number) => 10 * (1 + swing * Math.sin((2 * Math.PI * hour) / 24))
          const reactiveAt = (scale: number) =>
            Float64Array.from(PRICES, (price) => scale / (1 + price / 20))
          const period = { startMs: 14 * DAY_MS, endMs: 21 * DAY_MS, amount: 10 * 24 * 7 * 1.1 }
          const profile = openProfile({ dayMs: DAY_MS, partsADay: 24, weekDays: 7 })
          const greedy = reactiveAt(1e6)
          const learn = (hour: number, scale: number) =>
            learnDemand(
              profile,
              { reactive: reactiveAt(scale), all: greedy },
              { atMs: hour * HOUR_MS, lastedMs: HOUR_MS },
            )
          for (let hour = 0; hour < 14 * 24; hour++) learn(hour, usual(hour))
          let purse = openPurse(period, period.startMs)
          for (let hour = 14 * 24; hour < 21 * 24; hour++) {
            const atMs = hour * HOUR_MS
            const paced = pace({
              ...{ period, purse, profile, atMs, tickMs: HOUR_MS, minimumCostPerHour: 0 },
              ...{ reactiveShare: share, tolerance: 0 },
            })
            const { reactivePrice, extraBudgetPerHour } = paced.directive
            const demand = reactiveAt(usual(hour) * noise[hour % 31]!)
            const need = demandAt(demand, reactivePrice)
            // reactive control alone would have its share of the amount, and no more than what is left of that
            const own = Math.max(0, share * period.amount - purse.reactiveSpent)
            const due = Math.min(need, own)
            expect(paced.costBudgetPerHour).toBeGreaterThanOrEqual(due * (1 - 1e-9))
            learn(hour, usual(hour) * noise[hour % 31]!)
            purse = payFrom(paced.purse, period, profile, {
              ...{ atMs: atMs + HOUR_MS, lastedMs: HOUR_MS },
              cost: Math.min(need + extraBudgetPerHour, paced.costBudgetPerHour),
              reactiveDemand: demand,
            })
          }
        },
      ),
      { numRuns: 10 },
    )
  })
})
