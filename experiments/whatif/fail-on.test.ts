/** Conditions of a pull-request check: their grammar, and when they are met. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Facts, judge, readCondition } from './fail-on.ts'

const facts = (more: Partial<Facts> = {}): Facts => ({
  total: () => 0.002,
  rise: () => ({ from: 100, to: 107, low: 2 }),
  missing: () => [],
  ...more,
})

describe('a condition', () => {
  it.each([
    ['cost+5%', { arm: 'manifest', figure: 'cost', test: { kind: 'rise', share: 0.05 } }],
    ['violations', { arm: 'manifest', figure: 'violations', test: { kind: 'missed' } }],
    [
      'violations>0.1%',
      { arm: 'manifest', figure: 'violations', test: { kind: 'over', bound: 0.001 } },
    ],
    [
      'forescale.shortage > 30',
      { arm: 'forescale', figure: 'shortage', test: { kind: 'over', bound: 30 } },
    ],
    [
      'replica-hours+0%',
      { arm: 'manifest', figure: 'replica-hours', test: { kind: 'rise', share: 0 } },
    ],
  ])('%s is read', (text, condition) => {
    expect(readCondition(text)).toEqual({ text, ...condition })
  })

  it.each([
    ['price>5', 'manifest|baseline|forescale'],
    ['cost', 'only violations and shortage stand alone'],
    ['cost+5', 'cost+5%'],
    ['cost>5%', '% with > of violations only'],
    ['baseline.cost+5%', 'not of the baseline'],
    ['cost<5', 'alone or with'],
    ['', 'alone or with'],
  ])('"%s" is refused, with what is allowed', (text, allowed) => {
    expect(() => readCondition(text)).toThrow(allowed)
  })

  it('is met over its bound, and not at it', () => {
    expect(judge(readCondition('violations>0.1%'), facts()).isMet).toBe(true)
    expect(judge(readCondition('violations>0.2%'), facts()).isMet).toBe(false)
  })

  it('of a rise is met only when it is more than chance', () => {
    const rise = readCondition('cost+5%')
    expect(judge(rise, facts())).toEqual({
      ...{ condition: 'cost+5%', isMet: true, why: '$100 a day → $107 a day' },
    })
    const chance = judge(rise, facts({ rise: () => ({ from: 100, to: 107, low: -1 }) }))
    expect(chance).toMatchObject({ isMet: false, why: expect.stringContaining('may be chance') })
    expect(judge(readCondition('cost+7%'), facts()).isMet).toBe(false)
  })

  it('without a bound names the services that miss', () => {
    const missing = () => ['web', 'auth']
    expect(judge(readCondition('violations'), facts({ missing }))).toMatchObject({
      ...{ isMet: true, why: 'manifest: web, auth' },
    })
    expect(judge(readCondition('shortage'), facts()).isMet).toBe(false)
  })

  it('needs a baseline to compare with', () => {
    expect(() => judge(readCondition('cost+5%'), facts({ rise: () => undefined }))).toThrow(
      'needs --baseline',
    )
  })

  it('is monotone: what fails at a bound fails at every lower one', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), fc.nat(200), (value, a, b) => {
        const met = (bound: number) =>
          judge(readCondition(`cost>${bound}`), facts({ total: () => value })).isMet
        if (met(Math.max(a, b))) expect(met(Math.min(a, b))).toBe(true)
      }),
      { seed: 1 },
    )
  })
})
