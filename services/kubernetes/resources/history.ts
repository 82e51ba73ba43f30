/**
 * What the containers of a workload used, out of a Prometheus: read a day at a time into histograms, so that neither an answer
 * nor what is kept grows with the history. What has no sample is not there; it is never read as 0.
 */
import {
  type ContainerUsage,
  createContainerUsage,
  type SizingRule,
} from '../../../agents/resources/container-usage.ts'
import type { PrometheusServer } from '../../stores/config.ts'
import {
  createPrometheusClient,
  type PrometheusClient,
  PrometheusError,
  type PromSeries,
} from '../../stores/prometheus/client.ts'
import type { WorkloadRef } from '../workload.ts'
import type { ResourcesConfig } from './config.ts'
import { fillerOf } from './queries.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface Amounts {
  /** Cores; NaN: none is said. */
  readonly cpu: number
  /** Bytes; NaN: none is said. */
  readonly memory: number
}

export interface Autoscaling {
  readonly autoscaler: string
  readonly metric: string
  /** Of the requests. */
  readonly targetPercent: number
}

export interface WorkloadUsage {
  /** By container. */
  readonly usage: ReadonlyMap<string, ContainerUsage>
  readonly requests: ReadonlyMap<string, Amounts>
  readonly limits: ReadonlyMap<string, Amounts>
  readonly autoscalers: readonly Autoscaling[]
  /** Mean of the newest day that had any; NaN: none was seen. */
  readonly replicas: number
}

export interface UsageRequest {
  readonly server: PrometheusServer
  readonly workload: WorkloadRef
  readonly config: ResourcesConfig
  readonly rule: Pick<SizingRule, 'halfLifeMs' | 'oom'>
  readonly nowMs: number
}

type Ask = (template: string, fromMs: number, toMs: number) => Promise<PromSeries[]>

/** Rejects with PrometheusError, with UntoldPods for a kind whose pods cannot be told by their names. */
export async function readUsage(request: UsageRequest): Promise<WorkloadUsage> {
  const { workload, config, nowMs } = request
  const fill = fillerOf(workload, config.stepMs)
  const { stepMs, queries, mostSeries, timeoutMs } = config
  const client = createPrometheusClient({ name: 'prometheus', server: request.server, mostSeries })
  const ask: Ask = (template, fromMs, toMs) =>
    inPieces(client, { query: fill(template), fromMs, toMs, stepMs, timeoutMs })
  const toMs = Math.floor(nowMs / stepMs) * stepMs
  const newest = (template: string) => ask(template, toMs - DAY_MS, toMs).then(latestOf)

  const requests = amountsOf(await newest(queries.requests))
  const limits = amountsOf(await newest(queries.limits))
  const named = (await newest(queries.containers)).flatMap(({ labels }) => labels.container ?? [])
  const isOurs = (container: string) =>
    !config.skipContainers.includes(container) && (named.length === 0 || named.includes(container))
  const autoscalers = (await newest(queries.autoscalers)).map(({ labels, value }) => ({
    autoscaler: labels.horizontalpodautoscaler ?? 'unnamed',
    metric: labels.metric_name ?? 'unnamed',
    targetPercent: value,
  }))
  const book = createBook(request, isOurs)
  // one that was never seen is missing in the sums, which is to be said
  for (const container of named.filter(isOurs)) book.of(container)
  for (let endMs = toMs - config.historyMs; endMs < toMs; ) {
    const fromMs = endMs
    endMs = Math.min(toMs, fromMs + DAY_MS)
    book.cpu(await ask(queries.cpu, fromMs, endMs))
    const held = await ask(queries.memory, fromMs, endMs)
    const killed = await ask(queries.oomKills, fromMs, endMs)
    const requested = killed.length > 0 ? await ask(queries.killedRequests, fromMs, endMs) : []
    book.memory(held, killed, requested)
  }
  return { usage: book.usage, requests, limits, autoscalers, replicas: book.replicas() }
}

interface Range {
  readonly query: string
  /** Left out, as a step belongs to its end. */
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  readonly timeoutMs: number
}

