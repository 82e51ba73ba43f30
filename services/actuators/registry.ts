/** Every actuator there is. To add one: its file, a member of `actuator` in services/config.ts, a case here. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { Actuator, ReportedActuator } from './actuator.ts'
import { createAws } from './aws.ts'
import { createAzure } from './azure.ts'
import { createCaller } from './caller.ts'
import { createDocker } from './docker.ts'
import { createDryRun } from './dry-run.ts'
import { createGcp } from './gcp.ts'
import { createKubernetes, type KubernetesDeps } from './kubernetes.ts'
import { createProcesses } from './processes.ts'

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

export function createActuator(
  config: AppConfig['actuator'],
  deps: ActuatorDeps,
): Actuator | ReportedActuator {
  const warn = deps.warn ?? (() => {})
  switch (config.kind) {
    case 'aws':
      return createAws(config, { warn })
    case 'azure':
      return createAzure(config, { warn })
    case 'caller':
      return createCaller(deps.initial)
    case 'docker':
      return createDocker(config, { services: [...deps.initial.keys()], warn })
    case 'dry-run':
      return createDryRun(deps.initial)
    case 'gcp':
      return createGcp(config, { warn })
    case 'kubernetes':
      if (!deps.kubernetes) throw new Error('actuator.kind "kubernetes" needs a cluster')
      return createKubernetes(deps.kubernetes)
    case 'processes':
      return createProcesses(deps)
  }
}

/** The replicas that every configured service starts with in the books: its minimum. */
export function initialReplicas(config: AppConfig): ReadonlyMap<ServiceId, number> {
  return new Map(
    Object.entries(config.services).map(([service, spec]) => [service, spec.minReplicas]),
  )
}
