/** What each service does and has: load, violations, replicas wanted, decided, asked for and there. */
import type { ControlPlane, ServiceStatus } from '../control-plane.ts'
import type { Row, Scrape } from './scrape.ts'

/** Decisions older than so many ticks are not shown as if they still held. */
const DECISION_TICKS = 3

export function serviceMetrics(scrape: Scrape, control: ControlPlane): void {
  const services = control.services()
  const nowMs = control.nowMs()
  const perService = (value: (status: ServiceStatus) => number | null | undefined): Row[] =>
    services.map((status) => ({ labels: { service: status.service }, value: value(status) }))
  const gauge = (name: string, help: string, value: Parameters<typeof perService>[0]) =>
    scrape.gauge(`forescale_${name}`, help, perService(value))
  // A value that is too old to act on is too old to show.
  const current = (status: ServiceStatus, value: number | null) =>
    status.freshness === 'fresh' || status.freshness === 'late' ? value : null

  gauge('load_requests_per_second', 'Newest measured load.', (s) => current(s, s.loadRps))
  gauge('latency_p95_seconds', 'Newest measured 95th percentile of latency.', (s) =>
    current(s, s.latencyP95Seconds),
  )
  gauge('violation_ratio', 'Share of requests outside the SLO at the last tick.', (s) =>
    current(s, s.violationRatio),
  )
  gauge('slo_objective_ratio', 'Share of requests that must be within the SLO.', (s) => s.objective)
  gauge('source_age_seconds', 'Age of the newest sample of the load.', (s) =>
    s.loadAtMs === null ? null : Math.max(0, nowMs - s.loadAtMs) / 1000,
  )
  gauge('fallback_active', '1 while no usable forecast stands behind the decisions.', (s) =>
    s.fallback ? 1 : 0,
  )
  gauge(
    'capacity_requests_per_second',
    'Load that one replica carries within its SLO.',
    (s) => s.capacityPerReplica,
  )
  gauge('lead_time_seconds', 'From decision to ready capacity.', (s) => s.leadTimeMs / 1000)
  replicaGauges(scrape, control, perService)
  scrape.gauge(
    'forescale_scaling_conflict',
    '1 while something else acts on the workload of a service: it is left alone where it is held.',
    services.flatMap(({ service, conflict }) =>
      conflict
        ? { labels: { service, kind: conflict.kind, held: String(conflict.holds) }, value: 1 }
        : [],
    ),
  )
}

function replicaGauges(
  scrape: Scrape,
  control: ControlPlane,
  perService: (value: (status: ServiceStatus) => number | null | undefined) => Row[],
): void {
  const oldestMs = control.nowMs() - DECISION_TICKS * control.config().tickMs
  const decided = ({ decision }: ServiceStatus) =>
    decision && decision.atMs >= oldestMs ? decision : undefined
  const gauge = (name: string, help: string, value: Parameters<typeof perService>[0]) =>
    scrape.gauge(`forescale_${name}`, help, perService(value))

  gauge(
    'wanted_replicas',
    'What the agent would take if money and limits were no matter.',
    (s) => decided(s)?.wanted,
  )
  gauge(
    'reactive_need_replicas',
    'What the observed load needs by the reactive rule.',
    (s) => decided(s)?.reactiveNeed,
  )
  gauge(
    'recommended_replicas',
    'What the coordinator decided, whatever the mode.',
    (s) => decided(s)?.to,
  )
  gauge('desired_replicas', 'What the coordinator decided where the mode is enforce.', (s) =>
    s.mode === 'enforce' ? decided(s)?.to : null,
  )
  gauge(
    'applied_replicas',
    'Count that the target was last asked for, as observed.',
    (s) => s.replicas?.requested,
  )
  gauge('ready_replicas', 'Replicas that serve.', (s) => s.replicas?.ready)
  gauge('starting_replicas', 'Replicas asked for and not yet serving.', (s) => s.replicas?.starting)
  gauge(
    'terminating_replicas',
    'Replicas that finish what they have.',
    (s) => s.replicas?.terminating,
  )
}
