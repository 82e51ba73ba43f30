/**
 * Series that are meant to break the forecaster: a catalogue by name, and a thousand mixtures of such stretches drawn at
 * random. Whatever comes: it does not throw, quantiles are finite, not negative and never cross, the work of a fit
 * and of a step is bounded by counts that the values cannot raise, and a forecaster that went through JSON goes on the same.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ForecastConfig } from './config.ts'
import type { Contestant } from './contest.ts'
import {
  ForecastDocument,
  LEVELS,
  type MemberKind,
  ModelKind,
  quantileAt,
  toDocument,
} from './forecast.ts'
import { advance, fitForecaster, forecastAt } from './forecaster.ts'
import { type ForecasterState, readForecaster } from './forecaster-state.ts'
import { modelOf } from './models/registry.ts'
import { probesOf } from './probes.ts'
import { seededRandom } from './random.ts'

const STEP_MS = 60_000
const SEASON = 24
const FOLLOWED = 50
/** Steps after the fit at which a forecast is asked for. */
const ASKED = [0, 1, 2, 9, 30, FOLLOWED]
const MEMBERS = ModelKind.exclude(['ensemble']).options

type Draw = (i: number, random: () => number) => number
const wave = (i: number): number => 20 + 10 * Math.sin((2 * Math.PI * i) / SEASON)

const STRETCHES = {
  constant: () => 7,
  zeros: () => 0,
  'negative zero': () => -0,
  'one value, then nothing': (i) => (i === 0 ? 3 : Number.NaN),
  'nothing seen': () => Number.NaN,
  gaps: (i) => (i % 7 < 3 ? Number.NaN : wave(i)),
  'random gaps': (i, random) => (random() < 0.5 ? Number.NaN : wave(i)),
  'largest and smallest doubles': (i) => [1e308, -1e308, Number.MAX_VALUE, wave(i)][i % 4]!,
  infinities: (i) => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, wave(i)][i % 3]!,
  steps: (i) => (Math.floor(i / 40) % 2 === 0 ? 1 : 1000),
  'one step up, for good': (i) => (i < 60 ? 1 : 1e9),
  'down to zero, for good': (i) => (i < 60 ? 500 : 0),
  sawtooth: (i) => i % 13,
  'sawtooth of the season': (i) => 100 * (i % SEASON),
  'heavy tails (Pareto 0.5)': (_, random) => (1 - random()) ** -2,
  'no mean at all (Cauchy)': (_, random) => Math.abs(Math.tan(Math.PI * (random() - 0.5))),
  'huge and small by turns': (i) => (i % 2 === 0 ? 1e12 : 1e-12),
  'growth to the limit and past it': (i) => 1.2 ** (i + 100),
  decay: (i) => 1e12 * 0.8 ** i,
  'one spike': (i) => (i === 50 ? 1e12 : wave(i)),
  'a spike a season': (i) => (i % SEASON === 5 ? 1e6 : 0),
  negative: (i) => -wave(i),
  denormals: (i) => Number.MIN_VALUE * (i % 5),
  'barely above denormal': (i) => 2.3e-308 * (1 + (i % 3)),
  'mostly zero': (i) => (i % 11 === 0 ? 50 : 0),
  'equal but for rounding': (i) => 0.1 + 0.2 + Number.EPSILON * (i % 2),
  'random walk': (i, random) => 1e3 + 30 * Math.sin(i / 9) + 100 * random() * Math.sqrt(i),
  'usual load': (i, random) => wave(i) + random(),
} as const satisfies Record<string, Draw>
const drawOf = (name: string): Draw => STRETCHES[name as keyof typeof STRETCHES]

/** Stretches one after the other. */
interface Mixture {
  readonly parts: readonly { readonly name: string; readonly length: number }[]
  readonly scale: number
  readonly seed: number
}

function valuesOf({ parts, scale, seed }: Mixture): Float64Array {
  const random = seededRandom(seed)
  return Float64Array.from(
    parts.flatMap(({ name, length }) =>
      Array.from({ length }, (_, i) => scale * drawOf(name)(i, random)),
    ),
  )
}

