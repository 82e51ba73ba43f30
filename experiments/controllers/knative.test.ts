/**
 * Cases of knative/serving pkg/autoscaler/scaling/autoscaler_test.go (@01f103e), named by its tests. Its decider: panic
 * threshold 2, rates 10 up and 10 down, stable window 60 s.
 */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { createKpa, knative } from './knative.ts'
import { drive, testScenario } from './test-service.ts'
import { createTimedMean } from './timed-mean.ts'

const defaults = knative.params.parse({ maxScaleUpRate: 10, maxScaleDownRate: 10 })
const kpaOf = (target: number, spec: Partial<typeof defaults> = {}, ready = 1, startMs = 0) =>
  createKpa({ ...defaults, ...spec, target }, ready, startMs)
const both = (value: number) => ({ stable: value, panic: value })

describe('the KPA', () => {
  it('StableModeNoChange, Autoscaler0TBC: 50 at 10 a pod want 5', () => {
    expect(kpaOf(10).scale(0, 1, both(50))).toBe(5)
    expect(kpaOf(10).scale(0, 5, both(50))).toBe(5)
    expect(kpaOf(10).scale(0, 1, { stable: 50, panic: 49 })).toBe(5)
  })

  it('StableModeIncrease: the stable window counts while nobody panics', () => {
    const kpa = kpaOf(10)
    expect(kpa.scale(0, 1, { stable: 50, panic: 10 })).toBe(5)
    expect(kpa.scale(0, 1, { stable: 100, panic: 10 })).toBe(10)
  })

  it('StableModeDecrease: 8 pods, 100 and then 50 at 10', () => {
    const kpa = kpaOf(10)
    expect(kpa.scale(0, 8, both(100))).toBe(10)
    expect(kpa.scale(0, 8, both(50))).toBe(5)
  })

  it('StableModeNoTrafficScaleToZero', () => {
    const kpa = kpaOf(10)
    expect(kpa.scale(0, 1, { stable: 1, panic: 0 })).toBe(1)
    expect(kpa.scale(0, 1, both(0))).toBe(0)
  })

  it('ActivationScale: nothing stays nothing, one becomes two', () => {
    const kpa = kpaOf(10, { activationScale: 2 })
    expect(kpa.scale(0, 1, both(0))).toBe(0)
    expect(kpa.scale(0, 1, { stable: 1, panic: 0 })).toBe(2)
  })

  it('PanicModeExponentialTrackAndStabilize: 6, 36, 216, 1296', () => {
    const kpa = kpaOf(1)
    expect(kpa.scale(0, 1, both(6))).toBe(6)
    expect(kpa.scale(0, 6, both(36))).toBe(36)
    expect(kpa.scale(1000, 36, both(216))).toBe(216)
    expect(kpa.scale(1000, 216, both(1296))).toBe(1296)
    expect(kpa.scale(2000, 1296, both(1296))).toBe(1296)
  })

  it('PanicModeDoublePodCount: the panic window counts in panic', () => {
    expect(kpaOf(10).scale(0, 1, { stable: 50, panic: 100 })).toBe(10)
  })

  it('PanicStableLargerThanPanic and LessThanPanic: the larger of both', () => {
    // begun with five pods five seconds ago, hence in panic
    expect(kpaOf(1, {}, 5).scale(5000, 5, { stable: 50, panic: 30 })).toBe(50)
    expect(kpaOf(1, {}, 5).scale(5000, 5, { stable: 20, panic: 30 })).toBe(30)
  })

  it('StableModeIncreaseWithSmallScaleUpRate: at least one more, 3 of 2 at a rate of 1.1', () => {
    const kpa = kpaOf(1, { maxScaleUpRate: 1.1 })
    expect(kpa.scale(0, 2, { stable: 3, panic: 3.1 })).toBe(3)
  })

  it('StableModeDecreaseWithSmallScaleDownRate: 90 of 100 at a rate of 1.1', () => {
    expect(kpaOf(10, { maxScaleDownRate: 1.1 }).scale(0, 100, both(1))).toBe(90)
  })

  it('RateLimitScaleUp and Down: ten times, and again', () => {
    const up = kpaOf(10)
    expect(up.scale(0, 1, { stable: 1000, panic: 1001 })).toBe(10)
    expect(up.scale(0, 10, { stable: 1000, panic: 1001 })).toBe(100)
    const down = kpaOf(10)
    expect(down.scale(0, 100, both(1))).toBe(10)
    expect(down.scale(0, 10, both(1))).toBe(1)
  })

  it('PanicThenUnPanicScaleDown: nothing goes before the stable window has passed', () => {
    const kpa = kpaOf(10)
    expect(kpa.scale(0, 1, both(100))).toBe(10)
    expect(kpa.scale(0, 10, { stable: 100, panic: 1000 })).toBe(100)
    expect(kpa.scale(30_000, 10, both(1))).toBe(100)
    expect(kpa.scale(61_000, 10, both(1))).toBe(1)
  })

  it('UnpanicAfterSlowIncrease: panic ends though the load still grows slowly', () => {
    const kpa = kpaOf(1)
    expect(kpa.scale(0, 10, { stable: 11, panic: 25 })).toBe(25)
    expect(kpa.scale(30_000, 40, { stable: 30, panic: 41 })).toBe(41)
    expect(kpa.scale(62_000, 55, { stable: 50, panic: 56 })).toBe(50)
  })

  it('ExtendPanicWindow: over the threshold again, panic is counted from then on', () => {
    const kpa = kpaOf(1)
    expect(kpa.scale(0, 10, { stable: 11, panic: 25 })).toBe(25)
    expect(kpa.scale(30_000, 40, { stable: 30, panic: 80 })).toBe(80)
    expect(kpa.scale(62_000, 80, both(40))).toBe(80)
  })

  it('ScaleDownDelay: 4 holds for five minutes; gradually, 4 scrolls out, then 3', () => {
    const kpa = kpaOf(10, { scaleDownDelaySeconds: 300, panicThresholdPercentage: 10_000 }, 0)
    const minute = 60_000
    expect(kpa.scale(2000, 0, both(40))).toBe(4)
    expect(kpa.scale(5 * minute, 0, both(0))).toBe(4)
    expect(kpa.scale(5 * minute + 2000, 0, both(0))).toBe(0)
    expect(kpa.scale(9 * minute, 0, both(40))).toBe(4)
    expect(kpa.scale(10 * minute, 0, both(30))).toBe(4)
    expect(kpa.scale(11 * minute, 0, both(0))).toBe(4)
    expect(kpa.scale(14 * minute, 0, both(0))).toBe(3)
    expect(kpa.scale(15 * minute, 0, both(0))).toBe(0)
  })

  it('NoDataNoAutoscale: it cannot say', () => {
    expect(kpaOf(10).scale(0, 1, both(Number.NaN))).toBeNaN()
  })

  it('StartInPanicMode: with two pods it is, with one it is not', () => {
    expect(kpaOf(100, {}, 2).scale(1000, 2, both(10))).toBe(2)
    expect(kpaOf(100, {}, 1).scale(1000, 1, both(10))).toBe(1)
  })
})

