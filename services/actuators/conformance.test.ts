/**
 * What every actuator must do: processes against a real host with real replicas, AWS against moto's server, Docker, Google
 * Cloud and Azure against servers of ours that answer as their documentation says (the real engine: docker-engine.test.ts),
 * Kubernetes against a real control plane with simulated nodes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppConfig } from '../config.ts'
import { startClusterOf } from '../kubernetes/test-cluster-of.ts'
import { CONTROL_PLANE_HERE } from '../kubernetes/test-control-plane.ts'
import { createHost, type Host } from '../shop/host.ts'
import { createHostApp } from '../shop/host-app.ts'
import { openJournal } from '../shop/journal.ts'
import { startReplicaProcess } from '../shop/replica-process.ts'
import { createWatchers } from '../shop/watchers.ts'
import type { Actuator } from './actuator.ts'
import { createCaller } from './caller.ts'
import type { KubernetesDeps } from './kubernetes.ts'
import { createProcesses, HostUnreachable } from './processes.ts'
import { openActuator } from './registry.ts'
import { createFakeAzure } from './test-fake-azure.ts'
import { createFakeEngine } from './test-fake-engine.ts'
import { createFakeGcp } from './test-fake-gcp.ts'
import { serve } from './test-http.ts'
import { MOTO_HERE, startMoto } from './test-moto.ts'

const INITIAL = new Map([
  ['search', 2],
  ['auth', 1],
])
type ActuatorConfig = AppConfig['actuator']
type Kind = ActuatorConfig['kind']

/** Where an actuator of the kind finds the services of INITIAL. */
interface Bench {
  readonly config: ActuatorConfig
  readonly kubernetes?: KubernetesDeps
  stop(): Promise<void>
}
const nowhere = async () => {}
const KINDS: Record<Kind, () => Promise<Bench>> = {
  caller: async () => ({ config: { kind: 'caller' }, stop: nowhere }),
  'dry-run': async () => ({ config: { kind: 'dry-run' }, stop: nowhere }),
  processes: async () => ({ config: { kind: 'processes' }, stop: nowhere }),
  async docker() {
    const engine = createFakeEngine(50)
    for (const [service, n] of INITIAL) for (let i = 0; i < n; i++) engine.add(service)
    const { url, stop } = await serve(engine.app)
    return { config: { kind: 'docker', endpoint: url, project: 'shop', ...DOCKER, ...TIMES }, stop }
  },
  async aws() {
    const { url, stop } = await startMoto()
    const targets = {
      search: { kind: 'ecs', cluster: 'shop', service: 'search' },
      auth: { kind: 'auto-scaling-group', name: 'auth' },
    } as const
    return { config: { kind: 'aws', endpoint: url, targets, ...TIMES }, stop }
  },
  async gcp() {
    const { app, groups } = createFakeGcp()
    groups.set('zones/europe-west3-a/search', { targetSize: 2, instances: [] })
    groups.set('regions/europe-west3/auth', { targetSize: 1, instances: [] })
    const { url, stop } = await serve(app)
    const targets = {
      search: { group: 'search', zone: 'europe-west3-a' },
      auth: { group: 'auth', region: 'europe-west3' },
    }
    return { config: { kind: 'gcp', project: 'shop', endpoint: url, targets, ...TIMES }, stop }
  },
  async azure() {
    const { app, sets } = createFakeAzure()
    sets.set('search', { mode: 'Flexible', capacity: 2, etag: 1, tags: {}, machines: [] })
    sets.set('auth', { mode: 'Uniform', capacity: 1, etag: 1, tags: {}, machines: [] })
    const { url, stop } = await serve(app)
    const targets = {
      search: { resourceGroup: 'shop', scaleSet: 'search' },
      auth: { resourceGroup: 'shop', scaleSet: 'auth' },
    }
    const subscriptionId = 's'
    return { config: { kind: 'azure', subscriptionId, endpoint: url, targets, ...TIMES }, stop }
  },
  async kubernetes() {
    const { plane, deps, stop } = await startClusterOf(INITIAL)
    const kubernetes = deps({ kubeconfig: plane.kubeconfig })
    return { config: { kind: 'kubernetes' }, kubernetes, stop }
  },
}
const DOCKER = { targets: {}, stopSeconds: 1 }
const TIMES = { deadlineMs: 10_000, releaseWaitMs: 5000 }
/**
 * What stands in for AWS is installed by a step of CI, elsewhere services/actuators/install-moto.sh does it; a control plane
 * by services/kubernetes/install-control-plane.sh.
 */
