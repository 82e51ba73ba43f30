import { describe, expect, it } from 'vitest'
import {
  type CapacityState,
  declaredFor,
  initialCapacity,
  isotonic,
  learnCapacity,
} from './capacity.ts'

/** A service that violates nothing up to `knee` requests/s a replica, and everything from 1.2 × knee on. */
const share = (perReplica: number, knee: number) =>
  Math.min(1, Math.max(0, (perReplica - knee) / (0.2 * knee)))

function teach(state: CapacityState, knee: number, loads: readonly number[]): CapacityState {
  let taught = state
  for (const perReplica of loads) {
    taught = learnCapacity(taught, {
      loadRps: perReplica * 4,
      readyReplicas: 4,
      violationRatio: share(perReplica, knee),
      seconds: 15,
    })
  }
  return taught
}

const sweep = (to: number) => Array.from({ length: 400 }, (_, i) => (to * ((i * 37) % 400)) / 400)

describe('capacity', () => {
  it('starts from what the owner declared', () => {
    const { capacity, saturation } = initialCapacity(25, 0.99)
    expect(capacity).toBeCloseTo(25, 6)
    expect(saturation).toBeCloseTo(25 * 1.25, 6)
  })

  it.each([
    [10, 40],
    [10, 4],
    [25, 30],
  ])('declared %d, learns %d from the service itself, within a bin', (declared, real) => {
    const { capacity, saturation } = teach(initialCapacity(declared, 0.99), real, sweep(real * 1.5))
    expect(capacity / real).toBeGreaterThan(0.85)
    expect(capacity / real).toBeLessThan(1.15)
    expect(saturation / (1.1 * real)).toBeGreaterThan(0.85)
    expect(saturation / (1.1 * real)).toBeLessThan(1.15)
  })

  it('does not believe one bad hour for ever', () => {
    const outage = Array.from({ length: 200 }, () => ({
      loadRps: 20,
      readyReplicas: 4,
      violationRatio: 0.9,
      seconds: 15,
    }))
    const well = Array.from({ length: 300 }, () => ({
      loadRps: 20,
      readyReplicas: 4,
      violationRatio: 0,
      seconds: 15,
    }))
    const bad = outage.reduce(learnCapacity, initialCapacity(10, 0.99))
    expect(bad.capacity).toBeLessThan(6)
    expect(well.reduce(learnCapacity, bad).capacity).toBeCloseTo(10, 3)
  })

  it('does not look for the load at which nobody violates when there is none', () => {
    const teachWith = (unavoidable: number, objective: number) =>
      sweep(15).reduce(
        (state, perReplica) =>
          learnCapacity(state, {
            loadRps: perReplica * 4,
            readyReplicas: 4,
            violationRatio: unavoidable + (1 - unavoidable) * share(perReplica, 10),
            seconds: 60,
          }),
        initialCapacity(10, objective),
      ).capacity
    // one in 2,000 violates whatever the load; the objective asks for one in 10,000
    expect(teachWith(0.0005, 0.9999)).toBeGreaterThan(8.5)
    expect(teachWith(0.0005, 0.9999)).toBeLessThan(11)
    // where the objective can be met, it is
    expect(teachWith(0.0005, 0.99) / teachWith(0, 0.99)).toBeGreaterThan(0.95)
  })

  it('takes overload from the first minute on for what it is', () => {
    const state = [20, 22, 24, 26].reduce(
      (now, perReplica) =>
        learnCapacity(now, {
          loadRps: perReplica * 4,
          readyReplicas: 4,
          violationRatio: share(perReplica, 18),
          seconds: 60,
        }),
      initialCapacity(30, 0.99),
    )
    expect(state.capacity).toBeLessThan(20)
  })

  it('knows at least the load that was carried without a violation', () => {
    const { capacity } = teach(initialCapacity(10, 0.99), 1000, sweep(20))
    expect(capacity).toBeGreaterThan(17)
  })

  it.each([
    ['no load', { loadRps: 0, readyReplicas: 2, violationRatio: 1, seconds: 15 }],
    ['nobody ready', { loadRps: 10, readyReplicas: 0, violationRatio: 1, seconds: 15 }],
    [
      'no violation data',
      { loadRps: 10, readyReplicas: 2, violationRatio: Number.NaN, seconds: 15 },
    ],
    ['no load data', { loadRps: Number.NaN, readyReplicas: 2, violationRatio: 0, seconds: 15 }],
  ])('learns nothing from %s', (_, evidence) => {
    const before = initialCapacity(10, 0.99).capacity
    expect(learnCapacity(initialCapacity(10, 0.99), evidence).capacity).toBe(before)
  })
})

describe('a declared capacity', () => {
  it('stands for its own objective, and elsewhere on the same curve for another', () => {
    expect(declaredFor(32, 0.999, 0.999)).toBeCloseTo(32, 9)
    // half of the requests violate at the knee, a quarter above
    expect(declaredFor(32, 0.999, 0.5)).toBeCloseTo(40, 9)
    expect(declaredFor(32, 0.99, 0.999)).toBeLessThan(32)
    expect(declaredFor(32, 0.6, 0.9999)).toBe(8)
  })
})

describe('isotonic', () => {
  it('pools adjacent violators by weight', () => {
    // rates 0.1, 0.5, 0.2, 0.9 with weights 10, 10, 30, 10: the middle two pool to (5 + 6) / 40 = 0.275
    const rates = isotonic([1, 5, 6, 9], [10, 10, 30, 10])
    expect([...rates].map((r) => Number(r.toFixed(6)))).toEqual([0.1, 0.275, 0.275, 0.9])
  })
})
