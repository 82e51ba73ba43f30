/** Histories of a lease that are right, and each kind of wrong one. */
import { describe, expect, it } from 'vitest'
import type { LeaseRow } from '../../services/leader/lease.ts'
import { createLeaseHistory, faultsOf, type LeaseOp } from './lease-history.ts'

const row = (token: number, renewals: number, holder = 'a'): LeaseRow => ({
  ...{ token, renewals, holder },
  url: '',
})
const read = (
  who: string,
  times: readonly [number, number],
  seen: LeaseRow | undefined,
): LeaseOp => ({
  ...{ who, kind: 'read', invokedMs: times[0], answeredMs: times[1] },
  answer: { row: seen },
})
const swap = (
  who: string,
  times: readonly [number, number],
  rows: readonly [LeaseRow | undefined, LeaseRow],
  answer: boolean | 'unknown' = true,
): LeaseOp => ({
  ...{ who, kind: 'swap', invokedMs: times[0], answeredMs: times[1] },
  ...{ expected: rows[0], next: rows[1], answer },
})
const NEVER = Number.POSITIVE_INFINITY

describe('a history of a lease', () => {
  it('is right where each answer has its place in one order', () => {
    const won = swap('a', [0, 5], [undefined, row(1, 0)])
    const renewed = swap('a', [20, 25], [row(1, 0), row(1, 1)])
    // asked for at the same time as the renewal: either row may be seen
    for (const seen of [row(1, 0), row(1, 1)])
      expect(faultsOf([won, renewed, read('b', [18, 30], seen)])).toEqual([])
    const refused = swap('b', [19, 26], [row(1, 0), row(2, 0, 'b')], false)
    expect(faultsOf([won, renewed, refused])).toEqual([])
  })

  it('is right with a swap without an answer, whether it was done or not, and with what was built upon it', () => {
    const won = swap('a', [0, NEVER], [undefined, row(1, 0)], 'unknown')
    expect(faultsOf([won, read('b', [9, 10], undefined)])).toEqual([])
    expect(faultsOf([won, read('b', [9, 10], row(1, 0))])).toEqual([])
    const renewed = swap('a', [20, NEVER], [row(1, 0), row(1, 1)], 'unknown')
    expect(faultsOf([won, renewed, swap('b', [90, 95], [row(1, 1), row(2, 0, 'b')])])).toEqual([])
  })

  it('is right where the same row was asked for again, when the first try came to nothing', () => {
    const won = swap('a', [0, 5], [undefined, row(1, 0)])
    const lost = swap('b', [10, NEVER], [row(1, 0), row(2, 0, 'b')], 'unknown')
    const renewed = swap('a', [12, 15], [row(1, 0), row(1, 1)])
    for (const answer of [true, 'unknown'] as const) {
      const again = swap('b', [30, 35], [row(1, 1), row(2, 0, 'b')], answer)
      const seen = read('a', [40, 45], row(2, 0, 'b'))
      expect(faultsOf([won, lost, renewed, again, seen])).toEqual([])
      expect(faultsOf([won, lost, renewed, seen]).join()).toContain('replaced twice')
    }
  })

  it('is wrong where two replaced one row: no compare-and-set', () => {
    const ops = [
      swap('a', [0, 5], [undefined, row(1, 0)]),
      swap('b', [1, 6], [undefined, row(1, 0, 'b')]),
    ]
    expect(faultsOf(ops).join()).toContain('replaced twice')
  })

  it('is wrong where somebody sees what is older than what had been answered', () => {
    const won = swap('a', [0, 5], [undefined, row(1, 0)])
    const renewed = swap('a', [20, 25], [row(1, 0), row(1, 1)])
    expect(faultsOf([won, renewed, read('b', [26, 30], row(1, 0))]).join()).toContain('after 1/1/a')
    expect(faultsOf([won, read('b', [6, 8], undefined)]).join()).toContain('after 1/0/a')
  })

  it('is wrong where a row is seen that nobody wrote, or not yet', () => {
    const won = swap('a', [10, 15], [undefined, row(1, 0)])
    expect(faultsOf([won, read('b', [20, 25], row(7, 0))]).join()).toContain('never there')
    expect(faultsOf([won, read('b', [1, 5], row(1, 0))]).join()).toContain('before it was written')
  })

  it('is wrong where one was refused whose row was there all the time', () => {
    const won = swap('a', [0, 5], [undefined, row(1, 0)])
    const refused = swap('b', [20, 25], [row(1, 0), row(2, 0, 'b')], false)
    const later = swap('a', [30, 35], [row(1, 0), row(1, 1)])
    expect(faultsOf([won, refused, later]).join()).toContain('was refused while')
  })
})

describe('who leads', () => {
  function historyWith(token: number) {
    const history = createLeaseHistory(() => 100)
    history.ops.push(swap('a', [0, 5], [undefined, row(token, 0)]))
    return history
  }

  it('is one at a time, by a token that it won and that only rises', async () => {
    const history = historyWith(1)
    history.claimed([{ who: 'a', token: 1 }])
    history.claimed([])
    expect(history.faults()).toEqual([])
    history.claimed([
      { who: 'a', token: 1 },
      { who: 'b', token: 2 },
    ])
    expect(history.faults().join()).toMatch(/lead at once.*b leads under 2, which it never won/)
  })

  it('never leads under a smaller token than one before', () => {
    const history = historyWith(3)
    history.claimed([{ who: 'a', token: 3 }])
    history.claimed([{ who: 'b', token: 2 }])
    expect(history.faults().join()).toContain('b leads under 2 after a under 3')
  })
})
