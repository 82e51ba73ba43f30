/** What the actuator of a cluster asks of the controller that it works for, which is made after it. */
import type { RunningClock } from '../../clock.ts'
import type { AppConfig } from '../../config.ts'
import type { ControlPlane } from '../../control-plane.ts'
import type { ClusterCalled } from '../api.ts'
import type { TargetDeps } from './parts.ts'

type Running = Pick<ControlPlane, 'config' | 'services' | 'ingest' | 'leadership'>

export interface OfControllerDeps {
  readonly config: AppConfig
  /** undefined: not yet. */
  readonly running: () => Running | undefined
  readonly called: ClusterCalled
  readonly clock: RunningClock
  readonly log: TargetDeps['log']
}

export function ofController({
  config,
  running,
  called,
  clock,
  log,
}: OfControllerDeps): TargetDeps {
  return {
    ...{ called, clock, log },
    config: () => running()?.config() ?? config,
    modes() {
      const controller = running()
      return (
        controller && new Map(controller.services().map(({ service, mode }) => [service, mode]))
      )
    },
    async record(samples) {
      const controller = running()
      // a store that is only read from has its replicas from where it has its loads
      if (config.store.kind === 'prometheus') return
      // of several controllers the one that leads
      if (!controller || controller.leadership?.().leads === false) return
      await controller.ingest(samples)
    },
  }
}
