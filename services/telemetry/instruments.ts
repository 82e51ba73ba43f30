/**
 * Rate, errors and duration (the RED method) of what the controller answers and of what it calls, and how busy its
 * event loop is (utilization and saturation, the USE method). These grow over the process's life, unlike the figures
 * that a scrape takes from the controller's state (services/telemetry/metrics.ts).
 */
import { performance } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { inSpan } from './spans.ts'

/** Few on purpose: series = routes × statuses × buckets. */
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]
const JOB_SECONDS = [0.1, 0.5, 2.5, 10, 60, 600, 3600]

export interface Instruments {
  readonly registry: Registry
  /** An answer: `route` is the pattern, never the path, so that series stay few. */
  answered(labels: { method: string; route: string; status: string }, seconds: number): void
  /** A call of a part (store, ledger, actuator), or a request to the cluster's API server, that ended. */
  called(labels: { part: string; operation: string }, seconds: number, failed: boolean): void
  /** Events that a sink was told, and took or did not take. */
  told(sink: string, events: number, failed: boolean): void
  /** A job that was asked for, from asking to its answer. */
  asked(labels: { kind: string; outcome: string }, seconds: number): void
  /** Samples that a source other than HTTP sent and that were not taken. */
  refused(source: string, reason: string, n: number): void
}

export function createInstruments(): Instruments {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Histogram({
    name: 'forescale_http_request_duration_seconds',
    help: 'Time to answer a request; its count by status is the rate and the errors.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  })
  const calls = new Histogram({
    name: 'forescale_call_duration_seconds',
    help: 'Time that a call of the store, the ledger or the actuator took, or a request to the API server (part cluster).',
    labelNames: ['part', 'operation'],
    buckets: SECONDS,
    registers,
  })
  const errors = new Counter({
    name: 'forescale_call_errors_total',
    help: 'Calls that failed; what an API server refuses is an answer.',
    labelNames: ['part', 'operation'],
    registers,
  })
  const events = new Counter({
    name: 'forescale_events_total',
    help: 'Events that sinks were told, by what became of them; what failed is told again.',
    labelNames: ['sink', 'outcome'],
    registers,
  })
  const refused = new Counter({
    name: 'forescale_source_refused_total',
    help: 'Samples that came from a broker and were not taken, by reason; of malformed ones messages.',
    labelNames: ['source', 'reason'],
    registers,
  })
  const jobs = new Histogram({
    name: 'forescale_job_duration_seconds',
    help: 'Time from asking for a job to its answer, by what became of it; its count is the rate.',
    labelNames: ['kind', 'outcome'],
    buckets: JOB_SECONDS,
    registers,
  })
  let before = performance.eventLoopUtilization()
  new Gauge({
    name: 'forescale_event_loop_utilization_ratio',
    help: 'Share of the time since the last scrape in which the event loop was busy.',
    registers,
    collect() {
      const now = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(now, before).utilization)
      before = now
    },
  })
  return {
    registry,
    answered: (labels, seconds) => requests.observe(labels, seconds),
    called(labels, seconds, failed) {
      calls.observe(labels, seconds)
      if (failed) errors.inc(labels)
    },
    asked: (labels, seconds) => jobs.observe(labels, seconds),
    refused: (source, reason, n) => refused.inc({ source, reason }, n),
    told: (sink, n, failed) => events.inc({ sink, outcome: failed ? 'failed' : 'taken' }, n),
  }
}

/**
 * The same port, its asynchronous calls measured and, while traced, in spans `part.operation`. What answers at once
 * is passed through: only waiting is worth a series.
 */
export function observed<Port extends object>(
  part: string,
  port: Port,
  instruments: Pick<Instruments, 'called'>,
): Port {
  const wrapped = new Map<string, unknown>()
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function' || typeof key !== 'string') return value
      const known = wrapped.get(key)
      if (known) return known
      const call = (...given: unknown[]): unknown => {
        const startedMs = performance.now()
        const result: unknown = Reflect.apply(value, target, given)
        if (!(result instanceof Promise)) return result
        const ended = (failed: boolean) =>
          instruments.called(
            { part, operation: key },
            (performance.now() - startedMs) / 1000,
            failed,
          )
        result.then(
          () => ended(false),
          () => ended(true),
        )
        return inSpan(`${part}.${key}`, () => result)
      }
      wrapped.set(key, call)
      return call
    },
  })
}
