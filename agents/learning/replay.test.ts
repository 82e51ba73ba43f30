import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChance } from './chance.ts'
import type { EnvironmentShape } from './environment.ts'
import { createReplay, SavedReplay } from './replay.ts'
import { emptyTransitions, readExperience, type Transitions } from './transitions.ts'

const SHAPE: EnvironmentShape = {
  observationSize: 2,
  actions: { kind: 'continuous', size: 2, low: [-1, -1], high: [1, 1] },
}

/** Transition n carries n in every column. */
function numbered(from: number, rows: number): Transitions {
  const transitions = emptyTransitions(SHAPE, rows)
  for (let row = 0; row < rows; row++) {
    const n = from + row
    transitions.observations.set([n, -n], 2 * row)
    transitions.actions.set([n, n + 0.5], 2 * row)
    transitions.rewards[row] = n
    transitions.nextObservations.set([n + 1, -n - 1], 2 * row)
    transitions.terminated[row] = n % 2
  }
  return transitions
}

const kinds = [
  { name: 'uniform', prioritisation: 0 },
  { name: 'prioritised', prioritisation: 0.6 },
]

describe.each(kinds)('$name replay', ({ prioritisation }) => {
  it('holds the last transitions up to its capacity, each one whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        (capacity, additions) => {
          const replay = createReplay(SHAPE, { capacity, prioritisation })
          let added = 0
          for (const rows of additions) {
            replay.add(numbered(added, rows))
            added += rows
          }
          const held = Math.min(added, capacity)
          expect(replay.size()).toBe(held)
          const batch = replay.draw(200, 0.5, createChance(1))
          for (let row = 0; row < batch.rows; row++) {
            const n = batch.rewards[row]!
            expect(n).toBeGreaterThanOrEqual(added - held)
            expect(n).toBeLessThan(added)
            const whole = numbered(n, 1)
            expect(batch.observations.subarray(2 * row, 2 * row + 2)).toEqual(whole.observations)
            expect(batch.actions.subarray(2 * row, 2 * row + 2)).toEqual(whole.actions)
            expect(batch.nextObservations.subarray(2 * row, 2 * row + 2)).toEqual(
              whole.nextObservations,
            )
            expect(batch.terminated[row]).toBe(whole.terminated[0])
          }
        },
      ),
    )
  })

  it('goes on to the bit after it was saved as JSON and restored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), (additions, seed) => {
        const replay = createReplay(SHAPE, { capacity: 16, prioritisation })
        replay.add(numbered(0, additions))
        const first = replay.draw(8, 0.4, createChance(seed))
        replay.judge(
          first,
          Float32Array.from(first.rewards, (reward) => reward / 7 - 1),
        )

        const other = createReplay(SHAPE, { capacity: 16, prioritisation })
        other.add(numbered(50, 11))
        other.restore(SavedReplay.parse(JSON.parse(JSON.stringify(replay.save()))))

        for (const each of [replay, other]) each.add(numbered(100, 3))
        const drawn = [replay, other].map((each) => each.draw(32, 0.4, createChance(seed + 1)))
        expect(drawn[1]).toEqual(drawn[0])
        expect(other.save()).toEqual(replay.save())
      }),
    )
  })

  it('has nothing to draw before something was added', () => {
    const replay = createReplay(SHAPE, { capacity: 4, prioritisation })
    expect(() => replay.draw(1, 1, createChance(1))).toThrow('nothing to draw from')
  })

  it('stays as it was when what it shall restore is broken', () => {
    const replay = createReplay(SHAPE, { capacity: 4, prioritisation })
    replay.add(numbered(0, 3))
    const saved = replay.save()
    const wrong = { ...saved, ring: { ...saved.ring, next: 1 } }
    expect(() => replay.restore(wrong)).toThrow('next is 1, with 3 of 4 held')
    const longer = { ...saved, ring: { ...saved.ring, rewards: saved.ring.observations } }
    expect(() => replay.restore(longer)).toThrow('stored numbers are 6, must be 3')
    expect(replay.save()).toEqual(saved)
  })
})

describe('uniform replay', () => {
  it('draws every transition equally often', () => {
    const replay = createReplay(SHAPE, { capacity: 8, prioritisation: 0 })
    replay.add(numbered(0, 8))
    const counts = countsOf(replay.draw(80_000, 1, createChance(3)).indices, 8)
    // 6 standard deviations of a binomial count
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(6 * 94)
  })

  it('refuses priorities, which another kind of replay has saved', () => {
    const other = createReplay(SHAPE, { capacity: 4, prioritisation: 1 })
    other.add(numbered(0, 1))
    const replay = createReplay(SHAPE, { capacity: 4, prioritisation: 0 })
    expect(() => replay.restore(other.save())).toThrow('draws are uniform here')
    expect(() => other.restore(replay.save())).toThrow('priorities are none, must be 0')
  })
})

