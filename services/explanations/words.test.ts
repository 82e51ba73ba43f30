/** Parts and spans as people read them. */
import { describe, expect, it } from 'vitest'
import type { ForecastPart } from './view.ts'
import { partWords, spanWords } from './words.ts'

const part = (over: Partial<ForecastPart>): ForecastPart => ({
  name: 'rest',
  seasonMs: null,
  model: null,
  covariate: null,
  values: [],
  ...over,
})

describe('words', () => {
  it.each([
    [86_400_000, 'a day'],
    [7 * 86_400_000, 'a week'],
    [3_600_000, 'an hour'],
    [240_000, '4 minutes'],
    [90_000, '90 seconds'],
    [500, '0.5 seconds'],
  ])('of %i ms are "%s"', (ms, words) => {
    expect(spanWords(ms)).toBe(words)
  })

  it('name each part', () => {
    expect(partWords(part({ name: 'season', seasonMs: 86_400_000 }))).toBe('season of a day')
    expect(partWords(part({ name: 'covariate', covariate: 'sale' }))).toBe('sale')
    expect(partWords(part({ model: 'gru' }))).toBe('all that gru says')
    expect(partWords(part({}))).toBe('rest')
    expect(partWords(part({ name: 'level' }))).toBe('level')
  })
})
