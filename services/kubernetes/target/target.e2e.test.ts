/**
 * Scaling against a real API server with the real controllers: lost races, other writers, people, leaders that were deposed,
 * an API server that is killed, permissions that are not there, and what is left behind. Nodes are simulated.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ScaleOrder } from '../../actuators/actuator.ts'
import { createKubernetes, type KubernetesActuator } from '../../actuators/kubernetes.ts'
import {
  type Account,
  type ClusterOf,
  deploymentYaml,
  kubeconfigOf,
  NAMESPACE,
  ruleOf,
  startClusterOf,
} from '../test-cluster-of.ts'
import { CONTROL_PLANE_HERE } from '../test-control-plane.ts'
import { createByHand } from './by-hand.ts'
import type { TargetDeps } from './parts.ts'
import { reachSuite } from './test-reach.ts'

const LEDGER = 'test'
const WEB = { namespace: NAMESPACE, kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }
const HPA = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web-hpa, namespace: ${NAMESPACE}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 9
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
`
/** Enough of KEDA's resource for a ScaledObject to exist; KEDA itself is not here. */
const SCALED_OBJECTS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: scaledobjects.keda.sh}
spec:
  group: keda.sh
  scope: Namespaced
  names: {plural: scaledobjects, singular: scaledobject, kind: ScaledObject, listKind: ScaledObjectList}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`
const SCALED_OBJECT = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web-keda, namespace: ${NAMESPACE}, annotations: {autoscaling.keda.sh/paused: "true"}}
spec: {scaleTargetRef: {name: web}}
`

interface Deployment {
  metadata: { resourceVersion: string; annotations?: Record<string, string> }
  spec: { replicas: number }
}

/** Of its annotations those under our prefix; the Deployment controller has some of its own. */
const marksIn = ({ metadata: { annotations = {} } }: Deployment) =>
  Object.keys(annotations).filter((name) => name.startsWith('forescale.dev/'))

/** Somebody who may look and nothing else. */
const LOOK = 'get list watch'
const VIEWER: Account = {
  ...{ name: 'viewer', role: 'ClusterRole' },
  rules: [
    ruleOf('apps', 'deployments', LOOK),
    ruleOf('', 'pods', LOOK),
    ruleOf('autoscaling', 'horizontalpodautoscalers', LOOK),
    ruleOf('keda.sh', 'scaledobjects', LOOK),
    ruleOf('autoscaling.k8s.io', 'verticalpodautoscalers', LOOK),
  ],
}

