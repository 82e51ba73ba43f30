import { describe, expect, it } from 'vitest'
import { createResults } from './results.ts'

const create = (keepMs = 60_000) =>
  createResults({ sloSecondsByService: { search: 0.5, auth: 0.1 }, keepMs })

describe('results', () => {
  it('count failures and slow answers as violations', () => {
    const results = create()
    results.answered('search', 1000, 0.2, true)
    results.answered('search', 1000, 0.7, true)
    results.answered('search', 1000, 0.01, false)
    results.failed('search', 1000)
    results.answered('auth', 1000, 0.2, true)
    const { search, auth } = results.report(0)
    expect(search).toMatchObject({ requests: 4, failures: 2, violations: 3 })
    expect(auth).toMatchObject({ requests: 1, failures: 0, violations: 1 })
  })

  it('give quantiles within two percent', () => {
    const results = create()
    for (let i = 1; i <= 1000; i++) results.answered('search', 1000 + i * 10, i / 1000, true)
    const { p50, p95, p99 } = results.report(0).search!
    for (const [got, want] of [
      [p50, 0.5],
      [p95, 0.95],
      [p99, 0.99],
    ])
      expect(Math.abs(got! / want! - 1)).toBeLessThan(0.025)
  })

  it('report the requests that were meant for a span, by their intended time', () => {
    const results = create()
    for (const atMs of [1500, 2500, 3500]) results.answered('search', atMs, 0.1, true)
    expect(results.report(2000).search!.requests).toBe(2)
    expect(results.report(2000, 3000).search!.requests).toBe(1)
    expect(results.report(9000).search).toEqual({
      requests: 0,
      failures: 0,
      violations: 0,
      p50: null,
      p95: null,
      p99: null,
    })
  })

  it('forget what is older than is kept', () => {
    const results = create(10_000)
    for (let s = 0; s < 100; s++) results.answered('search', s * 1000, 0.1, true)
    expect(results.report(0).search!.requests).toBe(10)
  })
})
