/**
 * Prometheus' query API (prometheus.io/docs/prometheus/latest/querying/api), as Thanos, Mimir and VictoriaMetrics speak
 * it too. An answer counts only when it is whole: within its deadline and size, of the right form, and without warnings,
 * which is how Thanos says that a part of the data could not be asked. "NaN" and "Inf" are no values.
 */
import { readAtMost, type WayOptions } from '../../../datasets/outbound/way.ts'
import { rootMessage } from '../../../datasets/traces/download.ts'
import type { PrometheusServer } from '../config.ts'
import { accessOf } from './access.ts'

const MOST_ANSWER_BYTES = 256 * 1024 * 1024
const LONGEST_SHOWN = 200

/** The server answered, but not with a whole result; or not at all. */
export class PrometheusError extends Error {
  /** It would answer for less: fewer steps, or fewer services. */
  readonly isTooMuch: boolean

  constructor(message: string, options: ErrorOptions & { readonly isTooMuch?: boolean } = {}) {
    super(message, options)
    this.isTooMuch = options.isTooMuch ?? false
  }
}

export interface PromSeries {
  readonly labels: Readonly<Record<string, string>>
  /** Seconds and values as text. */
  readonly points: readonly (readonly [number, string])[]
}

export interface RangeAsked {
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

export interface PrometheusClient {
  range(asked: RangeAsked, timeoutMs?: number): Promise<PromSeries[]>
  /** True where x[5m] leaves its older end out, as Prometheus 3 and VictoriaMetrics do. */
  isLeftOpen(): Promise<boolean>
}

export interface ClientOptions {
  readonly name: string
  readonly server: PrometheusServer
  readonly mostSeries: number
  /** For tests. */
  readonly lookup?: WayOptions['lookup']
}

export function createPrometheusClient({
  name,
  server,
  mostSeries,
  lookup,
}: ClientOptions): PrometheusClient {
  const base = server.url.replace(/\/+$/, '')
  const access = accessOf(server, lookup)
  let leftOpen: boolean | undefined

  async function ask(
    path: string,
    fields: Record<string, string>,
    timeoutMs: number,
  ): Promise<unknown> {
    const body = new URLSearchParams({ ...fields, ...access.fields })
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs))
    try {
      const headers = access.headers()
      const request = { method: 'POST', body, signal, headers }
      const response = await access.way.fetch(`${base}${path}`, request)
      return { status: response.status, text: await readAtMost(response, MOST_ANSWER_BYTES) }
    } catch (cause) {
      const why = signal.aborted
        ? `no whole answer within ${timeoutMs / 1000} s`
        : rootMessage(cause)
      throw new PrometheusError(`${name} (${base}): ${why}`, { cause })
    }
  }

  async function result(path: string, fields: Record<string, string>, timeoutMs: number) {
    const { status, text } = (await ask(path, fields, timeoutMs)) as {
      status: number
      text: string
    }
    return readAnswer(text, status, server.partial)
  }

  async function named<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AnswerFault)) throw error
      const { isTooMuch } = error
      throw new PrometheusError(`${name} (${base}): ${error.message}`, { cause: error, isTooMuch })
    }
  }

  return {
    range: ({ query, startMs, endMs, stepMs }, timeoutMs = server.timeoutMs) =>
      named(async () => {
        const [start, end, step] = [startMs, endMs, stepMs].map((ms) => String(ms / 1000))
        const fields = { query, start: start!, end: end!, step: step! }
        const { resultType, rows } = await result('/api/v1/query_range', fields, timeoutMs)
        if (resultType !== 'matrix')
          throw new AnswerFault(`a matrix was expected, came ${resultType}`)
        if (rows.length > mostSeries)
          throw new AnswerFault(
            `${rows.length} series; allowed: at most ${mostSeries} (mostSeries)`,
          )
        return rows.map(readSeries)
      }),
    isLeftOpen: () =>
      named(async () => {
        if (leftOpen !== undefined) return leftOpen
        const fields = { query: 'count_over_time(vector(1)[2s:1s])', time: '1700000000' }
        const { rows } = await result('/api/v1/query', fields, server.timeoutMs)
        const [, count] = (rows[0] as { value?: [number, string] } | undefined)?.value ?? []
        leftOpen = Number(count) === 2
        return leftOpen
      }),
  }
}

class AnswerFault extends Error {
  readonly isTooMuch: boolean
  constructor(message: string, isTooMuch = false) {
    super(message)
    this.isTooMuch = isTooMuch
  }
}

/**
 * 422: more samples than the server takes into memory (Prometheus), chunks or series than a tenant may read (Mimir,
 * Thanos); 413: the answer is too large; 400: more points a series than 11,000.
 */
function isLimit(status: number, reason: string): boolean {
  if (status === 400) return /exceeded maximum resolution/.test(reason)
  return status === 413 || (status === 422 && /\b(too many|limit|exceed)/i.test(reason))
}

interface Answer {
  readonly resultType: unknown
  readonly rows: readonly unknown[]
}

function readAnswer(text: string, status: number, partial: 'refuse' | 'accept'): Answer {
  const answer = fieldsOf(jsonOf(text))
  if (answer?.status === 'error') {
    const reason = String(answer.error)
    const message = `HTTP ${status}: ${answer.errorType}: ${shown(reason)}`
    throw new AnswerFault(message, isLimit(status, reason))
  }
  const data = fieldsOf(answer?.data)
  if (status !== 200 || answer?.status !== 'success' || !Array.isArray(data?.result))
    throw new AnswerFault(
      `HTTP ${status}, which is no answer of Prometheus: ${shown(text)}`,
      isLimit(status, text),
    )
  const warnings = Array.isArray(answer.warnings) ? answer.warnings : []
  if (partial === 'refuse' && (warnings.length > 0 || answer.isPartial === true))
    throw new AnswerFault(`the answer is not whole: ${shown(warnings.join('; ') || 'isPartial')}`)
  return { resultType: data.resultType, rows: data.result }
}

function readSeries(row: unknown): PromSeries {
  const { metric, values } = fieldsOf(row) ?? {}
  const labels = fieldsOf(metric)
  if (!labels || !Array.isArray(values)) throw new AnswerFault('a series without metric or values')
  for (const point of values) {
    const isPoint =
      Array.isArray(point) && typeof point[0] === 'number' && typeof point[1] === 'string'
    if (!isPoint)
      throw new AnswerFault(`a point was expected, came ${shown(JSON.stringify(point))}`)
  }
  return { labels: labels as Record<string, string>, points: values }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const shown = (text: string): string => text.slice(0, LONGEST_SHOWN)
