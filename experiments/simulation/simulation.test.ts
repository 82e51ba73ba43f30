/**
 * The share of simulated days that every change is tested with. A failure prints the command that shows it again:
 * `npm run simulate` has the rest, and the long forms.
 */
import { describe, expect, it } from 'vitest'
import { failureText } from './report.ts'
import { type RunChoice, simulate } from './simulate.ts'

/** Seeds that this file runs; longer lists are `npm run simulate -- --days …`. */
const SEEDS = 30
const HOURS_MS = 6 * 60 * 60 * 1000
const LIMIT_MS = 120_000

async function violationsOf(choices: readonly RunChoice[]): Promise<string[]> {
  const found: string[] = []
  for (const choice of choices) {
    const verdict = await simulate(choice)
    if (verdict.violations.length > 0) found.push(failureText(choice, verdict))
  }
  return found
}
const seeds = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

describe('simulated days with faults', () => {
  it(
    'break no guarantee while faults come and go',
    async () => {
      const choices = seeds(SEEDS).map((seed) => ({ seed }))
      expect(await violationsOf(choices)).toEqual([])
    },
    LIMIT_MS,
  )

  it(
    'are the same again, event for event',
    async () => {
      for (const seed of seeds(10)) {
        const choice = { seed, lengthMs: HOURS_MS }
        expect((await simulate(choice)).hash).toBe((await simulate(choice)).hash)
      }
      const hashes = await Promise.all(
        [1, 2].map(async (seed) => (await simulate({ seed, lengthMs: HOURS_MS })).hash),
      )
      expect(new Set(hashes).size).toBe(2)
    },
    LIMIT_MS,
  )
})
