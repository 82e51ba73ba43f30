import { describe, expect, it } from 'vitest'
import { LEVELS } from '../../forecaster/forecast.ts'
import { firstMemory, floorOf } from '../agent.ts'
import type { Observation } from '../observation.ts'
import { ServiceSpec } from '../service-spec.ts'
import { predictive } from './predictive.ts'

const spec = ServiceSpec.parse({
  minReplicas: 1,
  maxReplicas: 50,
  capacityPerReplica: 10,
  targetUtilization: 1,
})

function seen(change: Partial<Observation>): Observation {
  return {
    service: 'search',
    nowMs: 60_000,
    loadRps: 40,
    freshness: 'fresh',
    replicas: { requested: 5, ready: 5, starting: 0, terminating: 0 },
    leadTimeMs: 30_000,
    capacityPerReplica: 10,
    saturationPerReplica: 12,
    demand: undefined,
    drifting: false,
    ...change,
  }
}

const wish = (observation: Observation) =>
  predictive.wish(
    spec,
    observation,
    floorOf(spec, observation, firstMemory(observation.replicas.requested)),
  )

describe('predictive', () => {
  it('wants the forecast carried before it comes', () => {
    // a certain 99 requests/s: 10 replicas carry 9.9 each, under capacity; 9 would carry 11, far over 1 % outside the SLO
    const demand = new Float64Array(LEVELS.length).fill(99)
    expect(wish(seen({ demand }))).toEqual({ replicas: 10, reason: 'forecast' })
  })

  it('wants more for the same mean when the forecast is less sure', () => {
    const narrow = Float64Array.from(LEVELS, (level) => 100 + 10 * (level - 0.5))
    const wide = Float64Array.from(LEVELS, (level) => 100 + 100 * (level - 0.5))
    expect(wish(seen({ demand: wide })).replicas).toBeGreaterThan(
      wish(seen({ demand: narrow })).replicas,
    )
  })

  it('does not let go of what is needed now because the forecast is low', () => {
    const demand = new Float64Array(LEVELS.length).fill(1)
    expect(wish(seen({ demand }))).toMatchObject({ replicas: 5, reason: 'reactive' })
  })

  it('falls back to the reactive rule without a usable forecast, and says so', () => {
    expect(wish(seen({ loadRps: 80 }))).toEqual({ replicas: 8, reason: 'fallback' })
  })

  it('wants room to work off the queue when load has outrun capacity', () => {
    const demand = new Float64Array(LEVELS.length).fill(40)
    // 120 requests/s on 5 replicas of 10: 120 / (10 · 0.8) = 15
    expect(wish(seen({ demand, loadRps: 120 }))).toEqual({ replicas: 15, reason: 'surge' })
  })
})
