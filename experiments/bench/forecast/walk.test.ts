import { describe, expect, it } from 'vitest'
import { ForecastConfig } from '../../../forecaster/config.ts'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { seededRandom } from '../../../forecaster/random.ts'
import { naiveQuantiles } from './entrants.ts'
import { lessonOf } from './networks.ts'
import { splitOf } from './split.ts'
import type { Trace } from './trace.ts'
import { historyAt, walk } from './walk.ts'

const STEP_MS = 3_600_000

function traceOf(length: number): Trace {
  const random = seededRandom(3)
  const values = Float64Array.from(
    { length },
    (_, i) => 100 + 50 * Math.sin((2 * Math.PI * i) / 24) + 10 * random(),
  )
  return { id: 'sine', startMs: 0, stepMs: STEP_MS, values }
}

/** The same trace with another future from `at` on. */
function changedFrom(trace: Trace, at: number): Trace {
  const values = trace.values.slice()
  for (let i = at; i < values.length; i++) values[i] = 1e6 + i
  return { ...trace, values }
}

describe('a walk', () => {
  const trace = traceOf(600)
  const split = splitOf(trace, 3)!
  const config = ForecastConfig.parse({ models: ['seasonal-naive'] })
  const plan = { config, seed: 1, refits: 2, dense: false }
  const perOrigin = LEVELS.length * split.reach

  it('shows a forecast nothing from its origin on', () => {
    const before = walk(trace, split, plan).quantiles
    split.origins.forEach((origin, o) => {
      const after = walk(changedFrom(trace, origin), split, plan).quantiles
      expect(after.subarray(0, (o + 1) * perOrigin)).toEqual(
        before.subarray(0, (o + 1) * perOrigin),
      )
    })
  })

  it('issues the same forecasts whether or not it is asked at every step', () => {
    const dense = walk(trace, split, { ...plan, dense: true })
    expect(dense.quantiles).toEqual(walk(trace, split, plan).quantiles)
    expect(dense.dense!.ours.map(({ horizon }) => horizon)).toEqual(['5', '15', '60', 'day'])
  })

  it('fits on the configured history only', () => {
    const short = ForecastConfig.parse({ historySteps: 100 })
    const history = historyAt(trace, 450, short)
    expect(history.values).toEqual(trace.values.slice(350, 450))
    expect(history.startMs).toBe(350 * STEP_MS)
  })
})

describe('what a network may learn from a trace', () => {
  it('ends before the test part, and before what the first contest tests on', () => {
    const trace = traceOf(600)
    const split = splitOf(trace, 3)!
    const lesson = lessonOf({ trace, split })!
    expect(lesson.values.length).toBeLessThan(split.testFrom)
    const other = lessonOf({ trace: changedFrom(trace, split.testFrom), split })
    expect(other).toEqual(lesson)
  })
})

describe('a naive forecast', () => {
  const trace = traceOf(600)
  const split = splitOf(trace, 3)!
  const perOrigin = LEVELS.length * split.reach

  it('shows a forecast nothing from its origin on', () => {
    for (const season of [1, 24]) {
      const before = naiveQuantiles({ trace, split }, season)
      split.origins.forEach((origin, o) => {
        const after = naiveQuantiles({ trace: changedFrom(trace, origin), split }, season)
        const upTo = (o + 1) * perOrigin
        expect(after.subarray(0, upTo)).toEqual(before.subarray(0, upTo))
      })
    }
  })

  it('repeats yesterday where yesterday repeats', () => {
    const values = Float64Array.from({ length: 600 }, (_, i) => i % 24)
    const quantiles = naiveQuantiles({ trace: { ...trace, values }, split }, 24)
    const [origin] = split.origins
    for (let k = 0; k < split.reach; k++)
      for (let level = 0; level < LEVELS.length; level++)
        expect(quantiles[level * split.reach + k]).toBe(values[origin! + k])
  })
})
