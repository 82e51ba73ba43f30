/**
 * What else road 4 reaches on a real API server: StatefulSets, custom resources that have a scale (as an Argo Rollout
 * does), a cluster of which one namespace is all that may be seen, and a server that has too much to do.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createKubernetes, type KubernetesActuator } from '../../actuators/kubernetes.ts'
import { type ClusterOf, kubeconfigOf, NAMESPACE, ruleOf } from '../test-cluster-of.ts'
import type { TestControlPlane } from '../test-control-plane.ts'

const STATEFUL_SET = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: ${NAMESPACE}}
spec:
  replicas: 1
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: none.invalid/pause}]}
`
/** Of Argo's resource what scaling touches; its controller is not here. */
const ROLLOUTS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rollouts.argoproj.io}
spec:
  group: argoproj.io
  scope: Namespaced
  names: {plural: rollouts, singular: rollout, kind: Rollout, listKind: RolloutList}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
      subresources:
        status: {}
        scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
`
const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: canary, namespace: ${NAMESPACE}}
spec: {replicas: 2}
`
/** What the chart gives an account that scales in one namespace. */
const SCALER = [
  ruleOf('apps', 'deployments', 'get list watch patch'),
  ruleOf('apps', 'deployments/scale', 'update'),
  ruleOf('', 'pods', 'list watch'),
  ruleOf('autoscaling', 'horizontalpodautoscalers', 'list watch'),
  ruleOf('keda.sh', 'scaledobjects', 'list watch'),
  ruleOf('autoscaling.k8s.io', 'verticalpodautoscalers', 'list watch'),
  ruleOf('events.k8s.io', 'events', 'create patch'),
]