/** In halves, and their halves, where the server says that it is too much at once. */
async function inPieces(client: PrometheusClient, range: Range): Promise<PromSeries[]> {
  const { query, fromMs, toMs, stepMs, timeoutMs } = range
  const startMs = fromMs + stepMs
  const steps = Math.round((toMs - fromMs) / stepMs)
  try {
    return await client.range({ query, startMs, endMs: toMs, stepMs }, timeoutMs)
  } catch (error) {
    if (!(error instanceof PrometheusError && error.isTooMuch && steps > 1)) throw error
    const middleMs = fromMs + Math.floor(steps / 2) * stepMs
    const first = await inPieces(client, { ...range, toMs: middleMs })
    return [...first, ...(await inPieces(client, { ...range, fromMs: middleMs }))]
  }
}

interface Latest {
  readonly labels: PromSeries['labels']
  readonly value: number
}

/** The last value of each series that is still told of: within an hour of the newest of all. */
function latestOf(series: readonly PromSeries[]): Latest[] {
  const last = series.flatMap((one) => {
    const point = pointsOf(one).at(-1)
    return point ? [{ labels: one.labels, ...point }] : []
  })
  const newestMs = Math.max(...last.map(({ atMs }) => atMs))
  return last.filter(({ atMs }) => newestMs - atMs <= HOUR_MS)
}

/** Those that are numbers, 0 or more. */
function pointsOf({ points }: PromSeries): { atMs: number; value: number }[] {
  return points
    .map(([atSeconds, text]) => ({ atMs: Math.round(atSeconds * 1000), value: Number(text) }))
    .filter(({ value }) => value >= 0 && Number.isFinite(value))
}

function amountsOf(rows: readonly Latest[]): Map<string, Amounts> {
  const amounts = new Map<string, Amounts>()
  for (const { labels, value } of rows) {
    const { container, resource } = labels
    if (container === undefined || (resource !== 'cpu' && resource !== 'memory')) continue
    const known = amounts.get(container) ?? { cpu: Number.NaN, memory: Number.NaN }
    amounts.set(container, { ...known, [resource]: value })
  }
  return amounts
}

function createBook({ config, rule, nowMs }: UsageRequest, isOurs: (container: string) => boolean) {
  const usage = new Map<string, ContainerUsage>()
  const podsAt = new Map<number, Set<string>>()

  function of(container: string): ContainerUsage {
    const known = usage.get(container) ?? createContainerUsage(rule, config.stepMs, nowMs)
    usage.set(container, known)
    return known
  }
  /** Those of one container and pod; of nobody else's. */
  function* ours(series: readonly PromSeries[]) {
    for (const one of series) {
      const { pod, container } = one.labels
      if (pod === undefined || container === undefined || !isOurs(container)) continue
      yield { pod, container, known: of(container), points: pointsOf(one) }
    }
  }

  return {
    ...{ usage, of },
    cpu(series: readonly PromSeries[]) {
      for (const { pod, known, points } of ours(series))
        for (const { atMs, value } of points) {
          known.cpu(atMs, value)
          podsAt.set(atMs, (podsAt.get(atMs) ?? new Set()).add(pod))
        }
    },
    memory(
      held: readonly PromSeries[],
      killed: readonly PromSeries[],
      requested: readonly PromSeries[],
    ) {
      const requestOf = requestsAt(requested)
      const events = [
        ...[...ours(held)].flatMap((one) => one.points.map((at) => ({ ...one, ...at, kill: 0 }))),
        ...[...ours(killed)].flatMap((one) =>
          one.points.filter(({ value }) => value > 0).map((at) => ({ ...one, ...at, kill: 1 })),
        ),
      ]
      // what was held in the step of a kill was held before it
      events.sort((a, b) => a.atMs - b.atMs || a.kill - b.kill)
      for (const { pod, container, known, atMs, value, kill } of events)
        if (kill === 0) known.memory(pod, atMs, value)
        else known.killed(pod, atMs, requestOf(pod, container, atMs))
    },
    replicas() {
      const newestMs = [...podsAt.keys()].reduce((most, atMs) => Math.max(most, atMs), 0)
      const counts = [...podsAt].filter(([atMs]) => newestMs - atMs < DAY_MS)
      return counts.reduce((sum, [, pods]) => sum + pods.size, 0) / counts.length
    },
  }
}

/**
 * What a container requested when it was killed, NaN where nobody told. Not what is requested today: a kill whose advice was
 * followed would then ask for ever more.
 */
function requestsAt(requested: readonly PromSeries[]) {
  return (pod: string, container: string, atMs: number): number => {
    const points = requested
      .filter(({ labels }) => labels.pod === pod && labels.container === container)
      .flatMap(pointsOf)
    return (points.findLast((point) => point.atMs <= atMs) ?? points[0])?.value ?? Number.NaN
  }
}