interface Case {
  readonly history: Float64Array
  readonly later: Float64Array
  readonly config: ForecastConfig
  readonly seed: number
}

const target = { service: 'search', metric: 'requests_per_second', stepMs: STEP_MS }

/**
 * Every quantile of every step: finite, not negative, never under that of a lower level; the rest: what the schema of a
 * travelling forecast accepts, and not just because JSON makes null of what is not finite. Gives what travels.
 */
function soundDocument(state: ForecasterState, config: ForecastConfig): string {
  const forecast = forecastAt(state, 0, target, config)
  expect(forecast.point.length).toBe(config.horizonSteps)
  for (let k = 0; k < forecast.point.length; k++) {
    let below = 0
    for (let level = 0; level < LEVELS.length; level++) {
      const quantile = quantileAt(forecast, level, k)
      if (!(Number.isFinite(quantile) && quantile >= below))
        throw new Error(
          `${forecast.model.kind}: quantile ${LEVELS[level]} of step ${k} is ${quantile}, must be finite and at least ${below}`,
        )
      below = quantile
    }
  }
  return JSON.stringify(ForecastDocument.parse(toDocument(forecast)))
}

function expectScores({ scaledPinball, mase }: Contestant): void {
  for (const score of [scaledPinball, mase])
    if (score !== null && !(score >= 0 && Number.isFinite(score)))
      throw new Error(`a score is ${score}, must be null or finite and at least 0`)
}

const thawed = (state: ForecasterState) => readForecaster(JSON.parse(JSON.stringify(state)))

/** Fits, follows, forecasts, with every promise checked on the way. */
function live({ history, later, config, seed }: Case): void {
  const calls = countCalls(config)
  const { state, contest } = fitForecaster({ ...target, startMs: 0, values: history }, config, seed)
  calls.expectFitWithin(history.length)
  for (const contestant of contest) expectScores(contestant)
  let own = state
  let other = thawed(state)
  calls.reset()
  for (let step = 0; step <= FOLLOWED; step++) {
    if (ASKED.includes(step)) {
      expect(soundDocument(other, config)).toBe(soundDocument(own, config))
      // a second border in between: what the steps wrote can be stored too
      if (step === 9) other = thawed(own)
    }
    if (step === FOLLOWED) break
    own = advance(own, later[step]!)
    other = advance(other, later[step]!)
  }
  calls.expectFollowWithin(own)
}

let spies: ReturnType<typeof spyOnModels>
beforeEach(() => {
  spies = spyOnModels()
})
afterEach(() => vi.restoreAllMocks())

/** Calls of the real models, counted. */
function spyOnModels() {
  return MEMBERS.map((kind) => {
    const model = modelOf(kind)
    const counted = { fit: 0, update: 0, next: 0, predict: 0 }
    for (const name of ['fit', 'update', 'next', 'predict'] as const) {
      const real = model[name].bind(model) as (...given: unknown[]) => unknown
      vi.spyOn(model, name).mockImplementation(((...given: unknown[]) => {
        counted[name]++
        return real(...given)
      }) as never)
    }
    return { kind, counted }
  })
}

/** The work of a fit and of a step in calls of models: what the values are must not change its bounds. */
function countCalls(config: ForecastConfig) {
  const reset = (): void => {
    for (const { counted } of spies)
      Object.assign(counted, { fit: 0, update: 0, next: 0, predict: 0 })
  }
  reset()
  return {
    reset,
    /** Once for the contest, once for good, and once as the fallback; a walk over the tested part. */
    expectFitWithin(steps: number): void {
      for (const { kind, counted } of spies) {
        const { fit, update, predict } = counted
        if (fit > 3 || update > 2 * steps || predict > config.origins + 4)
          throw new Error(`a fit on ${steps} steps took ${JSON.stringify(counted)} of ${kind}`)
      }
    },
    /** Two forecasters followed: each member and the fallbacks a step each, and the looks ahead. */
    expectFollowWithin(state: ForecasterState): void {
      const kinds = new Set<MemberKind>([
        ...state.members.map(({ kind }) => kind),
        'seasonal-naive',
        'last-value',
      ])
      const forecasts = 3 * ASKED.length
      for (const { kind, counted } of spies) {
        const { fit, update, next, predict } = counted
        const may = kinds.has(kind) ? 4 * FOLLOWED : 0
        if (fit > 0 || update > may || next > may || predict > 2 * may + forecasts)
          throw new Error(`following took ${JSON.stringify(counted)} of ${kind}`)
      }
      const probes = probesOf(config.horizonSteps).length
      expect(state.losses.length).toBe(probes * state.members.length)
    },
  }
}

