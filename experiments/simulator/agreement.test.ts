import { describe, expect, it } from 'vitest'
import { compare, SETTINGS } from './agreement.ts'

/** Near saturation one long queue makes half a run: more of them are needed to know the mean. */
const seedsOf = (name: string): number => (/0\.9|saturation/.test(name) ? 8 : 2)

/** How far the fluid simulator may be from the request simulator: a share of its figure, or so much in any case. */
const TOLERANCES = {
  utilization: { share: 0, least: 0.02 },
  queued: { share: 0.35, least: 1.5 },
  latencyMeanSeconds: { share: 0.15, least: 0 },
  latencyP95Seconds: { share: 0.15, least: 0 },
  violationRatio: { share: 0.3, least: 0.001 },
  failureRatio: { share: 0.1, least: 0.02 },
  cost: { share: 0.005, least: 0 },
} as const

/** At 95 % of saturation a queue takes longer to come to rest than an interval lasts, whose own p95 is then lower. */
const P95_NEAR_SATURATION = { share: 0.3, least: 0 }

describe('both simulators agree', () => {
  it.each(SETTINGS)('$name', { timeout: 60_000 }, (setting) => {
    const { fluid, requests } = compare(setting, seedsOf(setting.name))
    for (const [figure, tolerance] of Object.entries(TOLERANCES)) {
      const name = figure as keyof typeof TOLERANCES
      const isNear = name === 'latencyP95Seconds' && setting.name.endsWith('0.95')
      const { share, least } = isNear ? P95_NEAR_SATURATION : tolerance
      const allowed = Math.max(least, share * requests[name])
      expect(Math.abs(fluid[name] - requests[name]), name).toBeLessThanOrEqual(allowed)
    }
  })
})
