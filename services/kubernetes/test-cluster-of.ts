/** A control plane with simulated nodes and one Deployment a service, and what an actuator needs to scale them. */
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
