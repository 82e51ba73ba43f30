/** Vectors of the EC2 Auto Scaling User Guide, "Step and simple scaling policies": groups of 10, ±10 % and ±30 %. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { createDatapoints } from './alarm.ts'
import { drive, testScenario } from './test-service.ts'
import { adjustmentOf, createGroup, thresholds } from './thresholds.ts'

const params = thresholds.params.parse({})
const counts = (requested: number, starting = 0) => ({
  requested,
  ready: requested - starting,
  starting,
  terminating: 0,
})

describe('step scaling', () => {
  it('follows the guide’s example: 10, 11 at 60 %, 14 at 70 %, 13 at 40 %, 10 at 30 %', () => {
    const group = createGroup(params)
    // 10 % of 10 · 30 % of 11 = 3.3 → 3 · 10 % of 14 = 1.4 → 1 · 30 % of 13 = 3.9 → 3
    expect(group.scale(0, counts(10), { direction: 1, by: 0 })).toBe(11)
    expect(group.scale(60_000, counts(11), { direction: 1, by: 0.1 })).toBe(14)
    expect(group.scale(120_000, counts(14), { direction: -1, by: 0 })).toBe(13)
    expect(group.scale(180_000, counts(13), { direction: -1, by: 0.1 })).toBe(10)
  })

  it('adds only what is missing while replicas warm up: 11, still 11 at 62 %, 13 at 70 %', () => {
    const group = createGroup(params)
    expect(group.scale(0, counts(10), { direction: 1, by: 0 })).toBe(11)
    expect(group.scale(60_000, counts(11, 1), { direction: 1, by: 0.02 })).toBe(11)
    // 30 % of the 10 that are in service
    expect(group.scale(120_000, counts(11, 1), { direction: 1, by: 0.1 })).toBe(13)
  })

  it('takes nothing away while replicas warm up', () => {
    const group = createGroup({ ...params, warmupSeconds: 120 })
    expect(group.scale(0, counts(10), { direction: 1, by: 0 })).toBe(11)
    expect(group.scale(60_000, counts(11), { direction: -1, by: 0.1 })).toBe(11)
    expect(group.scale(180_000, counts(11), { direction: -1, by: 0.1 })).toBe(8)
  })
})

describe('simple scaling', () => {
  it('does one thing and then waits for its cooldown', () => {
    const one = [{ from: 0, change: 2 }]
    const group = createGroup(
      thresholds.params.parse({
        policy: 'simple',
        adjustmentType: 'ChangeInCapacity',
        up: one,
        down: one,
        cooldownSeconds: 300,
      }),
    )
    expect(group.scale(0, counts(5), { direction: 1, by: 0.3 })).toBe(7)
    expect(group.scale(299_000, counts(7), { direction: -1, by: 0.3 })).toBe(7)
    expect(group.scale(300_000, counts(7), { direction: -1, by: 0.3 })).toBe(5)
  })
})

describe('an adjustment in percent', () => {
  it.each([
    // "12.7 is rounded to 12", ".67 is rounded to 1", "-6.67 is rounded to -6", "-.58 is rounded to -1"
    [1, 127, 12],
    [1, 6.7, 1],
    [-1, 66.7, -6],
    [-1, 5.8, -1],
  ] as const)('of direction %i and %f %% of 10 is %i', (direction, change, expected) => {
    const step = [{ from: 0, change }]
    expect(adjustmentOf({ ...params, up: step, down: step }, direction, 0, 10)).toBe(expected)
  })

  it('is no less than the least magnitude', () => {
    expect(adjustmentOf({ ...params, minAdjustmentMagnitude: 2 }, 1, 0, 4)).toBe(2)
  })
})

describe('an alarm', () => {
  it('takes the mean of a period, skips one without samples, and counts a sample once', () => {
    const points = createDatapoints(60_000, 15_000, 5)
    const period = (from: number, values: readonly number[]) =>
      values.map((value, i) => points.add(from + i, value))
    expect(points.add(Number.NaN, Number.NaN)).toBe(false)
    expect(period(0, [1, 2, 3, 6])).toEqual([false, false, false, true])
    expect(points.newest()).toBe(3)
    expect(period(10, [Number.NaN, Number.NaN, Number.NaN, Number.NaN])).toEqual(
      new Array(4).fill(false),
    )
    points.add(20, 8)
    for (let i = 0; i < 3; i++) points.add(20, 100)
    expect(points.newest()).toBe(8)
    expect(points.all(2, (value) => value >= 3)).toBe(true)
    expect(points.all(3, (value) => value >= 3)).toBe(false)
  })

  it('has to be on for all of its periods', () => {
    const known = testScenario()
    const slow = thresholds.params.parse({ evaluationPeriods: 5 })
    const run = { ticks: 24, initial: 4, loadAt: () => 150 }
    const counted = drive(known, thresholds.create(known, slow, seededRandom(1)), run)
    // 150 of 160 requests/s from the first minute on: the fifth datapoint is whole at tick 20
    expect(counted.findIndex((count) => count > 4)).toBe(20)
  })
})

describe('parameters', () => {
  it.each([
    [{ high: 1.5 }, /high/],
    [{ low: 0.7, high: 0.6 }, /low/],
    [{ up: [] }, /up/],
    [{ cooldownSeconds: -1 }, /cooldownSeconds/],
    [{ policy: 'target' }, /policy/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => thresholds.params.parse(bad)).toThrow(field)
  })
})
