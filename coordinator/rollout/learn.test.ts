/** Learning from drawn units: it finds what pays where it pays, and leaves alone what it cannot tell. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../forecaster/random.ts'
import { learnTable, type Transition } from './learn.ts'

const PROBABILITIES = [0.2, 0.6, 0.2]
const CHAMPION = 1

/** More pays by `gain` where the first feature is high, less where it is low, nothing in between. */
function transitionsOf(count: number, gain: number): Transition[] {
  const random = seededRandom(9)
  return Array.from({ length: count }, () => {
    const features = [random() * 3, random()]
    const chance = random()
    const arm = chance < 0.2 ? 0 : chance < 0.8 ? 1 : 2
    const sign = features[0]! > 2 ? -1 : features[0]! < 1 ? 1 : 0
    const base = 1 + random()
    return {
      ...{ features, arm, probabilities: PROBABILITIES },
      loss: base + gain * sign * (arm - 1) + 0.1 * random(),
      predicted: [base, base, base],
    }
  })
}

/** The arm that a table chooses in each third of the first feature. */
function choices({ edges, values }: ReturnType<typeof learnTable>): number[][] {
  const inner = edges[1]!.length + 1
  return Array.from({ length: edges[0]!.length + 1 }, (_, third) =>
    Array.from({ length: inner }, (_, cell) => {
      const row = [...values.slice((third * inner + cell) * 3, (third * inner + cell + 1) * 3)]
      return row.indexOf(Math.max(...row))
    }),
  )
}

describe('a learned table', () => {
  it('stretches where that pays, shrinks where that pays, and is the champion elsewhere', () => {
    const table = learnTable(transitionsOf(3000, 0.3), CHAMPION, 0.05)
    expect(choices(table)).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [2, 2, 2],
    ])
    expect(table.changed).toBe(6)
  })

  it('changes nothing where there is nothing to gain, or too little data to tell', () => {
    expect(learnTable(transitionsOf(3000, 0), CHAMPION, 0.05).changed).toBe(0)
    expect(learnTable(transitionsOf(12, 0.3), CHAMPION, 0.05).changed).toBe(0)
  })
})
