/** What may be carried: whatever is wrong with a service's view, a consumer is told so and never given a number for it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRESHNESS } from '../../agents/observation.ts'
import { Mode } from '../../agents/service-spec.ts'
import { LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import { serviceStatus } from '../http/examples.ts'
import { createTestParts, testForecast } from '../http/test-plane.ts'
import {
  activityOf,
  coveredMs,
  DESIRED_SIGNAL,
  FORECAST_SIGNAL,
  isReplicaSignal,
  LOAD_SIGNAL,
  RECOMMENDED_SIGNAL,
  SIGNAL_NAMES,
  SignalConfig,
  type SignalInput,
  type SignalName,
  signalIn,
  signalInputs,
  signalOf,
} from './signal.ts'

const config = SignalConfig.parse({})
const NOW_MS = serviceStatus.loadAtMs!
const TICK_MS = 15_000

function input(over: Partial<SignalInput> = {}): SignalInput {
  return {
    status: serviceStatus,
    forecast: testForecast('search', NOW_MS),
    nowMs: NOW_MS,
    tickMs: TICK_MS,
    tickedAtMs: NOW_MS,
    ...over,
  }
}
const status = (over: Partial<SignalInput['status']>) => ({ ...serviceStatus, ...over })
const decided = (over: Partial<NonNullable<SignalInput['status']['decision']>>) =>
  status({ decision: { ...serviceStatus.decision!, atMs: NOW_MS, ...over } })
const reasonOf = (name: SignalName, over: Partial<SignalInput>) => {
  const signal = signalOf(name, input(over), config)
  return signal.kind === 'unavailable' ? signal.reason : signal.value
}

describe('the forecast that is carried', () => {
  it('is the highest quantile until capacity ordered on our answer is ready', () => {
    const given = input()
    // lead time 19 s, a tick of 15 s, the consumer's 15 s: 49 s, which ends in the fourth step
    expect(coveredMs(given, config)).toBe(49_000)
    expect(signalOf(FORECAST_SIGNAL, given, config)).toEqual({
      kind: 'value',
      value: quantileAt(given.forecast!, LEVELS.indexOf(0.95), 3),
      atMs: NOW_MS,
      windowMs: 49_000,
    })
  })

  it('rises with the level and with the time to cover', () => {
    const value = (over: Partial<SignalConfig>) => {
      const signal = signalOf(FORECAST_SIGNAL, input(), SignalConfig.parse(over))
      return signal.kind === 'value' ? signal.value : Number.NaN
    }
    expect(value({ level: 0.5 })).toBeLessThan(value({ level: 0.99 }))
    expect(value({ consumerLagMs: 0 })).toBeLessThan(value({ consumerLagMs: 60_000 }))
  })

  it('counts the lag of a consumer once, also where it carries our decisions', () => {
    const carried = input({ status: status({ leadTimeMs: 64_000, carrierLagMs: 45_000 }) })
    const own = input({ status: status({ leadTimeMs: 19_000 }) })
    const lag = { consumerLagMs: 45_000 }
    expect(coveredMs(carried, lag)).toBe(coveredMs(own, lag))
  })

  it('is no value when it is missing, expired, or not finite anywhere in the time to cover', () => {
    const broken = (k: number, value: number) => {
      const forecast = testForecast('search', NOW_MS)
      forecast.point[k] = value
      return forecast
    }
    expect(reasonOf(FORECAST_SIGNAL, { forecast: undefined })).toBe('no-forecast')
    expect(reasonOf(FORECAST_SIGNAL, { forecast: testForecast('search', NOW_MS - 75_000) })).toBe(
      'expired',
    )
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(reasonOf(FORECAST_SIGNAL, { forecast: broken(1, value) })).toBe('refused')
    // beyond what it covers it is not looked at
    expect(reasonOf(FORECAST_SIGNAL, { forecast: broken(20, Number.NaN) })).toBeGreaterThan(40)
    expect(reasonOf(FORECAST_SIGNAL, { status: status({ leadTimeMs: Number.NaN }) })).toBe(
      'refused',
    )
  })
})

describe('the replicas that are carried', () => {
  it('are the decided ones, and in force only where the mode is enforce', () => {
    expect(reasonOf(DESIRED_SIGNAL, { status: decided({ to: 7 }) })).toBe(7)
    const recommend = { ...decided({ to: 7 }), mode: 'recommend' as const }
    expect(reasonOf(DESIRED_SIGNAL, { status: recommend })).toBe('not-enforced')
    expect(reasonOf(RECOMMENDED_SIGNAL, { status: recommend })).toBe(7)
  })

  it('may only grow while no usable forecast stands behind them', () => {
    const fallback = (from: number, to: number) => ({
      ...decided({ from, to }),
      fallback: true,
    })
    expect(reasonOf(DESIRED_SIGNAL, { status: fallback(5, 3) })).toBe('would-shrink')
    expect(reasonOf(DESIRED_SIGNAL, { status: fallback(5, 5) })).toBe(5)
    expect(reasonOf(DESIRED_SIGNAL, { status: fallback(5, 8) })).toBe(8)
  })

  it('are none when they are older than three ticks, or than what is configured', () => {
    const old = decided({ atMs: NOW_MS - 3 * TICK_MS - 1 })
    expect(reasonOf(DESIRED_SIGNAL, { status: old })).toBe('no-decision')
    expect(reasonOf(DESIRED_SIGNAL, { status: status({ decision: null }) })).toBe('no-decision')
    const longer = SignalConfig.parse({ expireAfterMs: 60_000 })
    expect(signalOf(DESIRED_SIGNAL, input({ status: old }), longer).kind).toBe('value')
  })
})

describe.each(SIGNAL_NAMES)('%s', (name) => {
  it.each(['stale', 'dead'] as const)('is none while the load is %s', (freshness) => {
    expect(reasonOf(name, { status: status({ freshness }) })).toBe('stale-load')
  })

  it('is none before the first tick and when ticks have stopped', () => {
    expect(reasonOf(name, { tickedAtMs: undefined })).toBe('no-tick')
    expect(reasonOf(name, { tickedAtMs: NOW_MS - 3 * TICK_MS - 1 })).toBe('stalled')
    expect(reasonOf(name, { tickedAtMs: Number.NaN })).toBe('stalled')
  })

  it('is a finite number that is not negative, or no number at all, whatever the view says', () => {
    const any = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1))
    const near = fc.integer({ min: NOW_MS - 200_000, max: NOW_MS + 200_000 })
    fc.assert(
      fc.property(
        fc.record({
          ...{ point: fc.array(any, { maxLength: 6 }), issuedAtMs: near, decidedAtMs: near },
          ...{ loadRps: fc.option(any), leadTimeMs: any, tickedAtMs: fc.option(near) },
          freshness: fc.constantFrom(...FRESHNESS),
          mode: fc.constantFrom(...Mode.options),
          fallback: fc.boolean(),
        }),
        (world) => {
          const { point, issuedAtMs, decidedAtMs, tickedAtMs, ...rest } = world
          const forecast = {
            ...testForecast('search', issuedAtMs),
            point: Float64Array.from(point),
          }
          const given = input({
            forecast,
            tickedAtMs: tickedAtMs ?? undefined,
            status: { ...decided({ atMs: decidedAtMs }), ...rest },
          })
          const signal = signalOf(name, given, config)
          if (signal.kind === 'unavailable') return
          expect(Number.isFinite(signal.value) && signal.value >= 0).toBe(true)
          expect(['fresh', 'late']).toContain(world.freshness)
          if (isReplicaSignal(name)) expect(Number.isInteger(signal.value)).toBe(true)
          if (name === FORECAST_SIGNAL) expect(forecast.expiresAtMs).toBeGreaterThan(NOW_MS)
          if (name === DESIRED_SIGNAL) expect(world.mode).toBe('enforce')
        },
      ),
    )
  })
})

describe('whether a service must run', () => {
  const flat = (rps: number) => {
    const forecast = testForecast('search', NOW_MS)
    return { ...forecast, point: forecast.point.fill(rps) }
  }
  const activity = (over: Partial<SignalInput>, activationRps = 1) => {
    const found = activityOf(input(over), config, activationRps)
    return found.kind === 'unavailable' ? found.reason : found.kind
  }

  it('is said by the forecast or by the observed load; either is enough', () => {
    expect(activity({ forecast: flat(5), status: status({ loadRps: 0 }) })).toBe('active')
    expect(activity({ forecast: flat(0), status: status({ loadRps: 5 }) })).toBe('active')
    expect(activity({ forecast: undefined, status: status({ loadRps: 5 }) })).toBe('active')
    expect(activity({ forecast: flat(0), status: status({ loadRps: 0 }) })).toBe('idle')
  })

  it('is never "no" in doubt', () => {
    const quiet = status({ loadRps: 0 })
    expect(activity({ forecast: undefined, status: quiet })).toBe('no-forecast')
    expect(activity({ forecast: flat(Number.NaN), status: quiet })).toBe('refused')
    expect(activity({ forecast: flat(0), status: status({ loadRps: null }) })).toBe('stale-load')
    expect(activity({ forecast: flat(0), status: quiet, tickedAtMs: undefined })).toBe('no-tick')
  })
})

describe('a look at the control plane', () => {
  it('has the signals of each of its services, and says which one is not there', () => {
    const { control, state } = createTestParts()
    state.nowMs = NOW_MS
    const inputs = signalInputs(control)
    expect(signalIn(inputs, 'search', LOAD_SIGNAL, config)).toMatchObject({ value: 45.2 })
    expect(signalIn(inputs, 'payment', FORECAST_SIGNAL, config)).toMatchObject({
      reason: 'no-forecast',
    })
    expect(signalIn(inputs, 'nobody', LOAD_SIGNAL, config)).toMatchObject({
      reason: 'unknown-service',
      detail: 'there is no service "nobody"',
    })
  })
})
