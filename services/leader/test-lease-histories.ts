/**
 * What must hold of an elected lease on any store: any order of attempts, pauses, clocks that drift, and answers that are
 * lost. The clocks are simulated, the store is whichever is given: a variable, or the API server of Kubernetes.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createElectedLease } from './elected.ts'
import type { LeaseStore } from './lease.ts'

export const TIMES = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 }

interface Clock {
  nowMs: number
  rate: number
}

export function controllers(count: number, store: LeaseStore, rates: readonly number[] = []) {
  return Array.from({ length: count }, (_, i) => {
    const clock: Clock = { nowMs: i * 1e6, rate: rates[i] ?? 1 }
    const lease = createElectedLease({
      store,
      holder: `c${i}`,
      url: `http://c${i}`,
      times: TIMES,
      monotonicMs: () => clock.nowMs,
    })
    return { lease, clock }
  })
}

export function pass(parts: readonly { clock: Clock }[], ms: number): void {
  for (const { clock } of parts) clock.nowMs += ms * clock.rate
}

export interface HistoryOptions {
  readonly runs: number
  /** Most steps of a history. */
  readonly steps: number
  readonly timeoutMs?: number
}

/** `fresh` gives a store on which nobody has led yet. */
export function leaseHistories(
  name: string,
  fresh: () => Promise<LeaseStore>,
  { runs, steps, timeoutMs = 5000 }: HistoryOptions,
): void {
  describe(`an elected lease ${name}`, () => {
    it(
      'never has two holders at once, and tokens only rise, whatever is late, lost, or drifts by 5 %',
      async () => {
        const step = fc.record({
          who: fc.integer({ min: 0, max: 2 }),
          waitMs: fc.integer({ min: 0, max: 9000 }),
          fault: fc.constantFrom('none', 'none', 'none', 'lost', 'lost-answer', 'restart'),
        })
        const rates = fc.array(fc.double({ min: 0.95, max: 1.05, noNaN: true }), {
          minLength: 3,
          maxLength: 3,
        })
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: steps }), rates, async (history, drift) => {
            const rows = await fresh()
            let fault = 'none'
            const faulty: LeaseStore = {
              read: async () => {
                if (fault === 'lost') throw new Error('no answer')
                return rows.read()
              },
              swap: async (from, to) => {
                const done = await rows.swap(from, to)
                if (fault === 'lost-answer') throw new Error('no answer')
                return done
              },
            }
            const parts = controllers(3, faulty, drift)
            let newest = 0
            for (const { who, waitMs, fault: next } of history) {
              pass(parts, waitMs)
              if (next === 'restart') {
                const { clock } = parts[who]!
                parts[who] = { ...controllers(3, faulty, drift)[who]!, clock }
                const monotonicMs = () => clock.nowMs
                const options = {
                  store: faulty,
                  holder: `c${who}`,
                  url: '',
                  times: TIMES,
                  monotonicMs,
                }
                parts[who] = { lease: createElectedLease(options), clock }
              }
              fault = next
              await parts[who]!.lease.acquire().catch(() => undefined)
              const holding = parts.flatMap(({ lease }) => lease.held() ?? [])
              expect(holding.length).toBeLessThanOrEqual(1)
              for (const { token } of holding) {
                expect(token).toBeGreaterThanOrEqual(newest)
                newest = token
              }
            }
          }),
          { numRuns: runs },
        )
      },
      timeoutMs,
    )
  })
}
