/** The freshness ladder by the age of the newest sample: 200 ages of 1 s to 24 h, each the mode that is specified. */
import { expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { firstEntry } from './entry.ts'
import { freshnessOf } from './observe.ts'

const NOW_MS = 1_795_248_000_000
const DAY_MS = 86_400_000
const AGES = 200
const config = AppConfig.parse({ services: { search: {} } })
const { stepMs, tickMs, freshness } = config

/** As it is written in the configuration's own words: ages in steps, one step and tick being usual. */
function specified(ageMs: number): string {
  const steps = ageMs / stepMs - Math.max(1, tickMs / stepMs)
  if (steps > freshness.deadAfterSteps) return 'dead'
  if (steps > freshness.staleAfterSteps) return 'stale'
  return steps > freshness.lateAfterSteps ? 'late' : 'fresh'
}

it(`is what the configuration says, for ${AGES} ages`, () => {
  const seen = new Map<string, number>()
  for (let k = 0; k < AGES; k++) {
    const ageMs = Math.round(1000 * (DAY_MS / 1000) ** (k / (AGES - 1)))
    const entry = firstEntry('search', config.services.search!, false)
    entry.loadAtMs = NOW_MS - ageMs
    entry.loadRps = 5
    const mode = freshnessOf(config, entry, NOW_MS)
    expect([ageMs, mode]).toEqual([ageMs, specified(ageMs)])
    seen.set(mode, (seen.get(mode) ?? 0) + 1)
  }
  expect([...seen.keys()]).toEqual(['fresh', 'late', 'stale', 'dead'])
})

it('is dead where nothing was ever measured', () => {
  const entry = firstEntry('search', config.services.search!, false)
  expect(freshnessOf(config, entry, NOW_MS)).toBe('dead')
})

it('is late, and no more, where a second signal contradicts a load of now', () => {
  const entry = firstEntry('search', config.services.search!, false)
  entry.loadAtMs = NOW_MS
  expect(freshnessOf(config, entry, NOW_MS)).toBe('fresh')
  entry.plausibility = {
    ...{ steps: 99, meanLoad: 1, meanCpu: 1, varLoad: 1, varCpu: 1, covariance: 1, varChange: 1 },
    ...{ believed: 9, doubt: { share: 0, agreeing: 0 } },
  }
  expect(freshnessOf(config, entry, NOW_MS)).toBe('late')
})
