/** Usage as cAdvisor and kube-state-metrics write it, in a real Prometheus: advice by the command and over HTTP. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../../cli/main.ts'
import { createApp } from '../../http/app.ts'
import { createTestParts } from '../../http/test-plane.ts'
import { remoteWrite, type SentSeries } from '../../stores/test-remote-write.ts'
import {
  announce,
  hasPrometheus,
  type RunningServer,
  startPrometheus,
} from '../../stores/test-servers.ts'
import { KubernetesConfig } from '../config.ts'

const SCRAPE_MS = 120_000
const SCRAPES = 2 * 24 * 30
const MIB = 1024 * 1024
const nowMs = Math.floor(Date.now() / 300_000) * 300_000
const fromMs = nowMs - SCRAPES * SCRAPE_MS
const PODS = ['web-7d9f8b6c5-aaaaa', 'web-7d9f8b6c5-bbbbb', 'web-7d9f8b6c5-ccccc']
const KILLED_AT = SCRAPES - 300

function series(
  __name__: string,
  labels: Record<string, string>,
  value: (k: number) => number,
): SentSeries {
  const samples = Array.from({ length: SCRAPES }, (_, k) => ({
    atMs: fromMs + (k + 1) * SCRAPE_MS,
    value: value(k),
  }))
  return {
    labels: { __name__, namespace: 'shop', ...labels },
    samples: samples.filter(({ value: one }) => !Number.isNaN(one)),
  }
}

function usageOf(pod: string, container: string, cores: number, bytes: number): SentSeries[] {
  // the third pod was not seen for half of the first day, which is not the same as idle
  const isThere = (k: number) => pod !== PODS[2] || k < 200 || k > 560
  const seen = (value: number, k: number) => (isThere(k) ? value : Number.NaN)
  const of = { pod, container }
  const seconds = (k: number) => (k + 1) * (SCRAPE_MS / 1000) * cores
  return [
    series('container_cpu_usage_seconds_total', of, (k) => seen(seconds(k), k)),
    series('container_memory_working_set_bytes', of, (k) => seen(bytes, k)),
  ]
}

function told(container: string, cores: number, bytes: number): SentSeries[] {
  const of = { pod: PODS[0]!, container }
  return [
    series('kube_pod_container_info', of, () => 1),
    series('kube_pod_container_resource_requests', { ...of, resource: 'cpu' }, () => cores),
    series('kube_pod_container_resource_requests', { ...of, resource: 'memory' }, () => bytes),
  ]
}

const ofHpa = { horizontalpodautoscaler: 'web-hpa' }
const killed = { pod: PODS[1]!, container: 'web' }
const WRITTEN: readonly SentSeries[] = [
  ...PODS.flatMap((pod) => [
    ...usageOf(pod, 'web', 0.1, 200e6),
    ...usageOf(pod, 'log', 0.001, 20e6),
    // put in by a webhook, and one that ends before the pod begins: neither is in the template's list
    ...usageOf(pod, 'istio-proxy', 2, 900e6),
    ...usageOf(pod, 'migrate', 3, 900e6),
  ]),
  ...usageOf('web-api-7d9f8b6c5-aaaaa', 'web', 9, 9e9),
  series('kube_pod_container_info', { pod: 'api-7d9f8b6c5-aaaaa', container: 'api' }, () => 1),
  ...told('web', 0.5, 256 * MIB),
  ...told('log', 0.1, 64 * MIB),
  ...told('istio-proxy', 0.1, 128 * MIB),
  series('kube_pod_container_resource_limits', { ...killed, resource: 'memory' }, () => 256 * MIB),
  // when it was killed; today more is requested
  series('kube_pod_container_resource_requests', { ...killed, resource: 'memory' }, (k) =>
    k < KILLED_AT + 100 ? 200 * MIB : Number.NaN,
  ),
  series('kube_pod_container_status_restarts_total', killed, (k) => (k < KILLED_AT ? 0 : 1)),
  series(
    'kube_pod_container_status_last_terminated_reason',
    { ...killed, reason: 'OOMKilled' },
    (k) => (k < KILLED_AT ? Number.NaN : 1),
  ),
  series(
    'kube_horizontalpodautoscaler_info',
    { ...ofHpa, scaletargetref_kind: 'Deployment', scaletargetref_name: 'web' },
    () => 1,
  ),
  series(
    'kube_horizontalpodautoscaler_spec_target_metric',
    { ...ofHpa, metric_name: 'cpu', metric_target_type: 'utilization' },
    () => 80,
  ),
]

// bucket ends by the published formula, first × (1.05^n − 1) / 0.05, and 15 % more
const CPU_TARGET = 0.2 * (1.05 ** 9 - 1) * 1.15
// the kill: 200 MiB requested and 100 MiB more, in bucket ⌊19.37⌋; of six peaks it weighs more than a tenth
const MEMORY_TARGET = 2e8 * (1.05 ** 20 - 1) * 1.15

announce('prometheus', hasPrometheus)
describe.runIf(hasPrometheus)('requests of CPU and memory', () => {
  let server: RunningServer

  beforeAll(async () => {
    // a day of the workload is more than it will answer at once: it is asked in halves
    server = await startPrometheus('', ['--query.max-samples=3000'])
    const response = await remoteWrite(`${server.url}/api/v1/write`, WRITTEN)
    expect([response.status, await response.text()]).toEqual([204, ''])
  }, 60_000)
  afterAll(() => server?.remove())

  async function rightSize(...argv: string[]) {
    const said = { out: [] as string[], err: [] as string[] }
    const code = await runCli(['k8s', 'right-size', ...argv], {
      stdout: { write: (text: string) => said.out.push(text) },
      stderr: { write: (text: string) => said.err.push(text) },
      ...{ env: {}, nowMs: () => nowMs },
    })
    return { code, out: said.out.join(''), err: said.err.join('') }
  }
  const direct = (...more: string[]) =>
    rightSize('web', '-n', 'shop', '--server', server.url, '--last', '2d', ...more)

  it('are asked of a server that answers no whole day at once', async () => {
    const query = `max by (pod, container) (container_memory_working_set_bytes)`
    const range = { start: nowMs - 86_400_000, end: nowMs }
    const fields = {
      query,
      start: `${range.start / 1000}`,
      end: `${range.end / 1000}`,
      step: '300',
    }
    const response = await fetch(`${server.url}/api/v1/query_range?${new URLSearchParams(fields)}`)
    expect(response.status).toBe(422)
  })

  it('are worked out by the command, with what they save and what to know before', async () => {
    const { code, out, err } = await direct('--json')
    expect([code, err]).toEqual([0, ''])
    const advice = JSON.parse(out)
    expect(advice.containers.map(({ container }: { container: string }) => container)).toEqual([
      'log',
      'web',
    ])
    const [log, web] = advice.containers
    expect(web.cpu).toMatchObject({ requested: 0.5, limit: null, isLeast: false })
    expect(web.cpu.target).toBeCloseTo(CPU_TARGET, 9)
    expect(web.memory).toMatchObject({ requested: 256 * MIB, limit: 256 * MIB })
    expect(web.memory.target / MEMORY_TARGET).toBeCloseTo(1, 9)
    expect(web.memory.lower).toBeLessThan(300e6)
    expect(web).toMatchObject({ oomKills: 1, historyDays: expect.closeTo(2, 1) })
    // half of the minimum of a pod, which two containers share
    expect(log.cpu).toMatchObject({ target: 0.0125, isLeast: true })
    expect(log.memory).toMatchObject({ target: 125 * MIB, isLeast: true })
    expect(advice.replicas).toBe(3)
    const cores = 0.5 - CPU_TARGET + (0.1 - 0.0125)
    const gib = (256 * MIB - MEMORY_TARGET + (64 - 125) * MIB) / 1024 ** 3
    expect(advice.savingPerHour).toBeCloseTo(3 * (cores * 0.031611 + gib * 0.004237), 9)
    const [hpa] = advice.warnings
    expect(hpa.why).toContain('HPA web-hpa scales by cpu at 80 %')
    // 0.6 cores are requested, and 0.1393 will be
    expect(hpa.fix).toContain(
      `averageUtilization: ${Math.round((80 * 0.6) / (CPU_TARGET + 0.0125))} `,
    )
  })

  it('print as a table and as a patch, which raises a limit and lowers none', async () => {
    const { out } = await direct()
    expect(out).toMatch(/web +cpu +500m +\d+m +127m +\d+m/)
    expect(out).toMatch(/log +memory +64Mi +125Mi +125Mi \(minimum\) +\d+Mi/)
    const { out: patch } = await direct('--patch')
    expect(parse(patch)).toEqual({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
      metadata: { namespace: 'shop', name: 'web' },
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'log', resources: { requests: { cpu: '13m', memory: '125Mi' } } },
              {
                name: 'web',
                resources: {
                  requests: { cpu: '127m', memory: '363Mi' },
                  limits: { memory: '363Mi' },
                },
              },
            ],
          },
        },
      },
    })
  })

  it.each([
    ['history is too short', ['--least', '5d'], 5, 'too little history, 2 days of 5'],
    ['nothing was seen', ['--kind', 'StatefulSet'], 5, 'no usage of its containers was seen'],
  ])('are none where %s, which is said and is no 0', async (_what, more, expected, why) => {
    const { code, out } = await direct('--json', ...more)
    const advice = JSON.parse(out)
    expect(advice.why).toContain(why)
    expect({ code, yaml: advice.yaml }).toEqual({ code: expected, yaml: null })
    for (const { cpu, memory } of advice.containers) expect([cpu, memory]).toEqual([null, null])
  })

  it('are not known of a container that is there, and whose usage nobody tells', async () => {
    const { out } = await rightSize('api', '-n', 'shop', '--server', server.url, '--json')
    expect(JSON.parse(out)).toMatchObject({
      ...{ why: 'api: too little history, 0 days of 1', savingPerHour: null, yaml: null },
      containers: [{ container: 'api', cpu: null, memory: null }],
    })
  })

  it('are answered over HTTP, kept, and refused as 503 while the Prometheus is away', async () => {
    const { resources: _, ...parts } = createTestParts()
    const kubernetes = (over: object) =>
      KubernetesConfig.parse({
        workloads: { search: { namespace: 'shop', name: 'web' } },
        resources: { server: { url: server.url }, historyMs: 2 * 86_400_000, ...over },
      })
    parts.state.config = { ...parts.state.config, kubernetes: kubernetes({}) }
    const app = createApp(parts)
    const ask = async (path: string) => {
      const response = await app.request(path)
      const body: unknown = await response.json()
      return { status: response.status, body }
    }
    const listed = (advice: unknown) => ({
      items: [{ service: 'search', workload: 'shop/Deployment/web', advice }],
    })
    expect(await ask('/v1/resources')).toEqual({ status: 200, body: listed(null) })
    const answer = await ask('/v1/services/search/resources')
    expect(answer).toMatchObject({
      status: 200,
      body: { containers: [{}, { cpu: { target: expect.closeTo(CPU_TARGET, 9) } }] },
    })
    expect((await ask('/v1/resources')).body).toEqual(listed(answer.body))
    expect(await ask('/v1/services/payment/resources')).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('kubernetes.workloads') },
    })
    await server.stop()
    expect((await ask('/v1/services/search/resources')).body).toEqual(answer.body)
    parts.state.config = { ...parts.state.config, kubernetes: kubernetes({ keepMs: 0 }) }
    expect(await ask('/v1/services/search/resources')).toMatchObject({ status: 503 })
    expect((await direct()).code).toBe(4)
    await server.start()
  })
})
