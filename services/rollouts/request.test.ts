/** What may be asked for when a rollout is begun, and what is made of it. */
import { describe, expect, it } from 'vitest'
import { RolloutError, RolloutRequest, rolloutOf, type Standing } from './request.ts'
import type { Strategy } from './rollout.ts'

const VERSION = '0123456789abcdef'
const learned: Strategy = { policy: 'learned', version: VERSION }
const predictive: Strategy = { policy: 'predictive', version: null }
const reactive: Strategy = { policy: 'reactive', version: null }

const standing = (over: Partial<Standing> = {}): Standing => ({
  services: ['a', 'b'],
  strategyOf: () => predictive,
  leadTicksOf: (service) => (service === 'a' ? 2 : 6),
  tick: 40,
  nowMs: 1000,
  ...over,
})
const ask = (request: object, over: Partial<Standing> = {}) =>
  rolloutOf(RolloutRequest.parse({ candidate: learned, ...request }), 'ann', standing(over))

function refusal(request: object, over: Partial<Standing> = {}): RolloutError {
  try {
    ask(request, over)
  } catch (error) {
    if (error instanceof RolloutError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('a rollout', () => {
  it('begins in the shadow on all services, in blocks of four times the longest lead', () => {
    expect(ask({ why: 'better' })).toMatchObject({
      ...{ kind: 'rollout', stage: 'shadow', services: ['a', 'b'], blockTicks: 24 },
      before: { a: predictive, b: predictive },
      stageFromTick: 40,
      changes: [{ stage: 'shadow', tick: 40, atMs: 1000, by: 'ann', why: 'better' }],
    })
    expect(ask({ services: ['a'] }).blockTicks).toBe(8)
    expect(ask({ settings: { blockTicks: 50 } }).blockTicks).toBe(50)
  })

  it('of a comparison begins in canary, half and half unless told otherwise', () => {
    const comparison = { kind: 'comparison', champion: predictive, candidate: reactive }
    expect(ask(comparison)).toMatchObject({ stage: 'canary', settings: { share: 0.5 } })
    expect(ask({ ...comparison, settings: { share: 0.3 } }).settings.share).toBe(0.3)
    expect(ask({}).settings.share).toBe(0.2)
  })

  it('is refused with the field, its value and what is allowed', () => {
    expect(refusal({ services: ['a', 'nosuch'] })).toMatchObject({
      ...{ field: 'services.1', value: 'nosuch', allowed: 'a | b' },
    })
    expect(refusal({ candidate: predictive }).field).toBe('candidate')
    expect(refusal({ champion: reactive })).toMatchObject({ field: 'champion', value: reactive })
    expect(refusal({ candidate: reactive })).toMatchObject({ field: 'from', value: null })
    expect(refusal({}, { strategyOf: () => reactive }).message).toContain('"canary" or "full"')
    expect(
      refusal({ kind: 'comparison', champion: predictive, candidate: reactive, from: 'full' }),
    ).toMatchObject({ field: 'from', value: 'full' })
  })

  it('with a reactive strategy may begin in canary', () => {
    expect(ask({ candidate: reactive, from: 'canary' }).stage).toBe('canary')
  })
})

describe('a strategy', () => {
  it('has a version if and only if it is learned', () => {
    const read = (candidate: object) => RolloutRequest.safeParse({ candidate }).success
    expect(read(learned)).toBe(true)
    expect(read({ policy: 'predictive' })).toBe(true)
    expect(read({ policy: 'learned' })).toBe(false)
    expect(read({ policy: 'predictive', version: VERSION })).toBe(false)
  })
})
