import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createTestParts, testForecast } from '../http/test-plane.ts'
import { createMetricsPage } from './metrics.ts'

const PROMTOOL = process.env.PROMTOOL ?? 'promtool'

/** Below 0 they say that it is the other way round. */
const DIFFERENCES = [
  'forescale_saved_dollars',
  'forescale_violations_avoided',
  'forescale_rollout_loss_difference',
  'forescale_rollout_burn_difference',
]

function page() {
  const parts = createTestParts()
  const metrics = createMetricsPage({
    control: parts.control,
    version: '1.2.3',
    refusedSamples: new Map([['unknown-service', 4]]),
    streams: { listeners: () => 2, dropped: () => 1 },
  })
  return { ...parts, metrics }
}

/** Values by series, `name{labels}`. */
async function scrape(metrics: { text(): Promise<string> }): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ')
      return [line.slice(0, cut), Number(line.slice(cut + 1))]
    }),
  )
}

const names = (series: Map<string, number>) =>
  new Set([...series.keys()].map((key) => key.split('{')[0]))

/** Exit code and talk of `promtool check metrics`. Fails when promtool is not there. */
function promtool(text: string): Promise<{ code: number | null; talk: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROMTOOL, ['check', 'metrics'])
    let talk = ''
    child.stdout.on('data', (chunk) => {
      talk += chunk
    })
    child.stderr.on('data', (chunk) => {
      talk += chunk
    })
    child.on('error', (cause) =>
      reject(new Error(`cannot run ${PROMTOOL}: install prometheus or set PROMTOOL`, { cause })),
    )
    child.on('close', (code) => resolve({ code, talk }))
    child.stdin.end(text)
  })
}

describe('the metrics page', () => {
  it('passes promtool check metrics without a word', async () => {
    const { metrics } = page()
    expect(await promtool(await metrics.text())).toEqual({ code: 0, talk: '' })
  })

  it('and promtool does object when something is wrong', async () => {
    const wrong = '# TYPE forescale_things_total gauge\nforescale_things_total 1\n'
    expect((await promtool(wrong)).code).not.toBe(0)
  })

  it('shows each forecast by level at the lead time, half and full horizon', async () => {
    const series = await scrape(page().metrics)
    const shown = [...series].filter(([key]) => key.includes('forecast_requests_per_second{'))
    const horizons = new Set(shown.map(([key]) => /horizon_seconds="([^"]+)"/.exec(key)?.[1]))
    expect([...horizons]).toEqual(['30', '225', '450']) // lead time 19 s is two steps of 15 s
    expect(shown).toHaveLength(3 * 4)
    // the median of step 1 is 41, the 0.95 quantile 41 + 41 · 0.45 · 0.4
    const at = (level: string) =>
      series.get(
        `forescale_forecast_requests_per_second{service="search",level="${level}",horizon_seconds="30"}`,
      )
    expect([at('0.5'), at('0.95')]).toEqual([41, expect.closeTo(48.38, 6)])
  })

  it('shows replicas, money, price, ticks and decisions', async () => {
    const series = await scrape(page().metrics)
    expect(Object.fromEntries(series)).toMatchObject({
      'forescale_wanted_replicas{service="search"}': 7,
      'forescale_recommended_replicas{service="search"}': 6,
      'forescale_desired_replicas{service="search"}': 6,
      'forescale_applied_replicas{service="search"}': 4,
      'forescale_ready_replicas{service="payment"}': 4,
      forescale_cost_budget_dollars_per_hour: 1.6,
      forescale_spend_dollars_per_hour: 1.6,
      forescale_shadow_price: 3.1,
      forescale_ticks_total: 2,
      'forescale_decisions_total{settlement="applied"}': 5,
      'forescale_decisions_total{settlement="failed"}': 0,
      'forescale_rejected_samples_total{reason="not-finite"}': 2,
      'forescale_rejected_samples_total{reason="unknown-service"}': 4,
      forescale_config_last_reload_successful: 1,
      [`forescale_build_info{version="1.2.3",revision="unknown",node="${process.version}"}`]: 1,
    })
    expect(names(series)).toContain('process_cpu_seconds_total')
  })

  it('counts each tick once in the histogram, however often it is scraped', async () => {
    const { metrics, state } = page()
    await metrics.text()
    expect((await scrape(metrics)).get('forescale_tick_duration_seconds_count')).toBe(2)
    state.counters.ticks = 5
    state.counters.tickDurationsMs = [12, 20, 1, 1, 1]
    expect((await scrape(metrics)).get('forescale_tick_duration_seconds_count')).toBe(5)
    expect((await scrape(metrics)).get('forescale_tick_duration_seconds_sum')).toBeCloseTo(0.035)
  })
})

it('tells of alerts, their messages and live coverage', async () => {
  const { metrics } = page()
  const rows = await scrape(metrics)
  expect(rows.get('forescale_alerts_open{severity="warning"}')).toBe(1)
  expect(rows.get('forescale_alerts_open{severity="critical"}')).toBe(0)
  expect(rows.get('forescale_alerts_opened_total{kind="spike"}')).toBe(2)
  expect(rows.get('forescale_webhook_attempts_total{outcome="delivered"}')).toBe(3)
  expect(rows.get('forescale_live_coverage_ratio{service="search"}')).toBe(0.9)
})

