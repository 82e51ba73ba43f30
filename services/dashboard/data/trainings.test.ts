/** Reward curves from what was asked for and what the stream brings: each round once, and a gap is noticed. */
import { describe, expect, it } from 'vitest'
import { running, view } from '../../http/examples-trainings.ts'
import { layInTrainings, NO_TRAININGS, TRAININGS_MAX, withChange } from './trainings.ts'

const round = (n: number) => ({ ...view.curves[0]!.rounds[0]!, round: n, steps: 240 * n })
const told = (n: number, folder = 'seed-1') => ({
  training: { ...running, stepsDone: 240 * n },
  round: { folder, round: round(n) },
})
const known = layInTrainings(NO_TRAININGS, [view])
const roundsOf = ({ shown }: typeof known, run = 0) =>
  shown[0]!.curves[run]!.rounds.map((one) => one.round)

describe('a training', () => {
  it('grows by the rounds that the stream brings, each once', () => {
    const next = withChange(withChange(known, told(2)), told(2))
    expect(roundsOf(next)).toEqual([1, 2])
    expect(next.shown[0]).toMatchObject({ stepsDone: 480, folder: view.folder })
    expect(roundsOf(withChange(next, told(1, 'seed-2')), 1)).toEqual([1])
    expect(next.gaps).toBe(0)
  })

  it('is asked for again when a round was missed, or nobody knows it', () => {
    expect(withChange(known, told(3)).gaps).toBe(1)
    expect(withChange(NO_TRAININGS, told(1))).toEqual({ shown: [], gaps: 1 })
  })

  it('changes its state without a round', () => {
    const ended = { training: { ...running, state: 'cancelled' as const }, round: null }
    expect(withChange(known, ended).shown[0]).toMatchObject({ state: 'cancelled' })
    expect(roundsOf(withChange(known, ended))).toEqual([1])
  })

  it('is one of the newest few', () => {
    const many = [5, 4, 3, 2, 1].map((number) => ({ ...view, number }))
    const shown = layInTrainings(known, many).shown.map(({ number }) => number)
    expect(shown).toEqual([5, 4, 3].slice(0, TRAININGS_MAX))
  })
})
