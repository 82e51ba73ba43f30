/**
 * What is served to a cluster beside the API: metrics APIs and KEDA's scaler, each where it is configured. Their state is
 * among the health checks, so that `/readyz`, `forescale status` and `forescale check` tell it.
 */
import type { Logger } from 'pino'
import type { ControlPlane, HealthCheck } from '../control-plane.ts'
import type { ClusterCalled } from './api.ts'

export interface Served<Control extends ControlPlane> {
  /** The controller, with their checks among its own. */
  readonly control: Control
  close(): Promise<void>
}

interface Part {
  checks(): readonly HealthCheck[]
  close(): Promise<void>
}

export async function serveCluster<Control extends ControlPlane>(
  control: Control,
  log: Logger,
  called: ClusterCalled,
): Promise<Served<Control>> {
  const parts: Part[] = []
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part.close()
  }
  try {
    for (const open of [openMetrics, openScaler]) {
      const part = await open(control, log, called)
      if (part) parts.push(part)
    }
  } catch (error) {
    await close()
    throw error
  }
  if (parts.length === 0) return { control, close }
  const health = async () => [
    ...(await control.health()),
    ...parts.flatMap((part) => part.checks()),
  ]
  const checked = new Proxy(control, {
    get: (target, key) => (key === 'health' ? health : Reflect.get(target, key)),
  })
  return { control: checked, close }
}

async function openMetrics(
  control: ControlPlane,
  log: Logger,
  called: ClusterCalled,
): Promise<Part | undefined> {
  const { kubernetes } = control.config()
  if (!kubernetes?.metricsApi) return undefined
  const [{ connectCluster }, { createClusterApi }, { openMetricsApi }] = await Promise.all([
    import('./connect.ts'),
    import('./api.ts'),
    import('./metrics-api/open.ts'),
  ])
  const api = createClusterApi(await connectCluster(kubernetes), called)
  const metrics = await openMetricsApi({ config: kubernetes.metricsApi, api, control, log })
  return {
    checks: metrics.checks,
    async close() {
      await metrics.close()
      await api.close()
    },
  }
}

async function openScaler(control: ControlPlane, log: Logger): Promise<Part | undefined> {
  const config = control.config().kubernetes?.scaler
  if (!config) return undefined
  const { serveScaler } = await import('./scaler/server.ts')
  const scaler = await serveScaler({ config, control, log: log.child({ component: 'scaler' }) })
  const detail = `KEDA's external scaler at ${scaler.address}${config.tls ? ', by TLS' : ', without TLS'}`
  return { checks: () => [{ name: 'keda-scaler', ok: true, detail }], close: scaler.close }
}
