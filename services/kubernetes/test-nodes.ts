/**
 * Simulated nodes for the control plane of tests: pods are bound, become ready after a while, and go a while after they
 * were deleted, as a kubelet would report it. No container ever runs. Simulated nodes, real control plane.
 */
import type { KubeConfig } from '@kubernetes/client-node'
import { z } from 'zod'
import { type ClusterApi, createClusterApi, hasStatus } from './api.ts'
import { createReflector } from './target/reflector.ts'

const NODE = 'simulated'

export interface SimulatedNodes {
  /** From a pod's creation to Ready, ms; may be changed at any time. The API server tells times by the second. */
  startupMs: number
  /** From a pod's deletion to its end, ms. */
  drainMs: number
  stop(): Promise<void>
}

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({ nodeName: z.string().optional() }),
})
type Pod = z.infer<typeof Pod>

export function startNodes(
  config: KubeConfig,
  { startupMs, drainMs }: { startupMs: number; drainMs: number },
): SimulatedNodes {
  const api = createClusterApi(config)
  const begun = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()
  const nodes: SimulatedNodes = {
    startupMs,
    drainMs,
    async stop() {
      pods.stop()
      for (const timer of timers) clearTimeout(timer)
      await api.close()
    },
  }

  function after(ms: number, work: () => Promise<unknown>): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      // a pod that is gone by now needs nothing any more; an API server that was killed is asked again
      work().catch((error: unknown) => {
        if (!hasStatus(error, 404) && !hasStatus(error, 409)) after(500, work)
      })
    }, ms)
    timers.add(timer)
  }

  function once(pod: Pod, step: string, ms: number, work: () => Promise<unknown>): void {
    const key = `${pod.metadata.uid}/${step}`
    if (begun.has(key)) return
    begun.add(key)
    after(ms, work)
  }

  function follow(pod: Pod | undefined): void {
    if (!pod) return
    if (pod.metadata.deletionTimestamp !== undefined)
      once(pod, 'end', nodes.drainMs, () => endPod(api, pod))
    else {
      if (pod.spec.nodeName === undefined) once(pod, 'bind', 0, () => bind(api, pod))
      once(pod, 'ready', nodes.startupMs, () => makeReady(api, pod))
    }
  }

  const pods = createReflector<Pod>({
    ...{ api, path: '/api/v1/pods', nowMs: Date.now },
    project: (object) => Pod.parse(object),
    onChange: (_, next) => follow(next),
    onError: () => {},
  })
  return nodes
}

const pathOf = ({ metadata: { namespace, name } }: Pod): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}`

const bind = (api: ClusterApi, pod: Pod) =>
  api.request('POST', `${pathOf(pod)}/binding`, {
    body: {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: pod.metadata.name },
      target: { kind: 'Node', name: NODE },
    },
  })

function makeReady(api: ClusterApi, pod: Pod): Promise<unknown> {
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  const is = (type: string) => ({ type, status: 'True', lastTransitionTime: now })
  return api.request('PATCH', `${pathOf(pod)}/status`, {
    contentType: 'application/strategic-merge-patch+json',
    body: {
      status: {
        phase: 'Running',
        startTime: now,
        conditions: [is('Initialized'), is('ContainersReady'), is('Ready')],
      },
    },
  })
}

const endPod = (api: ClusterApi, pod: Pod) =>
  api.request('DELETE', pathOf(pod), { query: { gracePeriodSeconds: '0' } })
