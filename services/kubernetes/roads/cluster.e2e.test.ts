/**
 * Manifests and the doctor beside a real API server and the real HPA controller: what is printed is accepted, and what the
 * doctor says is swallowed is swallowed.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/main.ts'
import { AppConfig } from '../../config.ts'
import { resourceAdvice } from '../../http/examples-kubernetes.ts'
import { createTestParts } from '../../http/test-plane.ts'
import { type ClusterApi, createClusterApi } from '../api.ts'
import { MetricsApiConfig } from '../metrics-api/config.ts'
import { metricsView } from '../metrics-api/open.ts'
import { apiServices, caBundleOf } from '../metrics-api/registration.ts'
import { type MetricsServer, serveMetricsApi } from '../metrics-api/server.ts'
import { patchOf } from '../resources/patch.ts'
import { makeCertificate } from '../test-certificates.ts'
import {
  CONTROL_PLANE_HERE,
  startControlPlane,
  type TestControlPlane,
} from '../test-control-plane.ts'
import { WorkloadRef } from '../workload.ts'
import { EXAMPLE_PLAN } from './files.ts'
import { hpaOf } from './hpa.ts'
import { USUAL_ADDRESSES, USUAL_TIMES } from './plan.ts'
import { renderManifest } from './render.ts'

const NAMESPACE = 'shop'
/** Many looks of the HPA, which here looks once a second. */
const HELD_MS = 6000

const deployment = (name: string) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas: 10,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'pause', image: 'none.invalid/pause' }] },
    },
  },
})