describe('prioritised replay', () => {
  const judged = (prioritisation: number) => {
    const replay = createReplay(SHAPE, { capacity: 4, prioritisation })
    replay.add(numbered(0, 4))
    // one draw from each quarter of equal priorities is each transition once
    const batch = replay.draw(4, 0, createChance(1))
    expect([...batch.indices]).toEqual([0, 1, 2, 3])
    replay.judge(batch, Float32Array.of(-1, 4, 9, -16))
    return replay
  }

  it('draws in proportion to the error to the power of the prioritisation', () => {
    const raised = [1, 2, 3, 4]
    const counts = countsOf(judged(0.5).draw(10_000, 0, createChance(2)).indices, 4)
    // one draw from each of equal slices: only the slices at the borders are by chance
    for (const [i, count] of counts.entries())
      expect(Math.abs(count - 1_000 * raised[i]!)).toBeLessThanOrEqual(2)
  })

  it('weights make the weighted draw even again, and none is over 1', () => {
    const batch = judged(0.5).draw(10_000, 1, createChance(2))
    const sums = [0, 0, 0, 0]
    for (let row = 0; row < batch.rows; row++) sums[batch.indices[row]!]! += batch.weights[row]!
    for (const sum of sums) expect(sum).toBeCloseTo(1_000, -1)
    expect(Math.max(...batch.weights)).toBe(1)
  })

  it('a correction of 0 leaves all weights at 1', () => {
    expect(new Set(judged(1).draw(50, 0, createChance(2)).weights)).toEqual(new Set([1]))
  })

  it('a new transition comes in with the largest priority seen', () => {
    const replay = judged(1)
    replay.add(numbered(4, 1))
    // it has taken the place of the first
    const counts = countsOf(replay.draw(4_500, 0, createChance(5)).indices, 4)
    expect(Math.abs(counts[0]! - 1_600)).toBeLessThanOrEqual(2)
  })

  it('an error of 0 does not put a transition out of reach', () => {
    const replay = createReplay(SHAPE, { capacity: 2, prioritisation: 0.5 })
    replay.add(numbered(0, 2))
    replay.judge(replay.draw(2, 0, createChance(1)), Float32Array.of(0, 1e-6))
    expect(new Set(replay.draw(8, 0, createChance(1)).indices)).toEqual(new Set([0, 1]))
  })

  it('refuses an error that is not finite', () => {
    const replay = judged(1)
    const batch = replay.draw(1, 0, createChance(1))
    expect(() => replay.judge(batch, Float32Array.of(Number.NaN))).toThrow('errors[0] is NaN')
  })
})

describe('what is read of an experience', () => {
  const step = {
    observations: Float32Array.of(10, 11, 20, 21, 30, 31),
    rewards: Float64Array.of(1, 2, 3),
    terminated: Uint8Array.of(0, 1, 0),
    truncated: Uint8Array.of(0, 0, 1),
    finalObservations: Float32Array.of(0, 0, 22, 23, 32, 33),
  }
  const experience = {
    observations: Float32Array.of(1, 2, 3, 4, 5, 6),
    actions: new Float32Array(6),
    step,
  }

  it('leads to the last observation of the episode that ended, and stops only where it terminated', () => {
    const out = emptyTransitions(SHAPE, 3)
    readExperience(experience, SHAPE, out)
    expect([...out.nextObservations]).toEqual([10, 11, 22, 23, 32, 33])
    expect([...out.terminated]).toEqual([0, 1, 0])
    expect([...out.rewards]).toEqual([1, 2, 3])
  })

  it.each([
    [
      'rewards[1]',
      { ...experience, step: { ...step, rewards: Float64Array.of(1, Number.NaN, 3) } },
    ],
    [
      'observations[0]',
      { ...experience, observations: Float32Array.of(Number.NaN, 2, 3, 4, 5, 6) },
    ],
    ['actions[2]', { ...experience, actions: Float32Array.of(0, 0, Number.NaN, 0, 0, 0) }],
    // beyond float32
    ['rewards[0]', { ...experience, step: { ...step, rewards: Float64Array.of(1e40, 0, 3) } }],
  ])('%s must be finite', (name, broken) => {
    expect(() => readExperience(broken, SHAPE, emptyTransitions(SHAPE, 3))).toThrow(`${name} is `)
  })
})

function countsOf(indices: Int32Array, kinds: number): number[] {
  const counts = new Array<number>(kinds).fill(0)
  for (const index of indices) counts[index]!++
  return counts
}
