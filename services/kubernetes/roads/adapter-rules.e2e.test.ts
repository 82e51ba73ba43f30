/**
 * Rules and queries of road 1 on a real Prometheus that scrapes two real controllers, of which one leads: each gives one
 * value to each HPA, through a take-over and a restart, and none of what is past its time.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startCluster, type TestCluster } from '../../leader/test-cluster.ts'
import {
  announce,
  hasPrometheus,
  type RunningServer,
  startPrometheus,
} from '../../stores/test-servers.ts'
import { DESIRED_SIGNAL, FORECAST_SIGNAL, LOAD_SIGNAL } from '../signal.ts'
import { type AdapterConfig, guardedQuery } from './adapter-rules.ts'
import { customItems, externalItems, type PromSample, queryOf } from './test-adapter.ts'

const TICK_MS = 1000
const DEPLOY = new URL('../../../deploy/kubernetes/prometheus-adapter/', import.meta.url)
const shipped = (file: string) => parse(readFileSync(new URL(file, DEPLOY), 'utf8')) as object
const RULES = {
  ...{ rules: [], externalRules: [] },
  ...shipped('external-rules.yaml'),
  ...shipped('custom-rules.yaml'),
} as AdapterConfig

/** Two that differ only in kind, and two only in namespace. */
const WORKLOADS = {
  a: { namespace: 'shop', kind: 'Deployment', name: 'web' },
  b: { namespace: 'shop', kind: 'StatefulSet', name: 'web' },
  c: { namespace: 'other', kind: 'Deployment', name: 'web' },
} as const
const SERVICES = Object.keys(WORKLOADS) as (keyof typeof WORKLOADS)[]

/** What a frozen exporter, or a cache before one, still shows: huge, and past its time. */
const FROZEN_LABELS = 'namespace="shop",workload="web",kind="Deployment",service="a"'
const FROZEN = [DESIRED_SIGNAL, LOAD_SIGNAL]
  .flatMap((name) => [
    `${name}{${FROZEN_LABELS}} 999`,
    `forescale_workload_valid_until_timestamp_seconds{${FROZEN_LABELS},signal="${name}"} 1000\n`,
  ])
  .join('\n')

let cluster: TestCluster
let prometheus: RunningServer
let frozen: Server

/** As a ServiceMonitor with honorLabels scrapes; and once more as one without, whose labels are then renamed. */
function scrapeConfig(targets: readonly string[], stale: string): string {
  const pods = targets.map((target, i) => ({
    targets: [target],
    labels: { namespace: 'forescale', service: 'forescale', pod: `forescale-${i}` },
  }))
  const job = (name: string, honor: boolean, static_configs: object) =>
    `  - ${JSON.stringify({ job_name: name, honor_labels: honor, scrape_interval: '500ms', static_configs })}\n`
  return `scrape_configs:\n${job('forescale', true, pods)}${job('renamed', false, pods)}${job('frozen', true, [{ targets: [stale] }])}`
}

announce('prometheus', hasPrometheus)
beforeAll(async () => {
  cluster = await startCluster({
    ...{ controllers: 2, tickMs: TICK_MS, services: SERVICES },
    leader: { durationMs: 3000, renewDeadlineMs: 2000, retryMs: 300 },
    config: {
      kubernetes: { workloads: WORKLOADS },
      forecast: {
        seasonsMs: [10_000],
        historyMs: 60_000,
        horizonSteps: 20,
        models: ['seasonal-naive'],
      },
    },
  })
  frozen = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(FROZEN)
  })
  await new Promise<void>((resolve) => frozen.listen(0, '127.0.0.1', resolve))
  const address = frozen.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const targets = cluster.nodes.map(({ api }) => new URL(api).host)
  prometheus = await startPrometheus(scrapeConfig(targets, `127.0.0.1:${address.port}`))
}, 120_000)
afterAll(async () => {
  await prometheus?.remove()
  frozen?.close()
  await cluster?.close()
})

interface Consumer {
  readonly name: string
  items(): Promise<PromSample[]>
}

