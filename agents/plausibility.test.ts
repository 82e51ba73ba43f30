import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../forecaster/random.ts'
import {
  impliedLoad,
  initialPlausibility,
  isDoubted,
  judge,
  type Plausibility,
} from './plausibility.ts'

const LEARNT = 200
const FAULTY = 60

/** A day's wave with noise, and CPU that follows it: a base and so much a request. */
interface World {
  readonly level: number
  readonly noise: number
  readonly base: number
  readonly perRequest: number
  readonly seed: number
}
const world = fc.record({
  level: fc.double({ min: 20, max: 5000, noNaN: true }),
  noise: fc.double({ min: 0.005, max: 0.05, noNaN: true }),
  base: fc.double({ min: 0, max: 1, noNaN: true }),
  perRequest: fc.double({ min: 0.001, max: 0.05, noNaN: true }),
  seed: fc.nat(),
})

function* steps({ level, noise, base, perRequest, seed }: World, count: number) {
  const random = seededRandom(seed)
  for (let k = 0; k < count; k++) {
    const shape = 1 + 0.4 * Math.sin((2 * Math.PI * k) / 240)
    const truth = level * shape * (1 + noise * (2 * random() - 1))
    const cpu = base + perRequest * truth * (1 + noise * (2 * random() - 1))
    yield { truth, cpu }
  }
}

/** What an exporter may say instead, with the machines at work as before. */
const LIES: Readonly<Record<string, (truth: number) => number>> = {
  'exactly zero': () => 0,
  'a thousandth (another unit)': (truth) => truth / 1000,
  'the load of a service a tenth its size': (truth) => truth / 10,
  'one pod of four': (truth) => truth / 4,
  'a constant far below': (truth) => Math.min(truth, 1),
}

describe.each(Object.entries(LIES))('an exporter that says %s', (_name, lie) => {
  it('is doubted as long as it does, and believed soon after it stops', () => {
    fc.assert(
      fc.property(world, (w) => {
        let state: Plausibility = initialPlausibility
        const isLie = (k: number) => k >= LEARNT && k < LEARNT + FAULTY
        for (const [k, { truth, cpu }] of [...steps(w, LEARNT + FAULTY + 5)].entries()) {
          state = judge(state, isLie(k) ? lie(truth) : truth, cpu)
          if (k < LEARNT + FAULTY) expect(isDoubted(state)).toBe(isLie(k))
        }
        expect(isDoubted(state)).toBe(false)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a load that really falls', () => {
  it('is believed at once when CPU falls with it', () => {
    fc.assert(
      fc.property(world, fc.double({ min: 0, max: 0.9, noNaN: true }), (w, share) => {
        let state: Plausibility = initialPlausibility
        let k = 0
        for (const { truth } of steps(w, LEARNT + FAULTY)) {
          const load = k++ < LEARNT ? truth : truth * share
          state = judge(state, load, w.base + w.perRequest * load)
          expect(isDoubted(state)).toBe(false)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('is believed where no second signal is, or where CPU does not follow the load', () => {
    for (const cpuOf of [() => Number.NaN, (k: number) => (k * 7919) % 13]) {
      let state: Plausibility = initialPlausibility
      let k = 0
      for (const { truth } of steps(
        { level: 100, noise: 0.02, base: 0, perRequest: 1, seed: 1 },
        260,
      ))
        state = judge(state, k < LEARNT ? truth : 0, cpuOf(k++))
      expect(isDoubted(state)).toBe(false)
    }
  })

  it('never is doubted before the line is learnt', () => {
    let state = judge(initialPlausibility, 100, 1)
    state = judge(state, 0, 1)
    expect([isDoubted(state), impliedLoad(state, 1)]).toEqual([false, undefined])
  })
})

it('the line gives a load back by its CPU', () => {
  let state: Plausibility = initialPlausibility
  for (let k = 0; k < 100; k++) state = judge(state, 100 + (k % 10), 2 + 0.01 * (100 + (k % 10)))
  expect(impliedLoad(state, 2 + 0.01 * 104)).toBeCloseTo(104, 6)
})

it('a step in which nothing was measured changes nothing', () => {
  const state = judge(initialPlausibility, 5, 1)
  expect(judge(state, Number.NaN, 1)).toBe(state)
  expect(judge(state, 5, Number.NaN)).toBe(state)
})
