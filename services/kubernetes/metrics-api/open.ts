/** The metrics APIs as the configuration asks for them, with what they say of themselves in the health checks. */
import type { Logger } from 'pino'
import type { ControlPlane, HealthCheck } from '../../control-plane.ts'
import type { ClusterApi } from '../api.ts'
import { signalInputs } from '../signal.ts'
import { signalConfigOf } from '../signal-view.ts'
import { workloadsOf } from '../workload.ts'
import type { MetricsApiConfig } from './config.ts'
import type { MetricsView } from './items.ts'
import { watchOwners } from './owner.ts'
import { certificateFault } from './registration.ts'
import { serveMetricsApi } from './server.ts'

export interface MetricsApi {
  readonly url: string
  checks(): HealthCheck[]
  close(): Promise<void>
}

export interface MetricsApiDeps {
  readonly config: MetricsApiConfig
  readonly api: Pick<ClusterApi, 'request' | 'watch'>
  readonly control: ControlPlane
  readonly log: Logger
}

/** One look at the control plane, for one request. */
export function metricsView(control: ControlPlane): MetricsView {
  const config = control.config()
  return {
    workloads: workloadsOf(config),
    inputs: signalInputs(control),
    signal: signalConfigOf(config),
  }
}

export async function openMetricsApi(deps: MetricsApiDeps): Promise<MetricsApi> {
  const { config, api, control } = deps
  const log = deps.log.child({ component: 'metrics-api' })
  // the cluster's answers about callers age by this machine's clock, also where ticks wait for somebody to move the time
  const nowMs = () => performance.now()
  const server = await serveMetricsApi({
    ...{ config, api, log, nowMs },
    view: () => metricsView(control),
  })
  log.info({ url: server.url, apis: config.apis }, 'metrics APIs are served')
  const owners = watchOwners({ api, config, log })
  return {
    url: server.url,
    checks: () => [trustCheck(server.isTrusting(), config), ...owners.checks()],
    async close() {
      owners.stop()
      await server.close()
    },
  }
}

function trustCheck(isTrusting: boolean, config: MetricsApiConfig): HealthCheck {
  const fault = faultOf(config)
  const detail = isTrusting
    ? (fault ?? `${config.apis.join(' and ')} metrics are served`)
    : 'it is not known yet whose word about callers is taken: kube-system/extension-apiserver-authentication'
  return { name: 'metrics-api', ok: true, degraded: !isTrusting || fault !== undefined, detail }
}

function faultOf(config: MetricsApiConfig): string | undefined {
  try {
    return certificateFault(config, Date.now())
  } catch (error) {
    return (error as Error).message
  }
}
