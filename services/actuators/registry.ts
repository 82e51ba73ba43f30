/** Every actuator there is. To add one: its file, a member of `actuator` in services/config.ts, a case here, which loads it. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { Actuator, ReportedActuator } from './actuator.ts'
import type { KubernetesDeps } from './kubernetes.ts'

export interface ActuatorDeps {
  /** The process host; '' outside the demo. */
  readonly hostUrl: string
  /** Replicas that services are taken to have where nobody can say. */
  readonly initial: ReadonlyMap<ServiceId, number>
  readonly drainTimeoutMs: number
  /** What the actuator of a cluster leans on; left out: there is none. */
  readonly kubernetes?: KubernetesDeps
  /** Told of a target that cannot be read; left out: nobody is. */
  readonly warn?: (service: ServiceId, problem: string) => void
}

export async function openActuator(
  config: AppConfig['actuator'],
  deps: ActuatorDeps,
): Promise<Actuator | ReportedActuator> {
  const warn = deps.warn ?? (() => {})
  switch (config.kind) {
    case 'aws':
      return (await import('./aws.ts')).createAws(config, { warn })
    case 'azure':
      return (await import('./azure.ts')).createAzure(config, { warn })
    case 'caller':
      return (await import('./caller.ts')).createCaller(deps.initial)
    case 'docker':
      return (await import('./docker.ts')).createDocker(config, {
        services: [...deps.initial.keys()],
        warn,
      })
    case 'dry-run':
      return (await import('./dry-run.ts')).createDryRun(deps.initial)
    case 'gcp':
      return (await import('./gcp.ts')).createGcp(config, { warn })
    case 'kubernetes':
      if (!deps.kubernetes) throw new Error('actuator.kind "kubernetes" needs a cluster')
      return (await import('./kubernetes.ts')).createKubernetes(deps.kubernetes)
    case 'processes':
      return (await import('./processes.ts')).createProcesses(deps)
  }
}

/** The replicas that every configured service starts with in the books: its minimum. */
export function initialReplicas(config: AppConfig): ReadonlyMap<ServiceId, number> {
  return new Map(
    Object.entries(config.services).map(([service, spec]) => [service, spec.minReplicas]),
  )
}
