/** What Prometheus carries into a cluster: one series a workload, from the one that leads, valid or absent. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRESHNESS } from '../../agents/observation.ts'
import { AppConfig } from '../config.ts'
import type { ControlPlane } from '../control-plane.ts'
import { createTestParts, testForecast } from '../http/test-plane.ts'
import { SIGNAL_NAMES, signalInputs, signalOf } from '../kubernetes/signal.ts'
import { signalConfigOf, validUntilMs } from '../kubernetes/signal-view.ts'
import { createMetricsPage } from './metrics.ts'

const LABELS = 'namespace="shop",workload="web",kind="Deployment",service="search"'

function plane(over: Partial<ControlPlane> = {}) {
  const { control, state } = createTestParts()
  state.config = AppConfig.parse({
    clock: 'manual',
    services: { search: {}, payment: {} },
    kubernetes: { workloads: { search: { namespace: 'shop', name: 'web' } } },
  })
  const whole: ControlPlane = { ...control, ...over }
  const metrics = createMetricsPage({ control: whole, version: '1.2.3' })
  return { control: whole, state, metrics }
}

/** Values by series, of names that begin as a workload's do. */
async function workloadSeries(metrics: { text(): Promise<string> }): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n')
  return new Map(
    lines
      .filter((line) => line.startsWith('forescale_workload_'))
      .map((line) => {
        const cut = line.lastIndexOf(' ')
        return [line.slice('forescale_workload_'.length, cut), Number(line.slice(cut + 1))]
      }),
  )
}

describe('what is carried by namespace and workload', () => {
  it('is forecast by level over the measured start-up lag, load, replicas, and until when each holds', async () => {
    const { metrics, state } = plane()
    const untilSeconds = (state.nowMs + 45_000) / 1000
    expect(Object.fromEntries(await workloadSeries(metrics))).toEqual({
      // lead time 19 s, a tick of 15 s, the consumer's 15 s: the fourth step; its median is 43
      [`forecast_requests_per_second{${LABELS},level="0.5"}`]: 43,
      [`forecast_requests_per_second{${LABELS},level="0.95"}`]: expect.closeTo(50.74, 6),
      [`forecast_requests_per_second{${LABELS},level="0.99"}`]: expect.closeTo(51.428, 6),
      [`load_requests_per_second{${LABELS}}`]: 45.2,
      [`desired_replicas{${LABELS}}`]: 6,
      [`recommended_replicas{${LABELS}}`]: 6,
      [`horizon_seconds{${LABELS}}`]: 49,
      ...Object.fromEntries(
        SIGNAL_NAMES.map((signal) => [
          `valid_until_timestamp_seconds{${LABELS},signal="${signal}"}`,
          untilSeconds,
        ]),
      ),
    })
  })

  it('shows the level that is configured beside the usual ones', async () => {
    const { metrics, state } = plane()
    state.config.kubernetes!.signal.level = 0.9
    const levels = [...(await workloadSeries(metrics)).keys()].flatMap(
      (key) => /level="([^"]+)"/.exec(key)?.[1] ?? [],
    )
    expect(levels).toEqual(['0.5', '0.9', '0.95', '0.99'])
  })

  it('is nothing from a controller that follows, and nothing without a cluster', async () => {
    const leads = { leads: false, token: 7, leader: 'other', url: '' }
    expect((await workloadSeries(plane({ leadership: () => leads }).metrics)).size).toBe(0)
    const { metrics, state } = plane()
    state.config = AppConfig.parse({ services: { search: {} } })
    expect((await workloadSeries(metrics)).size).toBe(0)
  })

  it('has no desired replicas of a service that is not enforced', async () => {
    const { metrics, state } = plane()
    state.services[0]!.mode = 'recommend'
    const names = [...(await workloadSeries(metrics)).keys()].join('\n')
    expect(names).toContain('recommended_replicas{')
    expect(names).not.toContain('desired_replicas')
  })

  it('goes when what it rests on is too old, each at the instant that it said', async () => {
    const { metrics, state } = plane()
    state.nowMs += 45_000
    expect((await workloadSeries(metrics)).size).toBeGreaterThan(1)
    state.nowMs += 1
    const left = [...(await workloadSeries(metrics)).keys()]
    expect(left).toEqual([`horizon_seconds{${LABELS}}`])
  })
})

describe('until when it holds', () => {
  it('is the instant from which the same view has no value, whatever the view', () => {
    const { control, state } = plane()
    const past = fc.integer({ min: 0, max: 120_000 })
    fc.assert(
      fc.property(
        ...([past, past, past, fc.constantFrom(...FRESHNESS), fc.boolean()] as const),
        (forecastMs, decidedMs, tickedMs, freshness, fallback) => {
          const input = {
            ...signalInputs(control)('search')!,
            forecast: testForecast('search', state.nowMs - forecastMs),
            tickedAtMs: state.nowMs - tickedMs,
          }
          const decision = { ...input.status.decision!, atMs: state.nowMs - decidedMs }
          const status = { ...input.status, freshness, fallback, decision }
          const config = signalConfigOf(state.config)
          for (const name of SIGNAL_NAMES) {
            const view = { ...input, status }
            if (signalOf(name, view, config).kind !== 'value') continue
            const untilMs = validUntilMs(name, view, config)
            expect(untilMs).toBeGreaterThanOrEqual(state.nowMs)
            const kindAt = (nowMs: number) => signalOf(name, { ...view, nowMs }, config).kind
            expect(kindAt(untilMs - 1)).toBe('value')
            expect(kindAt(untilMs + 1)).toBe('unavailable')
          }
        },
      ),
    )
  })
})
