/** How long before a peak a service is raised: its start-up, a tick, and the lag of an autoscaler that carries decisions out. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { testForecast } from '../http/test-plane.ts'
import { observeAll } from './control-loop.ts'
import { decide } from './decide.ts'
import { firstEntry } from './entry.ts'

const SERVICE = 'search'
const STEP_MS = 15_000
const PEAK_MS = 40 * STEP_MS
const QUIET = 40
const BUSY = 300

const config = AppConfig.parse({
  mode: 'enforce',
  ...{ tickMs: STEP_MS, stepMs: STEP_MS },
  services: { [SERVICE]: { maxReplicas: 40 } },
})
const spec = config.services[SERVICE]!

/** Tick by tick towards a peak that is foreseen exactly: when more is first wanted than the quiet load needs, ms. */
function raisedAtMs(startupMs: number, carrierLagMs?: number): number {
  const entry = firstEntry(SERVICE, spec, false)
  entry.loadRps = QUIET
  const needed = Math.ceil(QUIET / spec.capacityPerReplica / spec.targetUtilization)
  const counts = { requested: needed, ready: needed, starting: 0, terminating: 0 }
  const replicas = { ...counts, ...(carrierLagMs === undefined ? {} : { carrierLagMs }) }
  for (let nowMs = 0; nowMs < PEAK_MS; nowMs += STEP_MS) {
    entry.loadAtMs = nowMs
    const forecast = testForecast(SERVICE, nowMs)
    forecast.point.forEach((_, k) => {
      forecast.point[k] = nowMs + k * STEP_MS >= PEAK_MS ? BUSY : QUIET
    })
    const input = observeAll(
      {
        config,
        book: { entries: new Map([[SERVICE, entry]]) },
        settings: { budget: () => 1000, modeOf: () => 'enforce', specOf: () => spec },
      },
      {
        ...{ nowMs, tick: 1, memories: new Map() },
        forecasts: new Map([[SERVICE, forecast]]),
        replicas: new Map([[SERVICE, replicas]]),
        startups: new Map([[SERVICE, startupMs]]),
      },
    )
    if (decide(input, 'epoch').decisions[0]!.to > needed) return nowMs
  }
  return Number.NaN
}

describe('a service', () => {
  it('is raised before a peak by its start-up and the ticks until that is acted on', () => {
    expect(PEAK_MS - raisedAtMs(0)).toBe(STEP_MS)
    expect(PEAK_MS - raisedAtMs(4 * STEP_MS)).toBe(5 * STEP_MS)
  })

  it('that an autoscaler carries is raised earlier by that one’s lag', () => {
    const steps = (max: number) => fc.integer({ min: 0, max }).map((n) => n * STEP_MS)
    fc.assert(
      fc.property(steps(4), steps(6), (startupMs, lagMs) => {
        expect(raisedAtMs(startupMs, lagMs)).toBe(raisedAtMs(startupMs) - lagMs)
      }),
      { numRuns: 30 },
    )
  })
})
