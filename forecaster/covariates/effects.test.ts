/** Effects are laid over a load and taken off again alike; what is not known yet is not made up. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Effect,
  type Effects,
  effectsOf,
  followCovariates,
  levelsAhead,
  readEffects,
  withEffect,
  withoutEffect,
} from './effects.ts'

const event = (over: Partial<Effect> = {}): Effect => ({
  name: 'campaign',
  kind: 'event',
  weight: Math.log(2),
  error: 0.1,
  most: 1,
  usual: new Float64Array(1),
  scale: 1,
  newest: 0,
  ...over,
})
const series = event({ kind: 'series', weight: 0.1, most: 4, usual: Float64Array.of(10, 20) })
const of = (...effects: Effect[]): Effects => ({ form: 'multiplicative', effects, position: 0 })

describe('an effect', () => {
  it('taken off and laid over again gives the load back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('multiplicative', 'additive'),
        fc.double({ min: 100, max: 1e6, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (form, load, effect) => {
          expect(withEffect(form, withoutEffect(form, load, effect), effect)).toBeCloseTo(load, 6)
        },
      ),
    )
  })

  it('never makes a load negative or infinite; a load not seen stays so', () => {
    expect(withoutEffect('additive', 3, 10)).toBe(0)
    expect(withEffect('multiplicative', 1e12, 3)).toBe(1e12)
    expect(withoutEffect('multiplicative', Number.NaN, 1)).toBeNaN()
  })
})

describe('the coming steps', () => {
  it('have the effects of what is planned for them, others none', () => {
    const effects = of(event(), event({ weight: Math.log(3) }))
    const ahead = [Float64Array.of(0, 1, 1), Float64Array.of(0, 0, 1)]
    const sums = effectsOf(effects, levelsAhead(effects, ahead, 4))
    expect([...sums].map((sum) => Math.round(Math.exp(sum)))).toEqual([1, 2, 6, 1])
  })

  it('take a value larger than any seen for the largest seen, and all together for twentyfold at most', () => {
    const one = of(event())
    expect(effectsOf(one, levelsAhead(one, [Float64Array.of(50)], 1))[0]).toBeCloseTo(Math.log(2))
    const many = of(...Array.from({ length: 9 }, () => event()))
    const ahead = many.effects.map(() => Float64Array.of(1))
    expect(effectsOf(many, levelsAhead(many, ahead, 1))[0]).toBeCloseTo(Math.log(20))
  })

  it('keep a metric as far from its usual value as it was last known to be', () => {
    const effects = of({ ...series, newest: 1 })
    // position 0 is usually 10, position 1 usually 20
    expect([...levelsAhead(effects, [Float64Array.of(13)], 3)]).toEqual([3, 3, 3])
    expect([...levelsAhead(effects, [], 2)]).toEqual([1, 1])
    followCovariates(effects, [12])
    expect(effects).toMatchObject({ position: 1, effects: [{ newest: 2 }] })
    expect([...levelsAhead(effects, [Float64Array.of(21)], 1)]).toEqual([1])
  })
})

describe('a stored state', () => {
  it('comes back from JSON', () => {
    const effects = of(event(), series)
    expect(readEffects(JSON.parse(JSON.stringify(effects)))).toEqual(effects)
  })
})
