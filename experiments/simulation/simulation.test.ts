/**
 * The share of simulated days that every change is tested with. A failure prints the command that shows it again:
 * `npm run simulate` has the rest, and the long forms.
 */
import { describe, expect, it } from 'vitest'
import { crashPoints } from './crash-points.ts'
import { MUTANTS } from './mutants.ts'
import { failureText } from './report.ts'
import { type RunChoice, simulate } from './simulate.ts'

const HOUR_MS = 60 * 60 * 1000
const LIMIT_MS = 600_000
const seeds = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

async function violationsOf(choices: readonly RunChoice[]): Promise<string[]> {
  const found: string[] = []
  for (const choice of choices) {
    const verdict = await simulate(choice)
    if (verdict.violations.length > 0) found.push(failureText(choice, verdict))
  }
  return found
}

describe('simulated days with faults', () => {
  it(
    'break no guarantee while faults come and go',
    async () => {
      expect(await violationsOf(seeds(20).map((seed) => ({ seed })))).toEqual([])
    },
    LIMIT_MS,
  )

  it(
    'break none with two and three controllers, wall clocks five minutes apart',
    async () => {
      const skewMs = 5 * 60_000
      const choices = [2, 3].flatMap((controllers) =>
        seeds(4).map((seed) => ({ seed, controllers, skewMs, lengthMs: 4 * HOUR_MS })),
      )
      expect(await violationsOf(choices)).toEqual([])
    },
    LIMIT_MS,
  )

  it(
    'end normally where faults of some services never end',
    async () => {
      const choices = seeds(8).map((seed) => ({ seed, isLiveness: true, lengthMs: 8 * HOUR_MS }))
      expect(await violationsOf(choices)).toEqual([])
    },
    LIMIT_MS,
  )

  it(
    'are the same again, event for event, and not for another seed',
    async () => {
      const hashOf = async (seed: number) => (await simulate({ seed, lengthMs: 2 * HOUR_MS })).hash
      const once: string[] = []
      for (const seed of seeds(12)) once.push(await hashOf(seed))
      const again: string[] = []
      for (const seed of seeds(12)) again.push(await hashOf(seed))
      expect(again).toEqual(once)
      expect(new Set(once).size).toBe(12)
    },
    LIMIT_MS,
  )
})

it(
  'a crash at any point of a tick loses nothing and applies nothing twice',
  async () => {
    const { cases, violations } = await crashPoints(seeds(3))
    expect(violations).toEqual([])
    expect(cases).toBeGreaterThan(100)
  },
  LIMIT_MS,
)

/** Those that show within few seeds; `npm run simulate -- --mutants` hunts for all of them. */
const QUICK = [
  'fsync skipped',
  'transaction torn',
  'effect before its record',
  'settled before it is applied',
  'refusal taken for success',
  'orders are increments',
  'repeated orders are carried out again',
  'lease timed by the wall clock',
]

it.each(QUICK)(
  'a planted bug is found: %s',
  async (name) => {
    const mutant = MUTANTS.find((one) => one.name === name)!
    const broken: string[] = []
    for (const seed of seeds(15)) {
      if (broken.length > 0) break
      const { violations } = await simulate({
        seed,
        mutant,
        kinds: mutant.kinds,
        controllers: mutant.controllers,
        lengthMs: 8 * HOUR_MS,
      })
      broken.push(...violations.map(({ what }) => what))
    }
    expect(broken).not.toEqual([])
  },
  LIMIT_MS,
)