describe.runIf(CONTROL_PLANE_HERE)('roads in a cluster', () => {
  const parts = createTestParts()
  let plane: TestControlPlane
  let api: ClusterApi
  let server: MetricsServer

  /** The controller decides so many for `search`. */
  const decide = (to: number) => {
    const { state } = parts
    const decision = { ...state.services[0]!.decision!, atMs: state.nowMs, to }
    Object.assign(state.services[0]!, { decision })
  }
  const replicasOf = async (name: string) =>
    Number(
      await plane.kubectl(
        '-n',
        NAMESPACE,
        'get',
        'deployment',
        name,
        '-o',
        'jsonpath={.spec.replicas}',
      ),
    )
  const there = () => ['-n', NAMESPACE, '--kubeconfig', plane.kubeconfig]
  const doctor = async (...args: string[]) => {
    let out = ''
    const write = (text: string) => {
      out += text
    }
    const argv = ['k8s', 'doctor', ...args]
    const around = { stdout: { write }, stderr: { write }, env: {}, nowMs: () => 0 }
    const code = await runCli(argv, around)
    return { code, out }
  }

  beforeAll(async () => {
    plane = await startControlPlane()
    api = createClusterApi(plane.config)
    const { certFile, keyFile } = makeCertificate(plane.dir, 'metrics', {
      commonName: 'forescale-metrics',
      subjectAltName: 'DNS:forescale-metrics.kube-system.svc,DNS:localhost,IP:127.0.0.1',
    })
    const port = await getPort({ host: '127.0.0.1' })
    const config = MetricsApiConfig.parse({
      ...{ host: '127.0.0.1', port, tls: { certFile, keyFile }, reviewCacheMs: 500 },
      service: { namespace: 'kube-system', port },
    })
    parts.state.config = AppConfig.parse({
      ...parts.state.config,
      kubernetes: { workloads: { search: { namespace: NAMESPACE, name: 'search' } } },
    })
    decide(10)
    server = await serveMetricsApi({
      ...{ config, api, nowMs: () => performance.now(), log: pino({ level: 'silent' }) },
      view: () => metricsView(parts.control),
    })
    const service = {
      ...{ apiVersion: 'v1', kind: 'Service' },
      metadata: { name: config.service.name, namespace: config.service.namespace },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    }
    await plane.kubectl('create', 'namespace', NAMESPACE)
    const all = [service, ...apiServices(config, caBundleOf(config)), deployment('search')]
    await plane.apply(all.map((one) => JSON.stringify(one)).join('\n---\n'))
  }, 120_000)
  afterAll(async () => {
    await server?.close()
    await api?.close()
    await plane?.stop()
  })

  const options = (carried: 'replicas' | 'load', tolerance: boolean) => ({
    ...{ carried, tolerance, addresses: USUAL_ADDRESSES, times: USUAL_TIMES },
  })

  const PRINTED = (['hpa-external', 'hpa-adapter'] as const).flatMap((road) => [
    { road, carried: 'replicas' as const, tolerance: true, kept: '0' },
    { road, carried: 'load' as const, tolerance: true, kept: '100m' },
    { road, carried: 'replicas' as const, tolerance: false, kept: undefined },
  ])
  it.each(PRINTED)(
    'the API server accepts the $road that carries $carried, strictly (tolerance $tolerance)',
    async ({ road, carried, tolerance, kept }) => {
      const file = path.join(plane.dir, 'hpa.yaml')
      await writeFile(file, renderManifest(EXAMPLE_PLAN, road, options(carried, tolerance)))
      const flags = ['--dry-run=server', '--validate=strict', '-o', 'json', '-f', file]
      const { spec } = JSON.parse(await plane.kubectl('apply', ...flags))
      expect(spec.behavior.scaleUp.tolerance).toBe(kept)
    },
  )

  it('the requests that right-size prints are taken as a patch and by server-side apply, of known containers only', async () => {
    const { containers } = resourceAdvice
    const patchFor = async (container: string) => {
      const search = WorkloadRef.parse({ namespace: NAMESPACE, name: 'search' })
      const file = path.join(plane.dir, `${container}.yaml`)
      await writeFile(file, patchOf(search, [{ ...containers[0]!, container }])!)
      return file
    }
    const json = ['-n', NAMESPACE, '--dry-run=server', '-o', 'json']
    const patch = ['patch', 'deployment', 'search', '--type', 'strategic']
    const file = await patchFor('pause')
    for (const args of [
      [...patch, '--patch-file', file],
      ['apply', '--server-side', '--field-manager=somebody', '-f', file],
    ]) {
      const { spec } = JSON.parse(await plane.kubectl(...args, ...json))
      const [pause] = spec.template.spec.containers
      expect(pause.image).toBe('none.invalid/pause')
      expect(pause.resources.requests).toEqual({ cpu: '183m', memory: '330Mi' })
    }
    const another = [...patch, '--patch-file', await patchFor('istio-proxy')]
    await expect(plane.kubectl(...another, ...json)).rejects.toThrow(/image: Required value/)
  })

  it('the annotations of the direct road are applied beside who owns the Deployment', async () => {
    const file = path.join(plane.dir, 'direct.yaml')
    await writeFile(file, renderManifest(EXAMPLE_PLAN, 'direct', options('replicas', true)))
    const flags = [
      '--server-side',
      '--field-manager=forescale-settings',
      '--dry-run=server',
      '-f',
      file,
    ]
    expect(await plane.kubectl('apply', ...flags, '-o', 'json')).toContain(
      '"forescale.dev/mode": "enforce"',
    )
  })

  it('what the doctor says is swallowed is swallowed, and the smallest step is carried out', async () => {
    await plane.apply(
      JSON.stringify(hpaOf(EXAMPLE_PLAN, 'hpa-external', options('replicas', false))),
    )
    const { code, out } = await doctor('search', ...there(), '--at', '10', '--json', '--sync', '1s')
    expect(code).toBe(0)
    const [{ rows, fixes, traps }] = JSON.parse(out)
    expect(traps).toEqual([])
    expect(fixes[0]).toContain('this cluster has it')
    expect(rows).toMatchObject([{ current: 10, swallowed: [9, 11], smallestUp: 2 }])
    const conditions = () =>
      plane.kubectl('-n', NAMESPACE, 'get', 'hpa', 'search', '-o', 'jsonpath={.status.conditions}')
    await expect.poll(conditions, { timeout: 30_000 }).toContain('"reason":"ValidMetricFound"')
    for (const swallowed of rows[0].swallowed as number[]) {
      decide(swallowed)
      const untilMs = Date.now() + HELD_MS
      while (Date.now() < untilMs) {
        expect(await replicasOf('search')).toBe(10)
        await sleep(500)
      }
    }
    decide(10 + rows[0].smallestUp)
    await expect.poll(() => replicasOf('search'), { timeout: 20_000 }).toBe(12)
  })

  it('with the tolerance that is printed by default the last replica is carried out too', async () => {
    await plane.apply(
      JSON.stringify(hpaOf(EXAMPLE_PLAN, 'hpa-external', options('replicas', true))),
    )
    const { out } = await doctor('search', ...there(), '--at', '12', '--json')
    expect(JSON.parse(out)[0].rows).toMatchObject([{ current: 12, swallowed: [] }])
    decide(13)
    await expect.poll(() => replicasOf('search'), { timeout: 20_000 }).toBe(13)
    decide(12)
    await expect.poll(() => replicasOf('search'), { timeout: 30_000 }).toBe(12)
  })

  it('the doctor finds an autoscaler by its workload, another one on it, and says what there is', async () => {
    const second = hpaOf(EXAMPLE_PLAN, 'hpa-external', options('replicas', true)) as {
      metadata: { name: string }
    }
    await plane.apply(
      JSON.stringify({ ...second, metadata: { name: 'second', namespace: NAMESPACE } }),
    )
    expect((await doctor('second', ...there(), '--fail-on', 'fault')).out).toContain(
      'HorizontalPodAutoscaler search scales',
    )
    expect(await doctor('nobody', ...there())).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        'there are: HorizontalPodAutoscaler search, HorizontalPodAutoscaler second',
      ),
    })
    // by a configuration: its cluster, and whatever scales the service's workload
    const config = path.join(plane.dir, 'forescale.json')
    const workloads = { search: { namespace: NAMESPACE, name: 'search' } }
    const kubernetes = { kubeconfig: plane.kubeconfig, workloads }
    await writeFile(config, JSON.stringify({ kubernetes, services: { search: {} } }))
    const found = await doctor('--config', config, '--service', 'search')
    expect(found.out).toContain('shop/search → Deployment search')
    expect(found.out).toContain('shop/second → Deployment search')
  })
})
