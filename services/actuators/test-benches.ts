/** A target of each kind, with the same two services in it: as real as it can be had here (conformance.test.ts says which). */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import type { AppConfig } from '../config.ts'
import { startClusterOf } from '../kubernetes/test-cluster-of.ts'
import { CONTROL_PLANE_HERE } from '../kubernetes/test-control-plane.ts'
import { createHost, type Host } from '../shop/host.ts'
import { createHostApp } from '../shop/host-app.ts'
import { openJournal } from '../shop/journal.ts'
import { startReplicaProcess } from '../shop/replica-process.ts'
import { createWatchers } from '../shop/watchers.ts'
import type { KubernetesDeps } from './kubernetes.ts'
import { createFakeAzure } from './test-fake-azure.ts'
import { createFakeEngine } from './test-fake-engine.ts'
import { createFakeGcp } from './test-fake-gcp.ts'
import { serve } from './test-http.ts'
import { MOTO_HERE, startMoto } from './test-moto.ts'

export const INITIAL = new Map([
  ['search', 2],
  ['auth', 1],
])
type ActuatorConfig = AppConfig['actuator']
export type Kind = ActuatorConfig['kind']

/** Where an actuator of the kind finds the services of INITIAL. */
export interface Bench {
  readonly config: ActuatorConfig
  readonly kubernetes?: KubernetesDeps
  stop(): Promise<void>
}
const nowhere = async () => {}
export const KINDS: Record<Kind, () => Promise<Bench>> = {
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
export const HERE = (Object.keys(KINDS) as Kind[]).filter((kind) => NEEDS[kind] ?? true)

export interface RealHost {
  readonly host: Host
  readonly url: string
  stop(): Promise<void>
}

export async function startHost(): Promise<RealHost> {
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
