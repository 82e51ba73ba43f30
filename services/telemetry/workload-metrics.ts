/**
 * What Prometheus carries to consumers in a cluster, by namespace and workload: forecasts, load and replicas, and until
 * when each may be used. Only the controller that leads says it, so that a workload has one series however many
 * controllers are scraped; what may not be carried (services/kubernetes/signal.ts) is left out, for an absent series is an
 * error to a consumer, and a NaN or a zero a wish to scale to nothing.
 */
import type { ControlPlane } from '../control-plane.ts'
import {
  coveredMs,
  DESIRED_SIGNAL,
  FORECAST_SIGNAL,
  LOAD_SIGNAL,
  RECOMMENDED_SIGNAL,
  SIGNALS,
  type SignalInput,
  type SignalName,
  signalInputs,
  signalOf,
} from '../kubernetes/signal.ts'
import { signalConfigOf, validUntilMs } from '../kubernetes/signal-view.ts'
import { type WorkloadRef, workloadsOf } from '../kubernetes/workload.ts'
import type { Row, Scrape } from './scrape.ts'

/** Few on purpose, and always the one that is configured. */
const SHOWN_LEVELS = [0.5, 0.95, 0.99] as const
export const HORIZON_METRIC = 'forescale_workload_horizon_seconds'
export const VALID_UNTIL_METRIC = 'forescale_workload_valid_until_timestamp_seconds'

export interface WorkloadLabels {
  readonly namespace: string
  readonly workload: string
  readonly kind: string
  readonly service: string
}

interface Seen {
  readonly labels: WorkloadLabels
  readonly input: SignalInput
}

export function workloadMetrics(scrape: Scrape, control: ControlPlane): void {
  if (control.leadership?.().leads === false) return
  const config = signalConfigOf(control.config())
  const inputs = signalInputs(control)
  const seen = [...workloadsOf(control.config())].flatMap(([service, ref]): Seen[] => {
    const input = inputs(service)
    return input ? [{ labels: labelsOf(service, ref), input }] : []
  })
  const levels = [...new Set([...SHOWN_LEVELS, config.level])].sort((a, b) => a - b)
  const rows = (name: SignalName, { labels, input }: Seen, own = config): Row[] => {
    const signal = signalOf(name, input, own)
    return signal.kind === 'value' ? [{ labels: { ...labels }, value: signal.value }] : []
  }
  scrape.gauge(
    FORECAST_SIGNAL,
    SIGNALS[FORECAST_SIGNAL],
    seen.flatMap((one) =>
      levels.flatMap((level) =>
        rows(FORECAST_SIGNAL, one, { ...config, level }).map(({ labels, value }) => ({
          labels: { ...labels, level: String(level) },
          value,
        })),
      ),
    ),
  )
  for (const name of [LOAD_SIGNAL, DESIRED_SIGNAL, RECOMMENDED_SIGNAL] as const)
    scrape.gauge(
      name,
      SIGNALS[name],
      seen.flatMap((one) => rows(name, one)),
    )
  scrape.gauge(
    HORIZON_METRIC,
    'Time that the forecast covers: until capacity ordered now is ready, as measured.',
    seen.map(({ labels, input }) => ({
      labels: { ...labels },
      value: coveredMs(input, config) / 1000,
    })),
  )
  scrape.gauge(
    VALID_UNTIL_METRIC,
    'Unix time from which the series of the name `signal` must not be used.',
    seen.flatMap((one) =>
      ([FORECAST_SIGNAL, LOAD_SIGNAL, DESIRED_SIGNAL, RECOMMENDED_SIGNAL] as const).flatMap(
        (signal) =>
          rows(signal, one).map(({ labels }) => ({
            labels: { ...labels, signal },
            value: validUntilMs(signal, one.input, config) / 1000,
          })),
      ),
    ),
  )
}

function labelsOf(service: string, { namespace, name, kind }: WorkloadRef): WorkloadLabels {
  return { namespace, workload: name, kind, service }
}
