/** The simulated half of the comparison: the same requests and counts, through the request-level simulator. */
import { describe, expect, it } from 'vitest'
import { arrivalsBySecond } from '../../services/load/replay/schedule.ts'
import { createRequestPlant } from '../simulator/requests/plant.ts'
import { plansOf, SERVICE, shopConfig } from './plans.ts'
import { runSimulated, scenarioOf } from './simulated.ts'

const config = shopConfig(1)
const [plan] = await plansOf(
  { workloads: ['bursty'], traces: [], durationMs: 60_000, peakRps: 100, seed: 1 },
  config,
)
const arrivals = [...arrivalsBySecond(plan!.schedule)].flat()
const scenario = scenarioOf(config, plan!, [3.4, 3.6])
const simulate = (run: number) => runSimulated(createRequestPlant, scenario, plan!, arrivals, run)

describe('the scenario', () => {
  it('is the shop as it is configured, with start-up times as they were measured', () => {
    const [service] = scenario.services
    const { meanServiceMs, serviceTimeCv, concurrency, queueLimit } =
      config.shop!.services[SERVICE]!
    expect(service!.serving).toMatchObject({
      ...{ concurrency, queueLimit, balancing: 'two-choices', timeoutSeconds: 8 },
      serviceTime: { meanSeconds: meanServiceMs / 1000, cv: serviceTimeCv },
      retries: { most: 0 },
    })
    // 3.5 s, and half of each of the two polls between: 250 ms and 100 ms
    expect(service!.spec.startupSeconds).toBeCloseTo(3.675, 9)
    // standard deviation 0.1
    expect(service!.serving.startupCv).toBeCloseTo(0.1 / 3.5, 9)
    expect(scenario.synthetic).toBe(true)
  })

  it('has no start-up to speak of where none was seen', () => {
    const [service] = scenarioOf(config, plan!, []).services
    expect(service!.serving.startupCv).toBe(0)
  })
})

describe('a simulated run', () => {
  it('is told every arrival, and tells what became of each, once', () => {
    const { requests, ready } = simulate(0)
    const arrived = requests.map(({ arrivedAtMs }) => arrivedAtMs).sort((a, b) => a - b)
    expect(arrived).toEqual(arrivals)
    expect(ready).toHaveLength(plan!.counts.length)
    expect(requests.every(({ seconds }) => seconds >= 0 && seconds <= 8)).toBe(true)
  })

  it('is the same again, and another with another number', () => {
    expect(simulate(3)).toEqual(simulate(3))
    expect(simulate(3)).not.toEqual(simulate(4))
  })

  it('has the replicas that are asked for, after their start-up', () => {
    const { ready } = simulate(0)
    plan!.counts.forEach((count, tick) => {
      // 3.675 s is less than a tick of 4 s
      expect(ready[tick]).toBeLessThanOrEqual(Math.max(count, plan!.counts[tick - 1] ?? count))
    })
    expect(ready.at(-1)).toBe(plan!.counts.at(-1))
  })
})
