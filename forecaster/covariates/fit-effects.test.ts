/** What covariates do is found where they do something, and only there, from nothing but what was known. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import type { Covariate } from './effects.ts'
import { fitEffects } from './fit-effects.ts'

const DAY = 96
const HORIZON = 24

/** Ten days with a noisy wave, on which `factorAt` acts. */
function loads(seed: number, factorAt: (t: number) => number, days = 10, noise = 0.1) {
  const random = seededRandom(seed)
  return Float64Array.from({ length: days * DAY }, (_, t) => {
    const wave = 100 + 40 * Math.sin((2 * Math.PI * t) / DAY)
    const chance = random() + random() + random() - 1.5
    return wave * factorAt(t) * Math.exp(2 * noise * chance)
  })
}

function event(name: string, starts: readonly number[], length = 12, steps = 12 * DAY): Covariate {
  const values = new Float64Array(steps)
  for (const start of starts) values.fill(1, start, start + length)
  return { name, kind: 'event', values, aheadSteps: Number.POSITIVE_INFINITY }
}

const campaign = event('campaign', [150, 410, 730])
const during =
  ({ values }: Covariate, factor: number) =>
  (t: number) =>
    values[t] === 1 ? factor : 1

describe('an event that doubles the load', () => {
  it('is found, with its factor, seen three times before', () => {
    const { effects, verdicts } = fitEffects(
      loads(1, during(campaign, 2)),
      [campaign],
      [DAY],
      HORIZON,
    )
    expect(effects?.form).toBe('multiplicative')
    expect(Math.exp(effects!.effects[0]!.weight)).toBeCloseTo(2, 0)
    expect(verdicts).toMatchObject([{ name: 'campaign', used: true, note: '' }])
    expect(verdicts[0]!.effect).toBeGreaterThan(1.8)
    expect(verdicts[0]!.lossRatio).toBeLessThan(0.4)
    // what it was missed by on held-out events: well below the effect itself
    expect(effects!.effects[0]!.error).toBeLessThan(0.3)
  })

  it('is found on a load without noise and without season', () => {
    const twice = event('campaign', [100, 200, 300], 10, 400)
    const seen = Float64Array.from({ length: 400 }, (_, t) => 50 * during(twice, 3)(t))
    const { effects } = fitEffects(seen, [twice], [], HORIZON)
    expect(effects).toMatchObject({ form: 'multiplicative' })
    expect(effects!.effects[0]!.weight).toBeCloseTo(Math.log(3), 6)
  })

  it('is not believed after one time', () => {
    const once = event('campaign', [410])
    const { effects, verdicts } = fitEffects(loads(1, during(once, 2)), [once], [DAY], HORIZON)
    expect(effects).toBeNull()
    expect(verdicts).toMatchObject([{ used: false, note: 'seen once; needs two to be tested' }])
  })

  it('keeps its factor beside another that acts at the same time', () => {
    const release = event('release', [156, 500, 736])
    const both = loads(3, (t) => during(campaign, 2)(t) * during(release, 0.5)(t))
    const { effects } = fitEffects(both, [campaign, release], [DAY], HORIZON)
    const factors = effects!.effects.map(({ name, weight }) => [name, Math.exp(weight)] as const)
    expect(Object.fromEntries(factors)).toMatchObject({
      campaign: expect.closeTo(2, 0.5),
      release: expect.closeTo(0.5, 0.5),
    })
  })
})

describe('where nothing comes without it', () => {
  it('an event adds to the load rather than multiplying it', () => {
    const batch = event('batch', [100, 300, 500, 700], 12)
    const seen = Float64Array.from({ length: 10 * DAY }, (_, t) => 80 * (batch.values[t] ?? 0))
    const { effects } = fitEffects(seen, [batch], [], HORIZON)
    expect(effects?.form).toBe('additive')
    expect(effects!.effects[0]!.weight).toBeCloseTo(80, 0)
  })
})

describe('another metric', () => {
  const steps = 10 * DAY
  const random = seededRandom(9)
  /** Wanders about its day, slowly. */
  const orders = new Float64Array(steps + HORIZON)
  let wander = 0
  for (let t = 0; t < orders.length; t++) {
    wander = 0.9 * wander + (random() - 0.5)
    orders[t] = 20 + 5 * Math.sin((2 * Math.PI * t) / DAY) + 3 * wander
  }
  const usual = (t: number) => 20 + 5 * Math.sin((2 * Math.PI * t) / DAY)
  const metric: Covariate = { name: 'orders', kind: 'series', values: orders, aheadSteps: HORIZON }

  it('acts by how far it is from what it usually is at that time', () => {
    const seen = loads(4, (t) => Math.exp(0.08 * (orders[t]! - usual(t))), 10, 0.05)
    const { effects } = fitEffects(seen, [metric], [DAY], HORIZON)
    const { weight, scale } = effects!.effects[0]!
    expect(weight / scale).toBeGreaterThan(0.05)
    expect(weight / scale).toBeLessThan(0.1)
  })

  it('that has nothing to do with the load is left out', () => {
    expect(
      fitEffects(
        loads(5, () => 1),
        [metric],
        [DAY],
        HORIZON,
      ).effects,
    ).toBeNull()
  })
})

describe('a covariate that does nothing', () => {
  it('is left out, but for one in a hundred at most', () => {
    let kept = 0
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(1000 + seed)
      const starts = [1, 4, 7].map((day) => Math.floor(day * DAY + random() * 2 * DAY))
      const useless = event('useless', starts, 4 + Math.floor(random() * 20))
      if (
        fitEffects(
          loads(seed, () => 1),
          [useless],
          [DAY],
          HORIZON,
        ).effects
      )
        kept++
    }
    expect(kept).toBeLessThanOrEqual(1)
  })
})

describe('whatever is given', () => {
  const value = fc.oneof(fc.double({ min: 0, max: 1e12 }), fc.constantFrom(0, Number.NaN, 1, 1e12))
  const effect = fc.oneof(fc.double(), fc.constantFrom(0, 0, 0, 1, Number.NaN, -1e308))

  it('effects are finite, and values beyond the end of the history are not looked at', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 200 }),
        fc.array(fc.tuple(effect, effect), { minLength: 250, maxLength: 250 }),
        fc.constantFrom([], [2], [24], [7, 50]),
        (history, rows, seasons) => {
          const covariatesOf = (later: number): Covariate[] =>
            (['event', 'series'] as const).map((kind, c) => ({
              name: kind,
              kind,
              aheadSteps: kind === 'event' ? Number.POSITIVE_INFINITY : 3,
              values: Float64Array.from(rows, (row, t) => (t < history.length ? row[c]! : later)),
            }))
          const loads = Float64Array.from(history)
          const fit = fitEffects(loads, covariatesOf(0), seasons, HORIZON)
          expect(fitEffects(loads, covariatesOf(7), seasons, HORIZON)).toEqual(fit)
          for (const { weight, error, most, scale } of fit.effects?.effects ?? [])
            expect([weight, error, most, scale].every(Number.isFinite)).toBe(true)
        },
      ),
      { numRuns: 150 },
    )
  })
})