/** Everybody who asks for a metric: an HPA by External metric, one by custom metric, and a KEDA trigger, per service. */
function consumers(metric: string, level?: string): Consumer[] {
  const own: Record<string, string> = level === undefined ? {} : { level }
  return SERVICES.flatMap((service) => {
    const { namespace, kind, name } = WORKLOADS[service]
    const matchLabels = { workload: name, kind, ...own }
    const resource = kind === 'Deployment' ? 'deployments' : 'statefulsets'
    const object = { namespace, resource, name, metric }
    const { url } = prometheus
    const query = guardedQuery(metric, { namespace, ...matchLabels })
    return [
      {
        name: `${service} external`,
        items: () => externalItems(url, RULES, { namespace, metric, matchLabels }),
      },
      { name: `${service} custom`, items: () => customItems(url, RULES, object, own) },
      { name: `${service} keda`, items: () => queryOf(url, query) },
    ]
  })
}

const sane = ({ value }: PromSample) => Number.isFinite(value) && value >= 0 && value < 999

/** Until each of them is given one value; none of them is ever given two, or one that is none. */
async function eachHasOne(asking: readonly Consumer[], limitMs = 40_000): Promise<void> {
  const givenUpAtMs = Date.now() + limitMs
  for (;;) {
    const answers = await Promise.all(asking.map(({ items }) => items()))
    answers.forEach((items, i) => {
      expect(items.length, asking[i]!.name).toBeLessThanOrEqual(1)
      expect(items.every(sane), `${asking[i]!.name} ${JSON.stringify(items)}`).toBe(true)
    })
    const without = asking.filter((_, i) => answers[i]!.length === 0).map(({ name }) => name)
    if (without.length === 0) return
    if (Date.now() > givenUpAtMs) throw new Error(`no value for ${without.join(', ')}`)
    await sleep(250)
  }
}

describe.runIf(hasPrometheus)('road 1', () => {
  it('gives every HPA and trigger one value of load and of replicas, with two controllers scraped', async () => {
    await cluster.untilLeader(15_000)
    await eachHasOne([...consumers(LOAD_SIGNAL), ...consumers(DESIRED_SIGNAL)])
  })

  it('gives one value of the forecast a level', async () => {
    await eachHasOne([...consumers(FORECAST_SIGNAL, '0.95'), ...consumers(FORECAST_SIGNAL, '0.5')])
    const of = (level: string) =>
      externalItems(prometheus.url, RULES, {
        ...{ namespace: 'shop', metric: FORECAST_SIGNAL },
        matchLabels: { workload: 'web', kind: 'Deployment', level },
      })
    const [high, low] = await Promise.all([of('0.95'), of('0.5')])
    expect(high[0]!.value).toBeGreaterThanOrEqual(low[0]!.value)
  })

  it('is of the leader: what is carried is what it says', async () => {
    const leader = (await cluster.leader())!
    const { items } = await cluster.get<{ items: { service: string; decision: { to: number } }[] }>(
      leader,
      '/v1/services',
    )
    const counts = new Set(items.map(({ decision }) => decision.to))
    expect([...counts].every((count) => Number.isInteger(count))).toBe(true)
    const text = async (index: number) =>
      (await fetch(`${cluster.nodes[index]!.api}/metrics`)).text()
    expect(await text(leader)).toContain(`${DESIRED_SIGNAL}{namespace="shop"`)
    expect(await text(1 - leader)).not.toContain('forescale_workload_')
  })

  it('never gives two while the leader is killed, another takes over, and the first comes back', async () => {
    const asking = [...consumers(LOAD_SIGNAL), ...consumers(DESIRED_SIGNAL)]
    const leader = (await cluster.leader())!
    const { child } = cluster.nodes[leader]!
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await cluster.untilLeader(15_000, leader)
    await eachHasOne(asking)
    await cluster.restart(leader)
    const untilMs = Date.now() + 4000
    while (Date.now() < untilMs) await eachHasOne(asking)
  })

  it('gives nothing once nobody decides any more: an error to the HPA, which holds', async () => {
    for (const { child } of cluster.nodes) child.kill('SIGSTOP')
    try {
      const asking = [...consumers(DESIRED_SIGNAL), ...consumers(FORECAST_SIGNAL, '0.95')]
      const givenUpAtMs = Date.now() + 30_000
      for (;;) {
        const answers = await Promise.all(asking.map(({ items }) => items()))
        if (answers.every((items) => items.length === 0)) break
        if (Date.now() > givenUpAtMs) throw new Error(`still ${JSON.stringify(answers)}`)
        await sleep(250)
      }
    } finally {
      for (const { child } of cluster.nodes) child.kill('SIGCONT')
    }
  })
})
