/** What the target is made of: the API, its view of the cluster, events, holds, and the settings in force. */
import { hostname } from 'node:os'
import type { Mode } from '../../../agents/service-spec.ts'
import type { ServiceId } from '../../../forecaster/series.ts'
import type { RunningClock } from '../../clock.ts'
import type { AppConfig } from '../../config.ts'
import type { Sample } from '../../stores/sample-store.ts'
import { type ClusterApi, type ClusterCalled, createClusterApi } from '../api.ts'
import { connectCluster } from '../connect.ts'
import { type WorkloadRef, workloadsOf } from '../workload.ts'
import { createHandOvers, type HandOvers } from './carrier.ts'
import type { TargetConfig } from './config.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import { dryRun } from './dry-run.ts'
import { createEventRecorder, type EventRecorder, type WorkloadEvent } from './events.ts'
import { createHolds, type Holds } from './holds.ts'
import { createModes, type Modes } from './modes.ts'
import { createTryOuts, type TryOuts } from './try-outs.ts'
import { type ClusterView, createClusterView } from './view.ts'

export interface TargetDeps {
  /** The configuration in force: its workloads may change while it runs. */
  readonly config: () => Pick<AppConfig, 'kubernetes' | 'mode' | 'services' | 'stepMs' | 'tickMs'>
  /** The modes in force; undefined: nothing runs yet, and the configuration's count. */
  readonly modes: () => ReadonlyMap<ServiceId, Mode> | undefined
  /** What is seen of replicas, once a step; absent: it is not recorded. */
  readonly record?: (samples: readonly Sample[]) => Promise<void>
  readonly called?: ClusterCalled
  readonly clock: RunningClock
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
}

export interface Parts {
  readonly api: ClusterApi
  readonly view: ClusterView
  readonly discovery: Discovery
  readonly events: EventRecorder
  readonly deps: TargetDeps
  readonly holds: Holds
  readonly handOvers: HandOvers
  /** From a decision to the act of an autoscaler that carries it, ms. */
  readonly carrierLagMs: () => number
  readonly tryOuts: TryOuts
  readonly settings: () => TargetConfig
  readonly refOf: (service: ServiceId) => WorkloadRef | undefined
  readonly modes: Modes
}

/** Rejects with a ClusterError when the configuration names no cluster that can be reached. */
export async function openParts(deps: TargetDeps): Promise<Parts> {
  const { config, clock, log } = deps
  const { nowMs } = clock
  const { kubernetes } = config()
  if (!kubernetes) throw new Error('actuator.kind "kubernetes" needs the section kubernetes')
  const settings = () => config().kubernetes?.target ?? kubernetes.target
  const api = createClusterApi(await connectCluster(kubernetes), deps.called)
  const discovery = createDiscovery(api)
  const view = createClusterView({
    ...{ api, discovery, nowMs },
    namespaces: kubernetes.namespaces,
    onError: (path, error) =>
      log.warn({ path, err: error }, 'a watch of the cluster broke; it is taken up again'),
  })
  const events = createEventRecorder({
    ...{ api, nowMs, instance: hostname() },
    onError: (error) => log.warn({ err: error }, 'an event could not be written to the cluster'),
  })
  const modes = createModes(deps)
  /** Where nothing may be written nothing is: recommend leaves no trace. */
  const tell = (service: ServiceId, event: WorkloadEvent) => {
    if (settings().events && modes.of(service) === 'enforce') events.record(event)
  }
  const holds = createHolds({
    minReplicasOf: (service) => config().services[service]?.minReplicas ?? 0,
    holdAfterManualChangeMs: () => settings().holdAfterManualChangeMs,
    ...{ nowMs, tell, log },
  })
  const refOf = (service: ServiceId) => workloadsOf(config()).get(service)
  const signal = () => config().kubernetes?.signal ?? kubernetes.signal
  const carrierLagMs = () => signal().consumerLagMs
  const handOvers = createHandOvers(() => carrierLagMs() + config().tickMs)
  const tryOuts = createTryOuts({
    ...{ nowMs, log },
    dryRun: (ref) =>
      dryRun(
        { api, nowMs, deadlineMs: settings().deadlineMs },
        { ref, plural: () => discovery.pluralOf(ref) },
      ),
  })
  const shared = { handOvers, carrierLagMs, tryOuts }
  return { deps, api, discovery, view, events, holds, ...shared, settings, refOf, modes }
}
