/** The sentences a person reads; one test a kind, so that a change of wording is seen. */
import { describe, expect, it } from 'vitest'
import type { Observation } from '../agents/observation.ts'
import { ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import { rationaleOf } from './rationale.ts'
import { decideTick } from './tick.ts'

interface Case {
  readonly spec?: object
  readonly observation?: Partial<Observation>
  readonly budget?: number
  readonly mode?: 'off' | 'enforce'
  readonly stretch?: number
}

function sentence({
  spec = {},
  observation = {},
  budget = 100,
  mode = 'enforce',
  stretch = 1,
}: Case): string {
  const parsed = ServiceSpec.parse({
    maxReplicas: 30,
    targetUtilization: 1,
    pricePerReplicaHour: 0.1,
    ...spec,
  })
  const seen: Observation = {
    service: 'search',
    nowMs: 60_000,
    loadRps: 52,
    freshness: 'fresh',
    replicas: { requested: 6, ready: 6, starting: 0, terminating: 0 },
    leadTimeMs: 30_000,
    capacityPerReplica: 10,
    saturationPerReplica: 12,
    demand: undefined,
    drifting: false,
    ...observation,
  }
  const input = {
    tick: 1,
    atMs: 60_000,
    costBudgetPerHour: budget,
    services: [{ spec: parsed, mode, memory: undefined, observation: seen }],
  }
  const { grants, shadowPrice } = decideTick(input)
  return rationaleOf({
    service: 'search',
    spec: parsed,
    observation: seen,
    grant: grants[0]!,
    shadowPrice,
    stretch,
  })
}

const certain = (rps: number) => new Float64Array(LEVELS.length).fill(rps)

describe('a rationale', () => {
  it('of a service that stays says what forecasts need', () => {
    expect(sentence({ observation: { demand: certain(54) } })).toBe(
      'search stays 6: 52.0 req/s now at 10.0 a replica and 100 % utilization need 6, 99 % of forecasts need ≤ 5.4',
    )
  })

  it('of scaling ahead says by when', () => {
    expect(sentence({ observation: { demand: certain(79) } })).toBe(
      'search 6→8: 99 % of forecasts need ≤ 7.9 within 30.0 s, reactive need is 6',
    )
  })

  it('of a learned policy says what it takes the forecast for', () => {
    expect(sentence({ observation: { demand: certain(79) }, stretch: 0.7 })).toBe(
      'search 6→8: 99 % of forecasts need ≤ 7.9 within 30.0 s, reactive need is 6; the learned policy takes the forecast for 30 % less',
    )
    expect(sentence({ observation: { demand: certain(79) }, stretch: 1.25 })).toMatch(/25 % more$/)
  })

  it('of a binding budget says what one more dollar would avoid', () => {
    expect(sentence({ observation: { demand: certain(79) }, budget: 0.7 })).toMatch(
      /^search 6→7: .*; budget binding, wanted 8, one more \$\/h would avoid \d+(\.\d)? violations\/s$/,
    )
  })

  it('of a surge says that load has outrun the forecast', () => {
    expect(sentence({ observation: { demand: certain(54), loadRps: 70, drifting: true } })).toBe(
      'search 6→9: load has outrun the forecast: 70.0 req/s now at 10.0 a replica want 9 to work off the queue',
    )
  })

  it.each([
    [
      'no data',
      { observation: { freshness: 'dead' as const, loadRps: Number.NaN } },
      'search stays 6: no usable load data, so it holds what it has; data is dead',
    ],
    [
      'no forecast',
      {},
      'search stays 6: no usable forecast, reactive rule alone: 52.0 req/s now at 10.0 a replica need 6',
    ],
    [
      'the maximum',
      { spec: { maxReplicas: 7 }, observation: { demand: certain(79) } },
      'search 6→7: 99 % of forecasts need ≤ 7.9 within 30.0 s, reactive need is 6; wanted 8, maxReplicas is 7',
    ],
    ['a mode', { mode: 'off' as const }, 'search stays 6: mode is off'],
  ])('names %s', (_, given, expected) => {
    expect(sentence(given)).toBe(expected)
  })
})
