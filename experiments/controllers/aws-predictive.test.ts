/** What the EC2 Auto Scaling User Guide and API reference say of predictive scaling and target tracking. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { awsPredictive } from './aws-predictive.ts'
import { fitProfile } from './hourly-profile.ts'
import { createTargetTracking } from './target-tracking.ts'
import { drive, MONDAY_MS, testScenario, unseen } from './test-service.ts'

const HOUR_MS = 3_600_000
const TICKS_PER_HOUR = 240

/** Requests/s by hour of the day: 80, and 800 from 9:00 to 10:00. */
const morning = (hour: number) => (hour % 24 === 9 ? 800 : 80)

function run(
  params: object,
  { days = 14, ticks = 11 * TICKS_PER_HOUR, loadAt = (_: number) => 80 },
) {
  const history = Array.from({ length: days * 1440 }, (_, i) => morning(Math.floor(i / 60)))
  const known = testScenario({ history, startMs: MONDAY_MS })
  const controller = awsPredictive.create(
    known,
    awsPredictive.params.parse(params),
    seededRandom(1),
  )
  return drive(known, controller, { ticks, initial: 4, loadAt })
}

describe('predictive scaling', () => {
  // 800 requests/s at 20 a replica
  const peak = 40
  const nine = 9 * TICKS_PER_HOUR

  it('has the hour’s capacity launched SchedulingBufferTime before it: 300 s, or 15 minutes', () => {
    const counts = run({}, {})
    expect(counts[nine - 21]).toBeLessThan(10)
    expect(counts[nine - 20]).toBe(peak)
    expect(run({ schedulingBufferSeconds: 900 }, {})[nine - 60]).toBe(peak)
  })

  it('holds it for the hour though nobody comes, and lets target tracking take it away after', () => {
    const counts = run({}, {})
    expect(counts[nine + TICKS_PER_HOUR - 1]).toBe(peak)
    expect(counts.at(-1)).toBeLessThan(10)
  })

  it('needs 24 hours of history', () => {
    const none = run({}, { days: 0.9, ticks: nine })
    expect(Math.max(...none)).toBeLessThan(10)
  })

  it('learns while it runs: a day later the forecast knows the morning', () => {
    const loadAt = (tick: number) => morning(Math.floor(tick / TICKS_PER_HOUR))
    const counts = run({}, { days: 0, ticks: nine + 24 * TICKS_PER_HOUR, loadAt })
    expect(counts[nine - 1]).toBeLessThan(10)
    expect(counts[nine + 24 * TICKS_PER_HOUR - 1]).toBe(peak)
  })

  it('honours the group’s maximum, or raises it by the forecast and its buffer', () => {
    const most = (params: object) => Math.max(...run({ maxCapacity: 30, ...params }, {}))
    expect(most({})).toBe(30)
    expect(most({ maxCapacityBreachBehavior: 'IncreaseMaxCapacity' })).toBe(peak)
  })

  it('raises it far enough for target tracking: 10 % on a forecast of 40 are 44', () => {
    const loadAt = (tick: number) => (tick >= nine ? 2000 : 80)
    const behavior = { maxCapacityBreachBehavior: 'IncreaseMaxCapacity', maxCapacityBuffer: 10 }
    expect(Math.max(...run({ maxCapacity: 30, ...behavior }, { loadAt, ticks: nine + 100 }))).toBe(
      44,
    )
  })
})

describe('the hourly profile that stands in for the closed model', () => {
  const hours = (days: number, value: (hour: number) => number) => ({
    startMs: MONDAY_MS,
    values: Array.from({ length: days * 24 }, (_, hour) => value(hour)),
  })

  it('repeats a day', () => {
    const forecast = fitProfile(hours(3, morning), 24)!
    expect(forecast(MONDAY_MS + (72 + 9) * HOUR_MS)).toBeCloseTo(800, 6)
    expect(forecast(MONDAY_MS + (72 + 10) * HOUR_MS)).toBeCloseTo(80, 6)
  })

  it('tells the days of a week apart once it saw one', () => {
    const weekend = (hour: number) => (Math.floor(hour / 24) % 7 >= 5 ? 20 : 100)
    const forecast = fitProfile(hours(14, weekend), 24)!
    expect(forecast(MONDAY_MS + 14 * 24 * HOUR_MS)).toBeCloseTo(100, 3)
    expect(forecast(MONDAY_MS + (14 + 5) * 24 * HOUR_MS)).toBeCloseTo(20, 3)
  })

  it('believes an hour of one weekday alone by n/(n + 1) of its n weeks', () => {
    // 10:00 on Mondays has 70 more than days and hours explain, twice
    const special = (hour: number) => (hour % 168 === 10 ? 170 : 100)
    const forecast = fitProfile(hours(14, special), 24)!
    // least squares of a 24 by 7 table: the cell keeps 70 · (23/24) · (6/7), of which a third goes
    const kept = 70 * (23 / 24) * (6 / 7)
    expect(forecast(MONDAY_MS + (14 * 24 + 10) * HOUR_MS)).toBeCloseTo(170 - kept / 3, 6)
  })

  it('does without hours that nobody measured', () => {
    const holes = hours(3, (hour) => (hour < 30 && hour % 24 === 9 ? Number.NaN : morning(hour)))
    expect(fitProfile(holes, 24)!(MONDAY_MS + (72 + 9) * HOUR_MS)).toBeCloseTo(800, 6)
    expect(fitProfile(hours(0.5, morning), 24)).toBeUndefined()
  })
})

describe('target tracking', () => {
  const policy = { target: 0.5, capacityPerReplica: 40, tickMs: 60_000, upDatapoints: 3 }
  const tracking = () =>
    createTargetTracking({ ...policy, downDatapoints: 15, disableScaleIn: false })
  const minutes = (loads: readonly number[], replicas: object) => {
    const track = tracking()
    return loads.map((loadRps, i) =>
      track({ ...unseen({ ready: 10, ...replicas }), measuredAtMs: i * 60_000, loadRps }),
    )
  }

  it('adds in proportion after three minutes above the target', () => {
    // 300 of 200 requests/s: half as many again; the first call begins the first minute
    expect(minutes([300, 300, 300, 300], {})).toEqual([10, 10, 10, 15])
  })

  it('takes away after fifteen minutes below 90 % of it, not while replicas warm up', () => {
    const low = new Array<number>(16).fill(100)
    expect(minutes(low, {}).slice(-2)).toEqual([10, 5])
    expect(minutes(low, { requested: 12, starting: 2 }).at(-1)).toBe(12)
    expect(minutes(new Array<number>(16).fill(185), {}).at(-1)).toBe(10)
  })
})

describe('parameters', () => {
  it.each([
    [{ schedulingBufferSeconds: 3600 }, /schedulingBufferSeconds/],
    [{ maxCapacityBuffer: 101 }, /maxCapacityBuffer/],
    [{ maxCapacityBreachBehavior: 'Ignore' }, /maxCapacityBreachBehavior/],
    [{ target: 0 }, /target/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => awsPredictive.params.parse(bad)).toThrow(field)
  })
})
