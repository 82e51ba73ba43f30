/** A workload's history as kube-state-metrics and cAdvisor write it, in a real Prometheus, learned from by the command. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/main.ts'
import { remoteWrite } from '../../stores/test-remote-write.ts'
import {
  announce,
  hasPrometheus,
  type RunningServer,
  startPrometheus,
} from '../../stores/test-servers.ts'

const STEP_MS = 60_000
const STEPS = 24 * 60
const PODS = 40
const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
const fromMs = nowMs - STEPS * STEP_MS

announce('prometheus', hasPrometheus)
describe.runIf(hasPrometheus)('forescale k8s learn', () => {
  let server: RunningServer
  const of = { namespace: 'shop' }
  const pod = (i: number) => `web-7d9f8b6c5-${String(10_000 + i)}`

  function series(__name__: string, labels: Record<string, string>, value: (k: number) => number) {
    const steps = Array.from({ length: STEPS }, (_, k) => k)
    const samples = steps
      .map((k) => ({ atMs: fromMs + (k + 1) * STEP_MS, value: value(k) }))
      .filter((one) => !Number.isNaN(one.value))
    return { labels: { __name__, ...of, ...labels }, samples }
  }
  const load = (k: number) => 60 + 40 * Math.sin((2 * Math.PI * k) / STEPS)
  const cpu = (k: number) => 4 * 0.05 + 0.01 * load(k)

  beforeAll(async () => {
    server = await startPrometheus()
    let used = 0
    const counted = Array.from({ length: STEPS }, (_, k) => (used += cpu(k) * 60))
    const container = { pod: pod(0), container: 'web' }
    const pods = Array.from({ length: PODS }, (_, i) => i).flatMap((i) => {
      const madeAt = fromMs / 1000 + 600 + i * 1800
      const lives = (k: number) => fromMs / 1000 + k * 60 > madeAt + 120 && k < 1400
      const ids = { pod: pod(i), uid: `uid-${i}` }
      return [
        series('kube_pod_created', ids, (k) => (lives(k) ? madeAt : Number.NaN)),
        // from 20 s to 59 s; later it was not ready for a while, which is no start-up
        series('kube_pod_status_ready_time', ids, (k) =>
          lives(k) ? madeAt + 20 + i + (k > 1390 ? 5000 : 0) : Number.NaN,
        ),
      ]
    })
    const all = [
      series('kube_deployment_status_replicas_ready', { deployment: 'web' }, () => 4),
      series('http_requests', {}, load),
      series('container_cpu_usage_seconds_total', container, (k) => counted[k]!),
      // another's pods, of a name that begins the same
      series(
        'container_cpu_usage_seconds_total',
        { pod: 'web-api-7d9f8b6c5-10000', container: 'web' },
        (k) => 1000 * k,
      ),
      series('kube_pod_container_resource_requests', { ...container, resource: 'cpu' }, () => 0.5),
      ...pods,
    ]
    const response = await remoteWrite(`${server.url}/api/v1/write`, all)
    expect([response.status, await response.text()]).toEqual([204, ''])
  }, 60_000)
  afterAll(() => server?.remove())

  async function learn(...more: string[]) {
    let out = ''
    let err = ''
    const around = {
      stdout: {
        write: (text: string) => {
          out += text
        },
      },
      stderr: {
        write: (text: string) => {
          err += text
        },
      },
      ...{ env: {}, nowMs: () => nowMs },
    }
    const argv = [
      'k8s',
      'learn',
      'web',
      '-n',
      'shop',
      '--server',
      server.url,
      '--last',
      '1d',
      ...more,
    ]
    return { code: await runCli(argv, around), out, err }
  }

  it('tells capacity by CPU and nine pods of ten by their first readiness, each with bounds', async () => {
    const { code, out, err } = await learn(
      '--load',
      'avg_over_time(http_requests[$step])',
      '--json',
    )
    expect([code, err]).toEqual([0, ''])
    const { capacity, startup, pods } = JSON.parse(out)
    // (0.5 − 0.05) / 0.01
    expect(capacity).toMatchObject({ by: 'cpu', value: expect.closeTo(45, 0) })
    expect(capacity.low).toBeLessThanOrEqual(capacity.value)
    expect(pods).toBe(PODS)
    expect(startup.value).toBe(55)
    expect(startup.low).toBeLessThan(55)
  })

  it('prints lines for the configuration', async () => {
    const { out } = await learn('--load', 'avg_over_time(http_requests[$step])')
    expect(out).toMatch(
      /^services:\n {2}web:\n {4}capacityPerReplica: 4[45](\.\d)? # 95 %: .+ by cpu/,
    )
    expect(out).toContain('startupSeconds: 55 # nine of ten pods; 95 %: ')
  })

  it('refuses a query of several series, and says when there is nothing to learn from', async () => {
    const several = await learn('--load', 'kube_pod_created')
    expect(several).toMatchObject({ code: 4, err: expect.stringContaining('allowed: one') })
    const none = await learn('--load', 'nothing_of_the_kind')
    expect(none.out).toContain('# capacityPerReplica: 0 steps with load')
  })
})
