import { describe, expect, it } from 'vitest'
import { bestPeer, type Entrant, ratioOf, summarise, worstRatio } from './field.ts'
import type { Score } from './score.ts'

const scoreOf = (horizon: string, spl: number): Score => ({
  horizon,
  spl,
  mase: spl * 10,
  coverage90: 0.9,
  closed90: 0.9,
  coverage: [],
  steps: 1,
})

/** Losses by trace: at horizon 5, and 60 where there is one. */
function entrant(
  model: string,
  side: Entrant['side'],
  losses: Record<string, readonly number[]>,
): Entrant {
  const names = ['5', '60']
  const scores = Object.entries(losses).map(
    ([trace, of]) => [trace, of.map((spl, i) => scoreOf(names[i]!, spl))] as const,
  )
  return { model, side, scores: new Map(scores) }
}

const traces = ['a', 'b']
const ours = entrant('ours', 'ours', { a: [1, 3], b: [4] })
const single = entrant('single', 'single', { a: [0.5, 9], b: [5] })
const naive = entrant('naive', 'naive', { a: [2, 2], b: [5] })
const peer = entrant('peer', 'peer', { a: [4, 4], b: [4] })
const field = [ours, single, naive, peer]

describe('a summary', () => {
  it('means over a trace’s horizons first, then over traces', () => {
    expect(summarise(ours, field, traces).spl).toBe((2 + 4) / 2)
    expect(summarise(ours, field, traces, '60').spl).toBe(3)
    expect(summarise(ours, field, traces).mase).toBe(30)
  })

  it('ranks over cells against default, naives and peers, a tie as half', () => {
    // cells a5: first; a60: second; b5: ties with the peer
    expect(summarise(ours, field, traces).rank).toBeCloseTo((1 + 2 + 1.5) / 3, 12)
    expect(summarise(peer, field, traces).rank).toBeCloseTo((3 + 3 + 1.5) / 3, 12)
  })

  it('ranks a single model in the place of the default', () => {
    expect(summarise(single, field, traces).rank).toBeCloseTo((1 + 3 + 2.5) / 3, 12)
  })
})

describe('a ratio', () => {
  it('is of mean losses, with an interval that holds it', () => {
    const { ratio, interval } = ratioOf(ours, peer, traces)
    expect(ratio).toBe(3 / 4)
    expect(interval.low).toBeLessThanOrEqual(ratio)
    expect(interval.high).toBeGreaterThanOrEqual(ratio)
  })

  it('is worst where most is lost', () => {
    expect(worstRatio(ours, naive, traces)).toEqual({ trace: 'a', ratio: 1 })
  })
})

describe('the best peer', () => {
  it('has the lowest mean loss of those that forecast every trace', () => {
    const partial = entrant('partial', 'peer', { a: [0, 0] })
    const worse = entrant('worse', 'peer', { a: [5, 5], b: [5] })
    expect(bestPeer([...field, partial, worse], traces)).toBe(peer)
    expect(bestPeer([ours, naive], traces)).toBeUndefined()
  })
})
