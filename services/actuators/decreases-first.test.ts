/** What is let go first, and until when increases may wait for it. */
import { describe, expect, it } from 'vitest'
import type { ScaleOrder } from './actuator.ts'
import { decreasesFirst } from './decreases-first.ts'

const LIMIT_MS = 10_000
const down: ScaleOrder = { decisionId: 'd1', service: 'a', from: 5, to: 2 }
const up: ScaleOrder = { decisionId: 'd2', service: 'b', from: 1, to: 4 }

/** The wait takes `takesMs`, at the end of which all is gone. */
async function outcomesAfter(takesMs: number) {
  const sent: string[] = []
  let nowMs = 1_000_000
  const results = await decreasesFirst([down, up], {
    async send({ decisionId, service }) {
      sent.push(decisionId)
      return { decisionId, service, outcome: 'applied' }
    },
    async released() {
      nowMs += takesMs
      return true
    },
    atOnce: 4,
    releaseLimitMs: LIMIT_MS,
    monotonicMs: () => nowMs,
  })
  return { sent, results }
}

describe('orders that share the money', () => {
  it('are carried out when what was let go is gone in time', async () => {
    const { sent, results } = await outcomesAfter(LIMIT_MS - 1)
    expect(sent).toEqual(['d1', 'd2'])
    expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
  })

  it('are not when the process stood still meanwhile: nobody knows any more what they were decided on', async () => {
    const { sent, results } = await outcomesAfter(30 * LIMIT_MS)
    expect(sent).toEqual(['d1'])
    expect(results[1]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/too late/),
    })
  })
})
