/** A workload's history out of the cluster's own Prometheus: load, ready replicas, CPU, and how long its pods took to serve. */
import type { PrometheusServer } from '../../stores/config.ts'
import { createPrometheusClient, type PrometheusClient } from '../../stores/prometheus/client.ts'
import type { WorkloadRef } from '../workload.ts'
import type { HistoryStep } from './estimate.ts'
import { queriesOf } from './queries.ts'

const POINTS_A_QUERY = 10_000
const MOST_SERIES = 10_000
const POD_STEP_MS = 5 * 60_000

export interface HistoryRequest {
  readonly server: PrometheusServer
  readonly workload: WorkloadRef
  /** One series, requests/s. */
  readonly loadQuery: string
  /** One series, 0 to 1. */
  readonly violationsQuery?: string | undefined
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

export interface WorkloadHistory {
  readonly steps: readonly HistoryStep[]
  readonly cpuRequest: number
  /** Of pods that were made within the range, from creation to first readiness, s. */
  readonly startupSeconds: readonly number[]
}

/** Rejects with PrometheusError. Throws for a kind that kube-state-metrics does not tell of. */
export async function readHistory(request: HistoryRequest): Promise<WorkloadHistory> {
  const { workload, server, loadQuery, violationsQuery } = request
  const queries = queriesOf(workload)
  if (queries === undefined)
    throw new Error(
      `kind: "${workload.kind}" is not told by kube-state-metrics; allowed: Deployment, StatefulSet, ReplicaSet`,
    )
  const client = createPrometheusClient({ name: 'prometheus', server, mostSeries: MOST_SERIES })
  const load = await columnOf(client, loadQuery, request)
  const ready = await columnOf(client, queries.readyReplicas, request)
  const cpu = await columnOf(client, queries.cpuCores, request)
  const violations =
    violationsQuery === undefined
      ? cpu.map(() => Number.NaN)
      : await columnOf(client, violationsQuery, request)
  const requested = await columnOf(client, queries.cpuRequest, request)
  return {
    steps: [...load].map((loadRps, i) => ({
      ...{ loadRps, readyReplicas: ready[i]!, cpuCores: cpu[i]!, violationRatio: violations[i]! },
    })),
    cpuRequest: [...requested].findLast((cores) => cores > 0) ?? Number.NaN,
    startupSeconds: await startupsOf(client, queries, request),
  }
}

/** One value a step, NaN where there is none: a gap is never a zero. */
async function columnOf(
  client: PrometheusClient,
  template: string,
  { fromMs, toMs, stepMs }: HistoryRequest,
): Promise<Float64Array> {
  const steps = Math.floor((toMs - fromMs) / stepMs)
  const column = new Float64Array(steps).fill(Number.NaN)
  const query = template.replaceAll('$step', `${stepMs}ms`)
  for (let first = 0; first < steps; first += POINTS_A_QUERY) {
    const last = Math.min(steps, first + POINTS_A_QUERY) - 1
    const [startMs, endMs] = [first, last].map((step) => fromMs + (step + 1) * stepMs)
    const series = await client.range({ query, startMs: startMs!, endMs: endMs!, stepMs })
    if (series.length > 1)
      throw new Error(
        `the query gives ${series.length} series; allowed: one, as sum(…) gives: ${query}`,
      )
    for (const [atSeconds, text] of series[0]?.points ?? []) {
      const step = Math.round((atSeconds * 1000 - fromMs) / stepMs) - 1
      const value = Number(text)
      if (step >= 0 && step < steps && Number.isFinite(value)) column[step] = value
    }
  }
  return column
}

async function startupsOf(
  client: PrometheusClient,
  { podCreated, podReady }: { podCreated: string; podReady: string },
  { fromMs, toMs }: HistoryRequest,
): Promise<number[]> {
  const created = await leastByPod(client, podCreated, fromMs, toMs)
  const ready = await leastByPod(client, podReady, fromMs, toMs)
  return [...created].flatMap(([pod, madeAt]) => {
    const seconds = (ready.get(pod) ?? Number.NaN) - madeAt
    // one that was made earlier may have been ready, and not ready, before the range began
    return madeAt * 1000 >= fromMs && seconds >= 0 ? [seconds] : []
  })
}

/** The least value that each pod ever had, Unix seconds. */
async function leastByPod(
  client: PrometheusClient,
  template: string,
  fromMs: number,
  toMs: number,
): Promise<Map<string, number>> {
  const least = new Map<string, number>()
  const query = template.replaceAll('$step', `${POD_STEP_MS}ms`)
  const pieceMs = POINTS_A_QUERY * POD_STEP_MS
  for (let startMs = fromMs + POD_STEP_MS; startMs <= toMs + POD_STEP_MS; startMs += pieceMs) {
    const endMs = Math.min(toMs + POD_STEP_MS, startMs + pieceMs - POD_STEP_MS)
    for (const { labels, points } of await client.range({
      query,
      startMs,
      endMs,
      stepMs: POD_STEP_MS,
    })) {
      const pod = `${labels.pod} ${labels.uid ?? ''}`
      for (const [, text] of points) {
        const value = Number(text)
        if (value > 0) least.set(pod, Math.min(value, least.get(pod) ?? Number.POSITIVE_INFINITY))
      }
    }
  }
  return least
}
