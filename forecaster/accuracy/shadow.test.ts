import { describe, expect, it } from 'vitest'
import { type Forecast, LEVELS } from '../forecast.ts'
import { LifecycleConfig } from '../lifecycle-config.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { probesOf } from '../probes.ts'
import { seededRandom } from '../random.ts'
import { forecastOfQuantiles } from '../test-forecasts.ts'
import { meanPinball } from './pinball.ts'
import {
  issue,
  planShadow,
  resolve,
  review,
  type Shadow,
  startShadow,
  type Verdict,
  wantsIssue,
} from './shadow.ts'

const config = LifecycleConfig.parse({ reviewSteps: 80, reviews: 3 })
const HORIZON = 16

/** The same normal distribution for every step ahead. */
function around(centre: number, deviation = 1, horizonSteps = HORIZON): Forecast {
  const quantiles = LEVELS.map((level) => centre + deviation * normalQuantile(level))
  const offsets = probesOf(horizonSteps).flatMap(() => quantiles)
  const one = forecastOfQuantiles(quantiles)
  return {
    ...one,
    point: new Float64Array(horizonSteps),
    band: { ...one.band, horizonSteps, offsets: Float64Array.from(offsets) },
  }
}

function normals(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

interface Duel {
  readonly champion: () => Forecast
  readonly challenger: () => Forecast
  readonly load: (step: number) => number
  readonly needed?: boolean
}

/** Runs a contest to its end; every review in order. */
function duel({ champion, challenger, load, needed = false }: Duel): {
  shadow: Shadow
  verdicts: Verdict[]
} {
  const shadow = startShadow(planShadow(HORIZON, config))
  const verdicts: Verdict[] = []
  for (;;) {
    if (wantsIssue(shadow)) issue(shadow, champion(), challenger())
    resolve(shadow, load(shadow.steps))
    const verdict = review(shadow, needed)
    if (verdict) verdicts.push(verdict)
    if (verdict && verdict.outcome !== 'go-on') return { shadow, verdicts }
  }
}

describe('a contest', () => {
  it('scores both from the same issue times by the pinball loss at the probes', () => {
    const { shadow } = duel({
      champion: () => around(50),
      challenger: () => around(53),
      load: () => 50.5,
    })
    const row = (centre: number) => LEVELS.map((level) => centre + normalQuantile(level))
    expect(shadow.championLosses.length).toBe(shadow.challengerLosses.length)
    // one in two steps; those whose steps are not over are not scored
    expect(shadow.championLosses.length).toBe((3 * 80) / 2 + 1)
    expect(shadow.championLosses[0]).toBeCloseTo(meanPinball(row(50), 50.5), 12)
    expect(shadow.challengerLosses[0]).toBeCloseTo(meanPinball(row(53), 50.5), 12)
  })

  it('is reviewed when forecasts of whole review periods have come true, and at no other time', () => {
    const shadow = startShadow(planShadow(HORIZON, config))
    const at: number[] = []
    while (shadow.steps < 400) {
      if (wantsIssue(shadow)) issue(shadow, around(50), around(50))
      resolve(shadow, 50)
      if (review(shadow, false)) at.push(shadow.steps)
    }
    expect(at.slice(0, 3)).toEqual([96, 176, 256])
  })

  it('looks no further ahead than a quarter of a review period, and issues at most eight times in it', () => {
    expect(planShadow(1440, config)).toMatchObject({ horizonSteps: 20, strideSteps: 3 })
    expect(planShadow(5, config)).toMatchObject({ horizonSteps: 5, strideSteps: 1 })
  })

  it('scores nobody for steps that were not measured', () => {
    const { shadow, verdicts } = duel({
      champion: () => around(50),
      challenger: () => around(53),
      load: (step) => (step % 3 === 0 ? 50 : Number.NaN),
    })
    expect(shadow.championLosses.every(Number.isFinite)).toBe(true)
    expect(verdicts.at(-1)!.outcome).toBe('retire')
  })

  it('in which nothing is measured ends, without anybody having won', () => {
    const { verdicts } = duel({
      champion: () => around(50),
      challenger: () => around(53),
      load: () => Number.NaN,
      needed: true,
    })
    expect(new Set(verdicts.slice(0, -1).map(({ why }) => why))).toEqual(new Set(['undecided']))
    expect(verdicts.at(-1)).toMatchObject({ outcome: 'retire', why: 'not-better', review: 3 })
  })
})

describe('a challenger', () => {
  const normal = normals(1)
  const load = () => 50 + normal()

  it('that is clearly better is promoted, one that is clearly worse is retired', () => {
    const better = duel({ champion: () => around(52), challenger: () => around(50), load })
    expect(better.verdicts.at(-1)).toMatchObject({ outcome: 'promote', why: 'better' })
    const worse = duel({ champion: () => around(50), challenger: () => around(52), load })
    expect(worse.verdicts.at(-1)).toMatchObject({ outcome: 'retire', why: 'worse' })
  })

  it('that is the same never wins, and is retired at the last review', () => {
    const { verdicts } = duel({ champion: () => around(50), challenger: () => around(50), load })
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['go-on', 'go-on', 'retire'])
    expect(verdicts.at(-1)!.test).toBeUndefined()
  })

  it('that has not lost more takes the place of a champion that drifts or is too old', () => {
    const same = { champion: () => around(50), challenger: () => around(50), load, needed: true }
    const { shadow, verdicts } = duel(same)
    expect(verdicts).toMatchObject([{ outcome: 'promote', why: 'not-worse', review: 0, alpha: 0 }])
    expect(shadow.steps).toBe(2 * HORIZON) // as soon as forecasts of a whole horizon have come true
    const worse = duel({ ...same, challenger: () => around(51) })
    expect(worse.verdicts.at(-1)!.outcome).toBe('retire')
  })

  it('that is no better wins in at most α of all contests, all reviews together', () => {
    const contests = 1500
    let won = 0
    const chance = normals(9)
    for (let i = 0; i < contests; i++) {
      // as good on average: each is off by chance anew in every review, for as long as forecasts overlap and longer
      let champion = around(50)
      let challenger = around(50)
      let since = 0
      const { verdicts } = duel({
        champion: () => {
          if (since++ % 10 === 0) {
            champion = around(50 + chance())
            challenger = around(50 + chance())
          }
          return champion
        },
        challenger: () => challenger,
        load: () => 50 + chance(),
      })
      if (verdicts.at(-1)!.outcome === 'promote') won++
    }
    expect(won / contests).toBeLessThan(config.alpha + 3 * Math.sqrt(0.05 / contests))
    expect(won).toBeGreaterThan(0)
  })
})
