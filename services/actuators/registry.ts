/** Every actuator there is. To add one: its file, a member of `actuator` in services/config.ts, a case here. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { Actuator, ReportedActuator } from './actuator.ts'
import { createCaller } from './caller.ts'
import { createDryRun } from './dry-run.ts'
import { createProcesses } from './processes.ts'

export interface ActuatorDeps {
  /** The process host; '' outside the demo. */
  readonly hostUrl: string
  /** Replicas that services are taken to have where nobody can say. */
  readonly initial: ReadonlyMap<ServiceId, number>
  readonly drainTimeoutMs: number
}

export function createActuator(
  config: AppConfig['actuator'],
  deps: ActuatorDeps,
): Actuator | ReportedActuator {
  switch (config.kind) {
    case 'caller':
      return createCaller(deps.initial)
    case 'dry-run':
      return createDryRun(deps.initial)
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