const NEEDS: Partial<Record<Kind, boolean>> = { aws: MOTO_HERE, kubernetes: CONTROL_PLANE_HERE }
const HERE = (Object.keys(KINDS) as Kind[]).filter((kind) => NEEDS[kind] ?? true)

interface RealHost {
  readonly host: Host
  readonly url: string
  stop(): Promise<void>
}

async function startHost(): Promise<RealHost> {
  const dir = mkdtempSync(path.join(tmpdir(), 'forescale-actuators-'))
  const watchers = createWatchers()
  const nowMs = () => Date.now()
  const host = createHost({
    services: Array.from(INITIAL, ([service, initialReplicas]) => ({
      initialReplicas,
      settings: {
        service,
        seed: 1,
        meanServiceMs: 20,
        serviceTimeCv: 0,
        concurrency: 2,
        queueLimit: 2,
        startupMs: 0,
      },
    })),
    drainTimeoutMs: 3000,
    journal: await openJournal(path.join(dir, 'applied.jsonl')),
    start: startReplicaProcess,
    watchers,
    nowMs,
  })
  const server = createAdaptorServer({ fetch: createHostApp(host, watchers, nowMs).fetch })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.close()
      await host.stop(1000)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function settled(actuator: Actuator, service: string, ready: number) {
  for (let i = 0; i < 200; i++) {
    const seen = (await actuator.observe()).get(service)
    if (seen?.ready === ready && seen.starting + seen.terminating === 0) return seen
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(
    `${service} never had ${ready} ready replicas: ${JSON.stringify([...(await actuator.observe())])}`,
  )
}

let real: RealHost
beforeAll(async () => {
  real = await startHost()
})
afterAll(() => real.stop())

describe.each(HERE)('%s', (kind) => {
  let actuator: Actuator
  let bench: Bench
  beforeAll(async () => {
    bench = await KINDS[kind]()
    actuator = await openActuator(bench.config, {
      hostUrl: real.url,
      initial: INITIAL,
      drainTimeoutMs: 3000,
      ...(bench.kubernetes ? { kubernetes: bench.kubernetes } : {}),
    })
  }, 120_000)
  afterAll(async () => {
    await actuator.close()
    await bench.stop()
  })
  const id = (n: number) => `${kind}-${n}`

  it('shows the services that there are', async () => {
    expect(await settled(actuator, 'search', 2)).toMatchObject({
      requested: 2,
      lastDecisionId: undefined,
    })
    expect([...(await actuator.observe()).keys()].sort()).toEqual(['auth', 'search'])
  })

  it('observes what it applied, and the decision behind it', async () => {
    const [result] = await actuator.apply([
      { decisionId: id(1), service: 'search', from: 2, to: 3 },
    ])
    expect(result).toEqual({ decisionId: id(1), service: 'search', outcome: 'applied' })
    expect(await settled(actuator, 'search', 3)).toMatchObject({
      requested: 3,
      lastDecisionId: id(1),
    })
  })

  it('does nothing when the same order comes again', async () => {
    const order = { decisionId: id(1), service: 'search', from: 2, to: 3 }
    expect((await actuator.apply([order]))[0]!.outcome).toBe('applied')
    expect(await settled(actuator, 'search', 3)).toMatchObject({ requested: 3 })
  })

  it('takes counts as absolute, whatever the order believed was there', async () => {
    await actuator.apply([{ decisionId: id(2), service: 'search', from: 9, to: 2 }])
    expect(await settled(actuator, 'search', 2)).toMatchObject({
      requested: 2,
      lastDecisionId: id(2),
    })
  })

  it('survives a bad target and says so, one result an order, in order', async () => {
    const results = await actuator.apply([
      { decisionId: id(3), service: 'nobody', from: 1, to: 2 },
      { decisionId: id(4), service: 'auth', from: 1, to: 2 },
    ])
    expect(results.map((r) => [r.decisionId, r.outcome])).toEqual([
      [id(3), 'failed'],
      [id(4), 'applied'],
    ])
    expect(results[0]!.detail).toMatch(/nobody/)
    await settled(actuator, 'auth', 2)
    await actuator.apply([{ decisionId: id(5), service: 'auth', from: 2, to: 1 }])
    await settled(actuator, 'auth', 1)
  })

  it('leaves no order without a result', async () => {
    expect(await actuator.apply([])).toEqual([])
  })
})

describe('processes', () => {
  it('starts increases only when the replicas of the decreases are gone', async () => {
    const actuator = createProcesses({ hostUrl: real.url, drainTimeoutMs: 3000 })
    await settled(actuator, 'search', 2)
    let mostAtOnce = 0
    const watch = setInterval(() => {
      const all = Object.values(real.host.services().services)
      mostAtOnce = Math.max(
        mostAtOnce,
        all.reduce((sum, s) => sum + s.replicas.length, 0),
      )
    }, 5)
    const results = await actuator.apply([
      { decisionId: 'swap-up', service: 'auth', from: 1, to: 2 },
      { decisionId: 'swap-down', service: 'search', from: 2, to: 1 },
    ])
    expect(results.map((r) => r.outcome)).toEqual(['applied', 'applied'])
    await settled(actuator, 'auth', 2)
    clearInterval(watch)
    expect(mostAtOnce).toBe(3)
    await actuator.close()
  })

  it('measures start-ups', async () => {
    const actuator = createProcesses({ hostUrl: real.url, drainTimeoutMs: 3000 })
    const { recentStartupsMs } = (await actuator.observe()).get('search')!
    expect(recentStartupsMs.length).toBeGreaterThan(0)
    for (const ms of recentStartupsMs) expect(ms).toBeGreaterThan(10)
    await actuator.close()
  })

  it('says that the host does not answer, per order, and throws on observing', async () => {
    const actuator = createProcesses({ hostUrl: 'http://127.0.0.1:1', drainTimeoutMs: 100 })
    const results = await actuator.apply([{ decisionId: 'x', service: 'search', from: 1, to: 2 }])
    expect(results[0]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('no answer'),
    })
    await expect(actuator.observe()).rejects.toThrow(HostUnreachable)
    await actuator.close()
  })

  it('leaves a target alone that failed again and again, and no other', async () => {
    const actuator = createProcesses({ hostUrl: 'http://127.0.0.1:1', drainTimeoutMs: 100 })
    const apply = async (decisionId: string, service: string) =>
      (await actuator.apply([{ decisionId, service, from: 1, to: 2 }]))[0]!.detail
    await apply('a', 'search')
    await apply('b', 'search')
    expect(await apply('c', 'search')).toMatch(/circuit|breaker/i)
    expect(await apply('d', 'auth')).toMatch(/no answer/)
    await actuator.close()
  })
})

describe('caller', () => {
  it('takes the reported counts for the truth until the next order', async () => {
    const caller = createCaller(INITIAL)
    await caller.apply([{ decisionId: 'a', service: 'search', from: 2, to: 4 }])
    caller.report(new Map([['search', { requested: 4, ready: 2, starting: 2, terminating: 0 }]]))
    expect((await caller.observe()).get('search')).toMatchObject({
      requested: 4,
      ready: 2,
      starting: 2,
      lastDecisionId: 'a',
    })
    expect((await caller.observe()).get('auth')).toMatchObject({ requested: 1, ready: 1 })
  })
})