describe.runIf(CONTROL_PLANE_HERE)('a workload of a real cluster', () => {
  let cluster: ClusterOf
  const opened: KubernetesActuator[] = []
  let serial = 0

  beforeAll(async () => {
    cluster = await startClusterOf(
      new Map([
        ['web', 3],
        ['api', 3],
      ]),
    )
    await cluster.plane.apply(SCALED_OBJECTS)
  }, 120_000)
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
    await cluster.plane.kubectl('delete', '-n', NAMESPACE, 'hpa,scaledobjects', '--all', '--wait')
    // as found: what a test left behind is taken off
    for (const name of ['web', 'api'])
      await cluster.plane.apply(
        deploymentYaml(name, 3),
        '--server-side',
        '--force-conflicts',
        '--field-manager=reset',
      )
    await kubectl(
      'annotate',
      'deployment',
      '--all',
      'forescale.dev/fence-',
      'forescale.dev/last-decision-',
    )
    await kubectl('delete', 'events', '--all')
  })
  afterAll(() => cluster?.stop())

  const kubectl = (...args: string[]) => cluster.plane.kubectl('-n', NAMESPACE, ...args)
  const read = async (name: string): Promise<Deployment> =>
    JSON.parse(await kubectl('get', 'deployment', name, '-o', 'json'))
  const replicasOf = async (name: string) => (await read(name)).spec.replicas

  function actuatorOf(deps: TargetDeps = cluster.deps({})): KubernetesActuator {
    const actuator = createKubernetes(deps)
    opened.push(actuator)
    return actuator
  }
  const order = (service: string, from: number, to: number, token?: number): ScaleOrder => ({
    ...{ decisionId: `d${++serial}`, service, from, to },
    ...(token === undefined ? {} : { fence: { ledger: LEDGER, token } }),
  })
  const applied = async (actuator: KubernetesActuator, one: ScaleOrder) =>
    (await actuator.apply([one]))[0]!
  const observed = async (actuator: KubernetesActuator, service: string) =>
    (await actuator.observe()).get(service)
  const conflictOf = async (actuator: KubernetesActuator) =>
    (await observed(actuator, 'web'))?.conflict

  it('is scaled with its decision and its leader marked on it, and an event says so', async () => {
    const actuator = actuatorOf()
    await actuator.observe()
    const one = order('web', 3, 5, 1)
    expect(await applied(actuator, one)).toMatchObject({ outcome: 'applied' })
    const { metadata, spec } = await read('web')
    expect(spec.replicas).toBe(5)
    expect(JSON.parse(metadata.annotations!['forescale.dev/last-decision']!)).toMatchObject({
      ...{ decision: one.decisionId, from: 3, to: 5, found: 3 },
    })
    expect(JSON.parse(metadata.annotations!['forescale.dev/fence']!)).toEqual({
      ...{ ledger: LEDGER, token: 1 },
    })
    await (await actuator.target()).events.idle()
    expect(await kubectl('events', '--for', 'deployment/web')).toContain('from 3 to 5 replicas')
  })

  it('is given the count also when it changed since it was looked at (409, looked at again)', async () => {
    const actuator = actuatorOf()
    await actuator.observe()
    const { view } = await actuator.target()
    // a view that has fallen behind: what it holds is an older version than the server's
    view.stop()
    await kubectl('label', 'deployment', 'web', `touched=${++serial}`, '--overwrite')
    expect(await applied(actuator, order('web', 3, 4, 1))).toMatchObject({ outcome: 'applied' })
    expect(await replicasOf('web')).toBe(4)
  })

  it('is left alone when somebody changed its count since it was looked at', async () => {
    const actuator = actuatorOf()
    await actuator.observe()
    ;(await actuator.target()).view.stop()
    await kubectl('scale', 'deployment', 'web', '--replicas=7')
    expect(await applied(actuator, order('web', 3, 4, 1))).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/kubectl.* set it to 7 at the same time/),
    })
    expect(await replicasOf('web')).toBe(7)
  })

  it('is left alone while an HPA scales it too, others are not, and it says so until the HPA is gone', async () => {
    await cluster.plane.apply(HPA)
    const actuator = actuatorOf()
    await expect
      .poll(() => conflictOf(actuator))
      .toMatchObject({ kind: 'hpa', by: 'web-hpa', holds: true })
    const results = await actuator.apply([order('web', 3, 5, 1), order('api', 3, 4, 1)])
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'applied'])
    expect(results[0]!.detail).toContain('HorizontalPodAutoscaler web-hpa')
    await (await actuator.target()).events.idle()
    expect(await kubectl('events', '--for', 'deployment/web')).toContain('ScalingHeld')
    await kubectl('delete', 'hpa', 'web-hpa')
    await expect.poll(() => conflictOf(actuator)).toBeUndefined()
    expect(await applied(actuator, order('web', 3, 4, 1))).toMatchObject({ outcome: 'applied' })
  })

  it('is left alone while a ScaledObject is there, also when a person has paused it', async () => {
    await cluster.plane.apply(SCALED_OBJECT)
    const actuator = actuatorOf()
    await expect.poll(() => conflictOf(actuator)).toMatchObject({ kind: 'keda-paused' })
    expect(await applied(actuator, order('web', 3, 5, 1))).toMatchObject({ outcome: 'failed' })
    await kubectl('annotate', 'scaledobject', 'web-keda', 'autoscaling.keda.sh/paused-')
    await expect.poll(() => conflictOf(actuator)).toMatchObject({ kind: 'keda', holds: true })
    expect(await replicasOf('web')).toBe(3)
  })

  it('is left alone after a person scaled it, until that is acknowledged', async () => {
    const actuator = actuatorOf()
    await actuator.observe()
    await applied(actuator, order('web', 3, 5, 1))
    expect(await conflictOf(actuator)).toBeUndefined()
    await kubectl('scale', 'deployment', 'web', '--replicas=8')
    await expect
      .poll(() => conflictOf(actuator))
      .toMatchObject({
        kind: 'person',
        holds: true,
        detail: expect.stringContaining('to 8 replicas'),
      })
    expect(await applied(actuator, order('web', 8, 5, 1))).toMatchObject({ outcome: 'failed' })
    // another run knows it too: what was decided stands on the object
    expect(await conflictOf(actuatorOf())).toMatchObject({ kind: 'person' })
    await kubectl('annotate', 'deployment', 'web', 'forescale.dev/last-decision-')
    await expect.poll(() => conflictOf(actuator)).toBeUndefined()
    expect(await applied(actuator, order('web', 8, 6, 1))).toMatchObject({ outcome: 'applied' })
  })

  it('that a person scaled to zero stays there, as under an HPA', async () => {
    const actuator = actuatorOf()
    await kubectl('scale', 'deployment', 'web', '--replicas=0')
    await expect.poll(() => conflictOf(actuator)).toMatchObject({ kind: 'zero', holds: true })
    expect(await applied(actuator, order('web', 0, 3, 1))).toMatchObject({ outcome: 'failed' })
    expect(await replicasOf('web')).toBe(0)
  })

  it('is not written by a deposed leader, whether the new one has scaled it or only made itself known', async () => {
    const old = actuatorOf()
    const next = actuatorOf()
    await old.observe()
    await next.observe()
    ;(await old.target()).view.stop() // it has seen nothing of what follows
    await next.announce!({ ledger: LEDGER, token: 2 })
    expect(await applied(old, order('web', 3, 9, 1))).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('a newer leader acts on it (token 2)'),
    })
    expect(await applied(next, order('web', 3, 4, 2))).toMatchObject({ outcome: 'applied' })
    expect(await applied(old, order('web', 3, 9, 1))).toMatchObject({ outcome: 'failed' })
    expect(await replicasOf('web')).toBe(4)
  })

  it('is looked at only, and nothing is written, in mode recommend', async () => {
    await cluster.plane.apply(HPA)
    const before = await read('web')
    const actuator = actuatorOf(cluster.deps({}, { mode: 'recommend' }))
    await actuator.announce!({ ledger: LEDGER, token: 7 })
    await expect.poll(() => conflictOf(actuator)).toMatchObject({ kind: 'hpa' })
    const { api, events } = await actuator.target()
    await events.idle()
    expect([...api.calls().keys()].filter((verb) => verb !== 'GET' && verb !== 'WATCH')).toEqual([])
    expect(marksIn(await read('web'))).toEqual(marksIn(before))
    expect(await kubectl('get', 'events', '-o', 'name')).not.toContain('web.')
  })

  it('is as it was found when it is released, its count too where that is asked for', async () => {
    const actuator = actuatorOf()
    await actuator.observe()
    const before = await read('web')
    await applied(actuator, order('web', 3, 5, 1))
    await applied(actuator, order('web', 5, 6, 1))
    const { api } = await actuator.target()
    const hand = createByHand(api)
    expect(await hand.release(WEB, true)).toEqual({ wasOurs: true, from: 6, to: 3 })
    const after = await read('web')
    expect(marksIn(after)).toEqual(marksIn(before))
    expect(after.spec).toEqual(before.spec)
    expect(await hand.release(WEB, false)).toEqual({ wasOurs: false, from: 3, to: 3 })
  })

  it('that we may not scale is said so by a dry run, which changes nothing', async () => {
    const before = await read('web')
    const kubeconfig = await kubeconfigOf(cluster, VIEWER)
    const actuator = actuatorOf(cluster.deps({ kubeconfig }))
    const { api } = await actuator.target()
    const missing = 'may not patch deployments, update deployments/scale'
    expect(await createByHand(api).tryOut(WEB)).toContain(missing)
    // at start without being asked, beside the first tick
    await actuator.observe()
    const problem = `shop/Deployment/web could not be scaled: ${missing}`
    await expect
      .poll(() => actuator.health!(), { timeout: 10_000 })
      .toMatchObject({ ok: true, degraded: true, detail: expect.stringContaining(problem) })
    expect(cluster.warnings).toContain('a workload could not be scaled, as a dry run says')
    const one = actuatorOf()
    await one.observe()
    expect(await createByHand((await one.target()).api).tryOut(WEB)).toBeUndefined()
    expect(await one.health!()).toMatchObject({ degraded: false })
    const after = await read('web')
    expect(marksIn(after)).toEqual(marksIn(before))
    expect(after.spec).toEqual(before.spec)
  })

  it('keeps increases waiting until the pods that decreases let go are gone', async () => {
    const actuator = actuatorOf(cluster.deps({ target: { releaseWaitMs: 20_000 } }))
    await expect
      .poll(async () => (await observed(actuator, 'web'))?.ready, { timeout: 10_000 })
      .toBe(3)
    cluster.nodes.drainMs = 1500
    const { view } = await actuator.target()
    const ref = (name: string) => ({
      namespace: NAMESPACE,
      kind: 'Deployment',
      name,
      apiVersion: 'apps/v1',
    })
    const podsOf = (name: string) => Object.values(view.counts(ref(name))).reduce((a, b) => a + b)
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, podsOf('web') + podsOf('api'))
    }, 10)
    const results = await actuator.apply([order('api', 3, 5, 1), order('web', 3, 1, 1)])
    expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
    await expect.poll(() => podsOf('api'), { timeout: 10_000 }).toBe(5)
    clearInterval(watch)
    cluster.nodes.drainMs = 0
    expect(most).toBe(6)
  })

  it('shows measured start-ups, waiting included', async () => {
    const actuator = actuatorOf()
    await actuator.observe()
    cluster.nodes.startupMs = 2000
    await applied(actuator, order('web', 3, 5, 1))
    await expect
      .poll(async () => (await observed(actuator, 'web'))?.ready, { timeout: 15_000 })
      .toBe(5)
    cluster.nodes.startupMs = 0
    const { recentStartupsMs } = (await observed(actuator, 'web'))!
    // the API server tells times by the second
    for (const ms of recentStartupsMs.slice(-2)) expect(ms).toBeGreaterThanOrEqual(1000)
    for (const ms of recentStartupsMs.slice(-2)) expect(ms).toBeLessThanOrEqual(4000)
  })

  reachSuite(() => cluster)

  it('is scaled again when the API server was killed and came back, by the watches that were there', async () => {
    const actuator = actuatorOf(cluster.deps({ target: { deadlineMs: 1000, unseenAfterMs: 1000 } }))
    await actuator.observe()
    await cluster.plane.killApiServer()
    expect(await applied(actuator, order('web', 3, 5, 1))).toMatchObject({
      ...{ outcome: 'failed', isUnanswered: true },
    })
    await expect.poll(() => observed(actuator, 'web'), { timeout: 10_000 }).toBeUndefined()
    expect((await actuator.health!()).ok).toBe(false)
    await cluster.plane.startApiServer()
    await expect.poll(() => observed(actuator, 'web'), { timeout: 30_000 }).toBeDefined()
    const { view } = await actuator.target()
    expect(view.watches().map(({ path, lists }) => `${path} ${lists}`)).toContainEqual(
      '/apis/apps/v1/deployments 1',
    )
    await expect
      .poll(async () => (await applied(actuator, order('web', 3, 5, 1))).outcome, {
        timeout: 20_000,
        interval: 500,
      })
      .toBe('applied')
  }, 90_000)
})
