/**
 * Settings out of a real cluster into a running controller: annotations by kubectl, ScalingPolicies and Budgets of our own
 * custom resources, which the API server judges as our schemas do, and what is told back of it.
 */
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BudgetSpec } from '../crds/budget.ts'
import { ScalingPolicySpec } from '../crds/scaling-policy.ts'
import {
  CONTROL_PLANE_HERE,
  startControlPlane,
  type TestControlPlane,
} from '../test-control-plane.ts'
import type { SettingsView } from './view.ts'

const MAIN = new URL('../../loops/main.ts', import.meta.url).pathname
const CLI = new URL('../../cli/forescale.js', import.meta.url).pathname
const CRDS = new URL('../../../deploy/crds', import.meta.url).pathname
const API = 'forescale.dev/v1alpha1'
const run = promisify(execFile)
const WAIT = { timeout: 20_000, interval: 100 }
/** Each watch finds by itself that the API server is back. */
const AFTER_OUTAGE = { ...WAIT, timeout: 60_000 }

/** Right and wrong: what does each say of it, the server and the schema? */
const POLICY_SPECS: readonly object[] = [
  { targetRef: { name: 'web' } },
  { targetRef: { name: 'web' }, minReplicas: 2, maxReplicas: 12, mode: 'off', weight: 0.5 },
  { targetRef: { name: 'web' }, slo: { latencySeconds: 0.3, objective: 0.999 } },
  {
    targetRef: { name: 'web', kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' },
    behavior: { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
  },
  {},
  { targetRef: {} },
  { targetRef: { name: 'Web!' } },
  { targetRef: { name: 'web', kind: 'DaemonSet' } },
  { targetRef: { name: 'web' }, minReplicas: 13, maxReplicas: 12 },
  { targetRef: { name: 'web' }, maxReplicas: 0 },
  { targetRef: { name: 'web' }, maxReplicas: 1.5 },
  { targetRef: { name: 'web' }, mode: 'on' },
  { targetRef: { name: 'web' }, mode: false },
  { targetRef: { name: 'web' }, slo: { objective: 1 } },
  { targetRef: { name: 'web' }, pricePerReplicaHour: 0 },
  { targetRef: { name: 'web' }, fairShare: 1.1 },
  { targetRef: { name: 'web' }, behavior: { scaleUp: { policies: [] } } },
  { targetRef: { name: 'web' }, behavior: { scaleUp: { stabilizationWindowSeconds: 3601 } } },
]
const BUDGET_SPECS: readonly object[] = [
  { costPerHour: 4 },
  { costPerDay: 10, costPerMonth: 200 },
  { namespaces: ['shop'], costPerHour: 1, limits: { maxReplicas: 3, mode: 'recommend' } },
  { namespaces: ['shop'], costPerDay: 1 },
  { costPerDay: 10, costPerMonth: 9 },
  { costPerHour: 0 },
  { limits: { minReplicas: 4, maxReplicas: 3 } },
  { limits: { mode: 'all' } },
  { namespaces: [''] },
]

describe.runIf(CONTROL_PLANE_HERE)('settings of a cluster', () => {
  let plane: TestControlPlane
  let folder: string
  let url: string
  let child: ChildProcess
  let feeding: NodeJS.Timeout
  const services: string[] = []

  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.kubectl('apply', '-f', CRDS)
    await plane.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s')
    await plane.kubectl('create', 'namespace', 'shop')
    for (const name of ['web', 'cart'])
      await plane.kubectl('create', 'deployment', name, '-n', 'shop', '--image=none.invalid/x')
    folder = await mkdtemp(path.join(tmpdir(), 'forescale-settings-'))
    const port = await getPort({ host: '127.0.0.1' })
    url = `http://127.0.0.1:${port}`
    const config = {
      ...{ mode: 'enforce', tickMs: 1000, stepMs: 1000, costBudgetPerHour: 30, services: {} },
      http: { port },
      actuator: { kind: 'kubernetes' },
      kubernetes: {
        kubeconfig: plane.kubeconfig,
        settings: {
          debounceMs: 100,
          configMap: { namespace: 'shop', name: 'forescale' },
          defaults: {
            ...{ pricePerReplicaHour: 1, capacityPerReplica: 10, policy: 'reactive' },
            behavior: {
              scaleUp: { policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] },
              scaleDown: { stabilizationWindowSeconds: 0 },
            },
          },
          limits: { maxReplicas: 15 },
        },
      },
    }
    await writeFile(path.join(folder, 'forescale.yaml'), JSON.stringify(config))
    child = fork(MAIN, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...process.env,
        LOG_LEVEL: 'error',
        FORESCALE_CONFIG: path.join(folder, 'forescale.yaml'),
        FORESCALE_STATE_DIR: path.join(folder, 'state'),
      },
    })
    for (;;) {
      const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
      if (message?.kind === 'ready') break
      if (typeof message !== 'object' || message === null || message.kind === 'failed')
        throw new Error(`the controller did not start: ${JSON.stringify(message)}`)
    }
    feeding = setInterval(() => void feed(), 500)
  }, 180_000)
  afterAll(async () => {
    clearInterval(feeding)
    child?.kill('SIGKILL')
    await plane?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Enough load for 12 replicas of each. */
  async function feed(): Promise<void> {
    const samples = services.map((service) => ({
      ...{ service, metric: 'requests_per_second', atMs: Date.now(), value: 95 },
    }))
    if (samples.length > 0)
      await fetch(`${url}/v1/samples`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ samples }),
      }).catch(() => {})
  }
  // biome-ignore lint/suspicious/noExplicitAny: the answer's schema has its own tests
  const get = async (at: string): Promise<any> => (await fetch(url + at)).json()
  const names = async () => {
    const { items } = await get('/v1/services')
    return items.map((one: { service: string }) => one.service)
  }
  const inForce = async (service: string) => (await get('/v1/config')).services[service]
  const faults = async (name: string) => {
    const { objects }: SettingsView = await get('/v1/kubernetes/settings')
    return objects.filter((one) => one.name === name).flatMap((one) => one.faults)
  }
  const annotate = (name: string, ...said: string[]) =>
    plane.kubectl('annotate', 'deployment', name, '-n', 'shop', '--overwrite', ...said)
  const statusOf = async (kind: string, name: string) =>
    JSON.parse(await plane.kubectl('get', kind, name, '-n', 'shop', '-o', 'json')).status
  const policy = (name: string, spec: object) =>
    JSON.stringify({
      apiVersion: API,
      kind: 'ScalingPolicy',
      metadata: { name, namespace: 'shop' },
      spec,
    })
  const budget = (name: string, spec: object) =>
    JSON.stringify({ apiVersion: API, kind: 'Budget', metadata: { name }, spec })

  it('are judged by the API server as by our own schemas', async () => {
    const judged = async (yaml: string) =>
      plane.apply(yaml, '--dry-run=server').then(
        () => true,
        () => false,
      )
    const rows = [
      ...POLICY_SPECS.map((spec) => ({ spec, of: ScalingPolicySpec, yaml: policy('try', spec) })),
      ...BUDGET_SPECS.map((spec) => ({ spec, of: BudgetSpec, yaml: budget('try', spec) })),
    ]
    const server = await Promise.all(rows.map(({ yaml }) => judged(yaml)))
    const ours = rows.map(({ of, spec }) => of.safeParse(spec).success)
    expect(rows.map(({ spec }, i) => [spec, server[i]])).toEqual(
      rows.map(({ spec }, i) => [spec, ours[i]]),
    )
    expect(server.filter((taken) => taken).length).toBeGreaterThan(5)
    await expect(plane.apply(policy('try', POLICY_SPECS[8]!), '--dry-run=server')).rejects.toThrow(
      'minReplicas must not be greater than maxReplicas',
    )
  })

  it('begin when a Deployment is annotated, and take effect while the controller runs', async () => {
    expect(await names()).toEqual([])
    const startedMs = performance.now()
    await annotate('web', 'forescale.dev/enabled=true', 'forescale.dev/max-replicas=12')
    await expect.poll(names, WAIT).toEqual(['shop--web'])
    process.stdout.write(
      `in /v1/services ${Math.round(performance.now() - startedMs)} ms after kubectl annotate\n`,
    )
    expect(await inForce('shop--web')).toMatchObject({ maxReplicas: 12, pricePerReplicaHour: 1 })
    services.push('shop--web')
  })

  it('tell of an annotation that is wrong, in the API, on the command line and as an Event', async () => {
    await annotate('web', 'forescale.dev/max-replicas=many', 'forescale.dev/weight=2')
    await expect
      .poll(() => inForce('shop--web'), WAIT)
      .toMatchObject({ maxReplicas: 10, weight: 2 })
    expect(await faults('web')).toMatchObject([
      { kind: 'refused', field: 'forescale.dev/max-replicas', value: '"many"' },
    ])
    await expect
      .poll(() => plane.kubectl('get', 'events', '-n', 'shop'), WAIT)
      .toMatch(/Warning +SettingsRefused +deployment\/web +forescale.dev\/max-replicas "many"/)
    const shown = await run(process.execPath, [CLI, 'k8s', 'status', '--url', url])
    expect(shown.stdout).toMatch(/Deployment\/shop\/web +shop--web +1/)
    await annotate('web', 'forescale.dev/max-replicas=90')
    await expect.poll(() => inForce('shop--web'), WAIT).toMatchObject({ maxReplicas: 15 })
    await annotate('web', 'forescale.dev/max-replicas=12')
    await expect.poll(() => faults('web'), WAIT).toEqual([])
  })

  it('come from a ScalingPolicy too, whose status says what is in force and what was decided', async () => {
    await plane.apply(policy('cart', { targetRef: { name: 'cart' }, maxReplicas: 12, weight: 3 }))
    await plane.apply(policy('lost', { targetRef: { name: 'nothing' } }))
    await expect.poll(names, WAIT).toEqual(['shop--cart', 'shop--web'])
    services.push('shop--cart')
    await expect
      .poll(() => statusOf('scalingpolicy', 'cart'), WAIT)
      .toMatchObject({
        service: 'shop--cart',
        mode: 'enforce',
        wantedReplicas: 12,
        maxReplicas: 12,
      })
    const { conditions, observedGeneration } = await statusOf('scalingpolicy', 'cart')
    expect(observedGeneration).toBe(1)
    const held = (list: { type: string; status: string }[]) =>
      list.filter((one) => one.status === 'True').map((one) => one.type)
    expect(held(conditions)).toContain('Ready')
    await expect
      .poll(async () => held((await statusOf('scalingpolicy', 'lost'))?.conditions ?? []), WAIT)
      .toEqual(['Degraded'])
    const table = await plane.kubectl('get', 'scalingpolicies', '-n', 'shop')
    expect(table.split('\n')[0]).toMatch(
      /NAME +TARGET +MODE +MIN +MAX +REPLICAS +WANTED +READY +CONFLICT +AGE/,
    )
    expect(table).toMatch(/cart +cart +enforce +1 +12 +\d+ +12 +True +False/)
    await expect(plane.apply(policy('cart', { targetRef: { name: 'web' } }))).rejects.toThrow(
      'targetRef cannot be changed',
    )
  })

  it('are narrowed by Budgets: of a namespace as maxima, of the cluster by the tick', async () => {
    await plane.apply(budget('shop', { namespaces: ['shop'], costPerHour: 8 }))
    const most = async () =>
      (await inForce('shop--web')).maxReplicas + (await inForce('shop--cart')).maxReplicas
    await expect.poll(most, WAIT).toBe(8)
    await plane.kubectl('delete', 'budget', 'shop')
    await expect.poll(most, WAIT).toBe(24)
    const spend = async () => (await get('/v1/ticks/latest')).spendPerHour
    await expect.poll(spend, WAIT).toBeGreaterThan(10)
    await plane.apply(budget('all', { costPerHour: 6 }))
    await expect.poll(async () => (await get('/v1/budget')).costBudgetPerHour, WAIT).toBe(6)
    await expect.poll(spend, WAIT).toBeLessThanOrEqual(6)
    await expect
      .poll(() => statusOf('budget', 'all'), WAIT)
      .toMatchObject({ services: 2, inForcePerHour: 6, costPerHour: 6 })
    expect(await plane.kubectl('get', 'budgets')).toMatch(/all +6 +6 +2 +True +True/)
    await plane.kubectl('delete', 'budget', 'all')
    await expect.poll(async () => (await get('/v1/budget')).costBudgetPerHour, WAIT).toBe(30)
  })

  it('come from a ConfigMap for all', async () => {
    const data = { 'settings.yaml': 'mode: recommend\ndefaults: {minReplicas: 2}\nlimit: 3\n' }
    await plane.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'forescale', namespace: 'shop' },
        data,
      }),
    )
    await expect.poll(async () => (await get('/v1/config')).mode, WAIT).toBe('recommend')
    expect(await inForce('shop--web')).toMatchObject({ minReplicas: 2 })
    expect(await faults('forescale')).toMatchObject([{ field: 'limit', kind: 'refused' }])
    await plane.kubectl('delete', 'configmap', 'forescale', '-n', 'shop')
    await expect.poll(async () => (await get('/v1/config')).mode, WAIT).toBe('enforce')
  })

  it('that were seen stand while the API server is away', async () => {
    await plane.killApiServer()
    await sleep(3000)
    expect(await names()).toEqual(['shop--cart', 'shop--web'])
    await plane.startApiServer()
    await annotate('web', 'forescale.dev/weight=4')
    await expect.poll(() => inForce('shop--web'), AFTER_OUTAGE).toMatchObject({ weight: 4 })
  })

  it('end with their object: the service is gone, its workload is left as it is, ticks go on', async () => {
    const replicas = () =>
      plane.kubectl('get', 'deployment', 'web', '-n', 'shop', '-o', 'jsonpath={.spec.replicas}')
    const before = await replicas()
    await annotate('web', 'forescale.dev/enabled-')
    await expect.poll(names, WAIT).toEqual(['shop--cart'])
    await plane.kubectl('delete', 'scalingpolicy', 'cart', '-n', 'shop')
    await expect.poll(names, AFTER_OUTAGE).toEqual([])
    const { tick } = await get('/v1/ticks/latest')
    await expect
      .poll(async () => (await get('/v1/ticks/latest')).tick, WAIT)
      .toBeGreaterThan(tick + 1)
    expect(await replicas()).toBe(before)
    const { checks } = await get('/readyz?verbose=true')
    expect(checks.filter((check: { ok: boolean }) => !check.ok)).toEqual([])
  })
})
