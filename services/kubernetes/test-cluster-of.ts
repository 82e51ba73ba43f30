/** A control plane with simulated nodes and one Deployment a service, and what an actuator needs to scale them. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import type { Mode } from '../../agents/service-spec.ts'
import { systemClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { TargetDeps } from './target/parts.ts'
import { startControlPlane, type TestControlPlane } from './test-control-plane.ts'
import { type SimulatedNodes, startNodes } from './test-nodes.ts'

export const NAMESPACE = 'shop'

export interface ClusterOf {
  readonly plane: TestControlPlane
  readonly nodes: SimulatedNodes
  /** What was logged as a warning. */
  readonly warnings: string[]
  /** `kubernetes` is the section of the configuration; its workloads are the Deployments. */
  deps(kubernetes: object, options?: { mode?: Mode; services?: object }): TargetDeps
  stop(): Promise<void>
}

/** `replicas` by Deployment. */
export async function startClusterOf(replicas: ReadonlyMap<string, number>): Promise<ClusterOf> {
  const plane = await startControlPlane()
  const nodes = startNodes(plane.config, { startupMs: 0, drainMs: 0 })
  const warnings: string[] = []
  await plane.kubectl('create', 'namespace', NAMESPACE)
  await plane.apply([...replicas].map(([name, count]) => deploymentYaml(name, count)).join('---\n'))
  return {
    plane,
    nodes,
    warnings,
    deps(kubernetes, { mode = 'enforce', services = {} } = {}) {
      const names = [...replicas.keys()]
      const config = AppConfig.parse({
        mode,
        actuator: { kind: 'kubernetes' },
        kubernetes: {
          kubeconfig: plane.kubeconfig,
          workloads: Object.fromEntries(
            names.map((name) => [name, { namespace: NAMESPACE, name }]),
          ),
          ...kubernetes,
        },
        services: { ...Object.fromEntries(names.map((name) => [name, {}])), ...services },
      })
      return {
        config: () => config,
        modes: () => undefined,
        clock: systemClock,
        log: { info: () => {}, warn: (_, message) => void warnings.push(message) },
      }
    },
    async stop() {
      await nodes.stop()
      await plane.stop()
    },
  }
}

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}
export const ruleOf = (group: string, resources: string, verbs: string): Rule => ({
  apiGroups: [group],
  resources: resources.split(' '),
  verbs: verbs.split(' '),
})

export interface Account {
  readonly name: string
  /** Bound in the namespace alone, or in all of the cluster. */
  readonly role: 'Role' | 'ClusterRole'
  readonly rules: readonly Rule[]
  /** A proxy on this machine, without TLS, in place of the API server. */
  readonly server?: string
}

/** The kubeconfig of somebody who may do just that. */
export async function kubeconfigOf(
  { plane }: Pick<ClusterOf, 'plane'>,
  { name, role, rules, server }: Account,
): Promise<string> {
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const metadata = { name, namespace: NAMESPACE }
  const subjects = [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }]
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: role, name }
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion, kind: role, metadata, rules },
    { apiVersion, kind: `${role}Binding`, metadata, roleRef, subjects },
  ]
  await plane.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  const token = (await plane.kubectl('create', 'token', name, '-n', NAMESPACE)).trim()
  const config = new KubeConfig()
  const cluster = plane.config.getCurrentCluster()!
  // without TLS the library goes nowhere unless it is told not to look for any
  const elsewhere = server === undefined ? {} : { server, skipTLSVerify: true }
  config.loadFromClusterAndUser({ ...cluster, ...elsewhere }, { name, token })
  const file = path.join(plane.dir, `${name}.kubeconfig`)
  await writeFile(file, config.exportConfig(), { mode: 0o600 })
  return file
}

/** Of a container that no simulated node runs. */
export function deploymentYaml(name: string, replicas: number, namespace = NAMESPACE): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers: [{name: ${name}, image: none.invalid/pause}]
`
}