export function reachSuite(clusterOf: () => ClusterOf): void {
  const opened: { close(): Promise<unknown> }[] = []
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close()
  })
  const kubectl = (...args: string[]) => clusterOf().plane.kubectl('-n', NAMESPACE, ...args)
  const replicasOf = async (...object: string[]) =>
    Number(await kubectl('get', ...object, '-o', 'jsonpath={.spec.replicas}'))
  function actuatorOf(...of: Parameters<ClusterOf['deps']>): KubernetesActuator {
    const actuator = createKubernetes(clusterOf().deps(...of))
    opened.push(actuator)
    return actuator
  }
  /** Of one workload that is no Deployment of the cluster. */
  const actuatorFor = (service: string, workload: object) =>
    actuatorOf(
      { workloads: { [service]: { namespace: NAMESPACE, name: service, ...workload } } },
      { services: { [service]: {} } },
    )
  const scale = async (actuator: KubernetesActuator, service: string, from: number, to: number) =>
    (await actuator.apply([{ decisionId: `${service}-${to}`, service, from, to }]))[0]

  describe('beside Deployments', () => {
    it('a StatefulSet is scaled, and its pods are counted', async () => {
      await clusterOf().plane.apply(STATEFUL_SET)
      const actuator = actuatorFor('db', { kind: 'StatefulSet' })
      const seen = async () => (await actuator.observe()).get('db')
      await expect.poll(seen, { timeout: 10_000 }).toMatchObject({ requested: 1, ready: 1 })
      expect(await scale(actuator, 'db', 1, 3)).toMatchObject({ outcome: 'applied' })
      expect(await replicasOf('statefulset', 'db')).toBe(3)
      await expect.poll(seen, { timeout: 15_000 }).toMatchObject({ requested: 3, ready: 3 })
      await kubectl('delete', 'statefulset', 'db')
    }, 40_000)

    it('a custom resource with a scale is, and one without is not, and says so', async () => {
      await clusterOf().plane.apply(ROLLOUTS)
      await kubectl('wait', '--for=condition=Established', 'crd/rollouts.argoproj.io')
      await clusterOf().plane.apply(ROLLOUT)
      const status = JSON.stringify({ status: { replicas: 2, readyReplicas: 2 } })
      const patch = ['--subresource=status', '--type=merge', '-p', status]
      await kubectl('patch', 'rollout', 'canary', ...patch)
      const type = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }
      const actuator = actuatorFor('canary', type)
      expect((await actuator.observe()).get('canary')).toMatchObject({ requested: 2, ready: 2 })
      expect(await scale(actuator, 'canary', 2, 5)).toMatchObject({ outcome: 'applied' })
      expect(await replicasOf('rollout', 'canary')).toBe(5)
      const other = actuatorFor('keda', { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' })
      expect(await scale(other, 'keda', 1, 2)).toMatchObject({
        ...{ outcome: 'failed', detail: expect.stringContaining('has no scale subresource') },
      })
      await kubectl('delete', 'rollout', 'canary')
    }, 30_000)
  })

  it('is scaled by who may see and write one namespace alone, when that is all it looks at', async () => {
    const account = { name: 'scaler', role: 'Role', rules: SCALER } as const
    const kubeconfig = await kubeconfigOf(clusterOf(), account)
    const everywhere = actuatorOf({ kubeconfig })
    expect((await everywhere.observe()).size).toBe(0)
    expect((await everywhere.health!()).detail).toContain('may not read /apis/apps/v1/deployments')
    const actuator = actuatorOf({ kubeconfig, namespaces: [NAMESPACE] })
    expect((await actuator.observe()).get('web')).toMatchObject({ requested: 3 })
    expect(await actuator.health!()).toMatchObject({ ok: true, degraded: false })
    expect(await scale(actuator, 'web', 3, 4)).toMatchObject({ outcome: 'applied' })
    expect(await replicasOf('deployment', 'web')).toBe(4)
  })

  it('is scaled when a busy API server asks to come back later, and not before that', async () => {
    const busy = await startBusy(clusterOf().plane)
    opened.push(busy)
    const account = { name: 'patient', role: 'Role', rules: SCALER } as const
    const kubeconfig = await kubeconfigOf(clusterOf(), { ...account, server: busy.url })
    const actuator = actuatorOf({ kubeconfig, namespaces: [NAMESPACE] })
    expect((await actuator.observe()).get('web')).toMatchObject({ requested: 3 })
    // the dry runs of both Deployments are over: a patch and a count each
    await expect.poll(busy.writes, { timeout: 10_000 }).toBe(4)
    busy.turnAway(2)
    const startedMs = performance.now()
    expect(await scale(actuator, 'web', 3, 5)).toEqual({
      ...{ decisionId: 'web-5', service: 'web', outcome: 'applied' },
    })
    expect(performance.now() - startedMs).toBeGreaterThan(2000)
    expect(await replicasOf('deployment', 'web')).toBe(5)
    expect(busy.turnedAway()).toBe(2)
  }, 20_000)
}

interface BusyServer {
  readonly url: string
  /** The next writes are answered 429, to be tried again in a second. */
  turnAway(count: number): void
  turnedAway(): number
  /** Let through so far. */
  writes(): number
  close(): Promise<void>
}

/** A proxy in front of the API server that answers as API priority and fairness does when a queue is full. */
async function startBusy({ url, config }: TestControlPlane): Promise<BusyServer> {
  let left = 0
  let turned = 0
  let writes = 0
  const to = new URL(url).host
  const ca = readFileSync(config.getCurrentCluster()!.caFile!)
  const server: Server = createServer((asked: IncomingMessage, answer: ServerResponse) => {
    if (asked.method !== 'GET' && left > 0) {
      left--
      turned++
      answer.writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' })
      answer.end(JSON.stringify({ kind: 'Status', message: 'too many requests, please try again' }))
      return
    }
    const { method, headers } = asked
    if (method !== 'GET') writes++
    const onwards = request(url + asked.url, { method, ca, headers: { ...headers, host: to } })
    onwards.on('response', (got) => {
      answer.writeHead(got.statusCode!, got.headers)
      got.pipe(answer)
    })
    onwards.on('error', () => answer.destroy())
    answer.on('close', () => onwards.destroy())
    asked.pipe(onwards)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turnAway(count) {
      left = count
    },
    turnedAway: () => turned,
    writes: () => writes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