const DEFAULTS = ForecastConfig.parse({ horizonSteps: 12, origins: 10 })
const SEASONS: Readonly<Record<string, number[] | undefined>> = {
  'seasons found': undefined,
  'a season configured': [SEASON * STEP_MS],
}
/** What an adversary does after the fit: every stretch a few steps. */
const EVERYTHING: Mixture = {
  parts: Object.keys(STRETCHES).map((name) => ({ name, length: 3 })),
  scale: 1,
  seed: 5,
}

describe.each(Object.entries(SEASONS))('the default forecaster, %s', (_, seasonsMs) => {
  const config: ForecastConfig = seasonsMs ? { ...DEFAULTS, seasonsMs } : DEFAULTS

  it.each(Object.keys(STRETCHES))('stays sound on: %s', (name) => {
    for (const length of [0, 1, 2, SEASON, 5 * SEASON + 7]) {
      const alone = (steps: number, seed: number) =>
        valuesOf({ parts: [{ name, length: steps }], scale: 1, seed })
      live({ history: alone(length, 1), later: alone(FOLLOWED, 2), config, seed: 1 })
      live({ history: alone(length, 1), later: valuesOf(EVERYTHING), config, seed: 1 })
    }
  })
})

const anyStretch = fc.constantFrom(...Object.keys(STRETCHES))
const anyScale = fc.oneof(
  { weight: 4, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constantFrom(1e-300, 1e-9, 1e6, 1e11, 1e300, -1) },
)
const mixtureOf = (total: fc.Arbitrary<number>): fc.Arbitrary<Mixture> =>
  fc
    .record({
      total,
      names: fc.array(anyStretch, { minLength: 1, maxLength: 4 }),
      scale: anyScale,
      seed: fc.integer({ min: 1, max: 1e6 }),
    })
    .map(({ total, names, scale, seed }) => ({
      parts: names.map((name, i) => ({
        name,
        length:
          Math.floor((total * (i + 1)) / names.length) - Math.floor((total * i) / names.length),
      })),
      scale,
      seed,
    }))
const anyConfig = fc.record({
  seasonsMs: fc.constantFrom<number[] | undefined>(
    undefined,
    undefined,
    [SEASON * STEP_MS],
    [7 * STEP_MS, SEASON * STEP_MS],
    [1000 * STEP_MS],
  ),
  horizonSteps: fc.constantFrom(1, 12, 40),
  origins: fc.constantFrom(2, 8),
  models: fc
    .uniqueArray(fc.constantFrom(...MEMBERS), { minLength: 1, maxLength: 2 })
    .map((kinds): ModelKind[] => ['ensemble', ...kinds]),
})

describe('mixtures drawn at random', () => {
  it('leave every forecaster sound: 1,000 of them', () => {
    fc.assert(
      fc.property(
        mixtureOf(fc.integer({ min: 0, max: 400 })),
        mixtureOf(fc.constant(FOLLOWED)),
        anyConfig,
        (before, after, { seasonsMs, ...more }) => {
          const config = { ...DEFAULTS, ...more, ...(seasonsMs ? { seasonsMs } : {}) }
          live({ history: valuesOf(before), later: valuesOf(after), config, seed: before.seed })
        },
      ),
      { numRuns: 1000, seed: 11 },
    )
  }, 300_000)
})
