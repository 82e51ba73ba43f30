import { describe, expect, it } from 'vitest'
import { fitOutlook, PARTS_A_DAY } from '../forecaster/outlook.ts'
import { seededRandom } from '../forecaster/random.ts'
import {
  addService,
  closeOutlook,
  OUTLOOK_LEVELS,
  type OutlookPlan,
  type OutlookService,
  openOutlook,
  valueOfService,
} from './outlook.ts'

const DAY_MS = 86_400_000
const MEDIAN = OUTLOOK_LEVELS.indexOf(0.5)

const plan = (over: Partial<OutlookPlan> = {}): OutlookPlan => ({
  horizonDays: 14,
  dayMs: DAY_MS,
  costBudgetPerHour: 100,
  paths: 200,
  randomOf: (path) => seededRandom(path + 1),
  ...over,
})

/** 28 days of 50 requests/s, from eight to sixteen o'clock 100, growing by `growth` a day; no noise at all. */
function service(growth: number, over: Partial<OutlookService['spec']> = {}): OutlookService {
  const days = Array.from({ length: 28 }, (_, d) =>
    Float64Array.from(
      { length: PARTS_A_DAY },
      (_, part) => (part >= 8 && part < 16 ? 100 : 50) * (1 + growth) ** d,
    ),
  )
  const spec = { minReplicas: 1, maxReplicas: 100, pricePerReplicaHour: 0.5, weight: 1, ...over }
  return { spec, capacityPerReplica: 10, model: fitOutlook(days, 7)!, historyDays: 28 }
}

function outlookOf(services: readonly OutlookService[], over: Partial<OutlookPlan> = {}) {
  const minimum = services.reduce(
    (sum, { spec }) => sum + spec.minReplicas * spec.pricePerReplicaHour,
    0,
  )
  const sums = openOutlook(plan(over), minimum)
  const each = services.map((s) => addService(sums, s))
  return { each, fleet: closeOutlook(sums) }
}

describe('an outlook without noise', () => {
  it('is what one works out by hand', () => {
    const { each, fleet } = outlookOf([service(0)])
    // 100 / 10 = 10 replicas for 8 h and 5 for 16 h: 160 replica-hours, 80 $
    expect(each[0]!.peakReplicas[3]![MEDIAN]).toBe(10)
    expect(each[0]!.replicaHours[3]![MEDIAN]).toBeCloseTo(160, 9)
    expect(each[0]!.cost[13]![MEDIAN]).toBeCloseTo(80, 9)
    expect(fleet.cost[13]![MEDIAN]).toBeCloseTo(80, 9)
    expect(fleet.peakCostPerHour[0]![MEDIAN]).toBeCloseTo(5, 9)
  })

  it('of compressed days costs as much less', () => {
    const { fleet } = outlookOf([service(0)], { dayMs: DAY_MS / 360 })
    expect(fleet.cost[0]![MEDIAN]).toBeCloseTo(80 / 360, 9)
    expect(fleet.peakCostPerHour[0]![MEDIAN]).toBeCloseTo(5, 9)
  })

  it('finds the day on which growth meets a bound', () => {
    // 100 · 1.02^d / 10 replicas: from the 28th day on 17.4, 17.8, 18.2, … and at day 33 19.2 > 19
    const [one] = outlookOf([service(0.02, { maxReplicas: 19 })]).each
    expect(one!.maxReplicas.probability.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 1])
    // the last day, 41: 22.5 → 23 replicas
    expect(one!.maxReplicas.wouldCarry).toBe(23)
    expect(one!.peakReplicas[13]![MEDIAN]).toBe(23)
    expect(one!.replicaHours[13]![MEDIAN]).toBeCloseTo(19 * 8 + 12 * 16, 9)
  })

  it('finds the day on which growth meets the budget, and what would carry it', () => {
    // 19 replicas cost 9.5 $/h, 20 cost 10
    const { each, fleet } = outlookOf([service(0.02)], { costBudgetPerHour: 9.5 })
    expect(fleet.budget.probability.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 1])
    expect(fleet.budget.probabilityBy.at(-1)).toBe(1)
    expect(fleet.budget.wouldCarry).toBeCloseTo(11.5, 9)
    expect(each[0]!.budget).toEqual(fleet.budget)
  })
})

describe('a budget that is short', () => {
  it('carries what loses most, and names what stays behind', () => {
    const payment = service(0, { weight: 3 })
    const search = service(0.02)
    expect(valueOfService(payment)).toBeGreaterThan(valueOfService(search))
    // payment 5 $/h at its peak, search 9 to 11.5
    const { each, fleet } = outlookOf([payment, search], { costBudgetPerHour: 14.5 })
    expect(each[0]!.budget.probability.every((p) => p === 0)).toBe(true)
    expect(each[1]!.budget.probability.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 1])
    expect(fleet.budget.probability).toEqual(each[1]!.budget.probability)
  })

  it('is never short because of services at their least', () => {
    const { each } = outlookOf([service(0, { minReplicas: 30, maxReplicas: 30 })], {
      costBudgetPerHour: 1,
    })
    expect(each[0]!.budget.probability.every((p) => p === 0)).toBe(true)
  })
})

it('fans never cross and risks are probabilities that only add up over days', () => {
  const random = seededRandom(3)
  const noisy = service(0.01)
  const days = Array.from({ length: 21 }, () =>
    Float64Array.from({ length: PARTS_A_DAY }, () => 40 + 60 * random()),
  )
  const { each, fleet } = outlookOf(
    [{ ...noisy, model: fitOutlook(days, 7)!, historyDays: 21 }, noisy],
    { costBudgetPerHour: 14 },
  )
  const fans = [fleet.cost, fleet.peakCostPerHour, ...each.flatMap((s) => [s.cost, s.peakLoad])]
  for (const day of fans.flat()) expect([...day].sort((a, b) => a - b)).toEqual(day)
  for (const { probability, probabilityBy } of [fleet.budget, ...each.map((s) => s.budget)]) {
    probability.forEach((p, d) => {
      expect(p).toBeGreaterThanOrEqual(0)
      expect(probabilityBy[d]).toBeGreaterThanOrEqual(Math.max(p, probabilityBy[d - 1] ?? 0))
      expect(probabilityBy[d]).toBeLessThanOrEqual(1)
    })
  }
})
