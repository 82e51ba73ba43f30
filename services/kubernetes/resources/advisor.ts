/**
 * What the controller answers about requests of CPU and memory: worked out when somebody asks, one workload at a time, so that
 * a Prometheus is never asked for many at once, and kept for a while.
 */
import type { ServiceId } from '../../../forecaster/series.ts'
import type { AppConfig } from '../../config.ts'
import { Conflict } from '../../control-plane.ts'
import type { PrometheusServer } from '../../stores/config.ts'
import { StoreUnavailable } from '../../stores/sample-store.ts'
import { workloadKey, workloadsOf } from '../workload.ts'
import type { ResourcesConfig } from './config.ts'
import { UntoldPods } from './queries.ts'
import type { AdvisedWorkload, ResourceAdvice } from './view.ts'

export interface ResourceAdvisor {
  /** Services whose workloads can be asked about; empty where nothing is configured. Asks nobody. */
  list(): readonly AdvisedWorkload[]
  /** Rejects with Conflict for a service that has no workload, with StoreUnavailable while its Prometheus does not answer. */
  advice(service: ServiceId): Promise<ResourceAdvice>
}

export interface AdvisorDeps {
  readonly config: () => AppConfig
  readonly nowMs: () => number
}

export function createAdvisor({ config, nowMs }: AdvisorDeps): ResourceAdvisor {
  const known = new Map<ServiceId, ResourceAdvice>()
  const underWay = new Map<ServiceId, Promise<ResourceAdvice>>()
  let last: Promise<unknown> = Promise.resolve()

  async function work(service: ServiceId): Promise<ResourceAdvice> {
    const { resources, server, workload } = askedOf(config(), service)
    // the client is loaded where somebody asks
    const { workOut } = await import('./work-out.ts')
    const advice = await workOut({ workload, server, config: resources, nowMs: nowMs() }).catch(
      (cause: Error) => {
        if (cause instanceof UntoldPods) throw new Conflict(cause.message, { cause })
        throw new StoreUnavailable(cause.message, { cause })
      },
    )
    known.set(service, advice)
    return advice
  }

  return {
    list: () => {
      const { kubernetes } = config()
      const workloads = kubernetes?.resources ? [...workloadsOf(config())] : []
      return workloads.map(([service, ref]) => {
        const workload = workloadKey(ref)
        const advice = known.get(service)
        return { service, workload, advice: advice?.workload === workload ? advice : null }
      })
    },
    async advice(service) {
      const { resources, workload } = askedOf(config(), service)
      const kept = known.get(service)
      const isSame = kept?.workload === workloadKey(workload)
      if (kept && isSame && nowMs() - kept.atMs < resources.keepMs) return kept
      const before = underWay.get(service)
      if (before) return before
      const next = last.then(() => work(service)).finally(() => underWay.delete(service))
      last = next.catch(() => undefined)
      underWay.set(service, next)
      return next
    },
  }
}

function askedOf(config: AppConfig, service: ServiceId) {
  const resources = config.kubernetes?.resources
  if (!resources)
    throw new Conflict(
      'kubernetes.resources is not configured: it says which Prometheus knows what containers use',
    )
  const workload = workloadsOf(config).get(service)
  if (!workload) throw new Conflict(`service "${service}" has no workload in kubernetes.workloads`)
  return { resources, workload, server: serverOf(config, resources) }
}

/** Its own, or that of the samples; one of them is there (config.ts). */
function serverOf({ store }: AppConfig, { server }: ResourcesConfig): PrometheusServer {
  const found = server ?? (store.kind === 'prometheus' ? store.servers.default : undefined)
  if (!found) throw new Conflict('kubernetes.resources.server is not configured')
  return found
}