describe('the controller', () => {
  it('gives 15 pods for 100 requests in flight at 10 a pod and 70 %', () => {
    // the documentation's formula: 100 / (10 · 0.7) = 14.3; 1000 requests/s of 0.1 s
    const known = testScenario({ serving: { concurrency: 10 } })
    const controller = knative.create(known, knative.params.parse({}), seededRandom(1))
    const counts = drive(known, controller, { ticks: 40, initial: 12, loadAt: () => 1000 })
    expect(counts.at(-1)).toBe(15)
  })

  it('comes down by halves every two seconds, hence to the wish within one tick of 15 s', () => {
    const known = testScenario()
    const controller = knative.create(known, knative.params.parse({}), seededRandom(1))
    // begun in panic with 64 pods; 8 requests/s need one
    const counts = drive(known, controller, { ticks: 8, initial: 64, loadAt: () => 8 })
    expect(counts.slice(0, 5)).toEqual([64, 64, 64, 64, 64])
    expect(counts.at(-1)).toBe(1)
  })
})

describe('a window', () => {
  it('is a mean of whole ticks, without data once the source is silent', () => {
    const mean = createTimedMean(60_000, 15_000)
    expect(mean.add(Number.NaN, Number.NaN, 0)).toBeNaN()
    expect([1, 2, 3, 4, 5].map((v, i) => mean.add(i * 15_000, v, i * 15_000))).toEqual([
      1, 1.5, 2, 2.5, 3.5,
    ])
    expect(mean.add(60_000, 5, 105_000)).toBe(3.5)
    expect(mean.add(60_000, 5, 120_000)).toBeNaN()
  })
})

describe('parameters', () => {
  it.each([
    [{ targetUtilization: 0 }, /targetUtilization/],
    [{ panicWindowPercentage: 0 }, /panicWindowPercentage/],
    [{ maxScaleDownRate: 1 }, /maxScaleDownRate/],
    [{ stableWindowSeconds: 5 }, /stableWindowSeconds/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => knative.params.parse(bad)).toThrow(field)
  })
})