describe('what may not be shown is dropped', () => {
  it('an expired forecast, whole, at the instant that it expires', async () => {
    const { metrics, state } = page()
    const forecast = state.forecasts.get('search')!
    state.nowMs = forecast.expiresAtMs - 1
    expect(names(await scrape(metrics))).toContain('forescale_forecast_requests_per_second')
    state.nowMs = forecast.expiresAtMs
    const left = [...names(await scrape(metrics))].filter((name) => name?.includes('_forecast_'))
    expect(left).toEqual([])
  })

  it('only the quantiles that are not finite', async () => {
    const { metrics, state } = page()
    const forecast = testForecast('search', state.nowMs)
    forecast.point[1] = Number.NaN
    forecast.point[29] = Number.POSITIVE_INFINITY
    state.forecasts.set('search', forecast)
    const horizons = [...(await scrape(metrics)).keys()].flatMap(
      (key) => /forecast_requests.*horizon_seconds="(\d+)"/.exec(key)?.[1] ?? [],
    )
    expect(new Set(horizons)).toEqual(new Set(['225']))
  })

  it.each([
    ['unknown', null],
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['negative', -1],
  ])('a load that is %s', async (_what, loadRps) => {
    const { metrics, state } = page()
    state.services[0]!.loadRps = loadRps
    const shown = [...(await scrape(metrics)).keys()].filter((key) => key.includes('_load_'))
    expect(shown).toEqual(['forescale_load_requests_per_second{service="payment"}'])
  })

  it.each(['stale', 'dead'] as const)(
    'measurements that are %s, but not their age',
    async (freshness) => {
      const { metrics, state } = page()
      for (const row of state.services) row.freshness = freshness
      state.nowMs += 60_000
      const series = await scrape(metrics)
      for (const name of ['load_requests_per_second', 'latency_p95_seconds', 'violation_ratio']) {
        expect(names(series)).not.toContain(`forescale_${name}`)
      }
      expect(series.get('forescale_source_age_seconds{service="search"}')).toBe(60)
    },
  )

  it('decisions once ticks have stopped for three of them', async () => {
    const { metrics, state } = page()
    state.nowMs += 3 * state.config.tickMs
    expect(names(await scrape(metrics))).toContain('forescale_recommended_replicas')
    state.nowMs += 1
    const left = names(await scrape(metrics))
    for (const name of ['wanted', 'recommended', 'desired', 'reactive_need']) {
      expect(left).not.toContain(`forescale_${name}_replicas`)
    }
  })

  it('desired replicas where nothing is enforced', async () => {
    const { metrics, state } = page()
    state.services[0]!.mode = 'recommend'
    const shown = names(await scrape(metrics))
    expect(shown).toContain('forescale_recommended_replicas')
    expect(shown).not.toContain('forescale_desired_replicas')
  })

  it('replicas that nobody has observed', async () => {
    const { metrics, state } = page()
    for (const row of state.services) row.replicas = null
    const shown = names(await scrape(metrics))
    for (const name of ['applied', 'ready', 'starting', 'terminating']) {
      expect(shown).not.toContain(`forescale_${name}_replicas`)
    }
  })

  it('spend and price before the first tick', async () => {
    const { metrics, state } = page()
    state.lastTick = undefined
    const shown = names(await scrape(metrics))
    expect(shown).toContain('forescale_cost_budget_dollars_per_hour')
    expect(shown).not.toContain('forescale_spend_dollars_per_hour')
    expect(shown).not.toContain('forescale_shadow_price')
  })

  it('nothing else: no line is ever NaN or infinite, and none but a difference negative', async () => {
    const { metrics, state } = page()
    state.services[0]!.leadTimeMs = Number.NaN
    state.budget.shadowPrice = Number.NaN
    state.budget.runningCostPerHour = -3
    for (const [key, value] of await scrape(metrics)) {
      const isDifference = DIFFERENCES.some((name) => key.startsWith(name))
      expect(Number.isFinite(value) && (isDifference || value >= 0), `${key} ${value}`).toBe(true)
    }
    expect(await promtool(await metrics.text())).toEqual({ code: 0, talk: '' })
  })
})

describe('at scale', () => {
  it('1,000 services stay under 50,000 series and a second of scraping', async () => {
    const { metrics, state } = page()
    const [row] = state.services
    state.services = Array.from({ length: 1000 }, (_, i) => ({ ...row!, service: `s${i}` }))
    state.forecasts = new Map(
      state.services.map(({ service }) => [service, testForecast(service, state.nowMs)]),
    )
    await metrics.text()
    const began = process.cpuUsage()
    const series = await scrape(metrics)
    const { user, system } = process.cpuUsage(began)
    expect(series.size).toBeGreaterThan(20_000)
    expect(series.size).toBeLessThan(50_000)
    expect((user + system) / 1e6).toBeLessThan(1)
  })
})
