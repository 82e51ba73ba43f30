/**
 * InfluxDB 2's HTTP by way of its client's transport: lines in, CSV out, JSON for setting up. The transport, and not its
 * WriteApi, because a batch must be known to be written before it is forgotten (WriteApi's flush does not wait for a
 * batch that went off by itself), and because every request needs a deadline that bounds the whole of it.
 */
import { InfluxDB, setLogger, type Transport } from '@influxdata/influxdb-client'
import { type WayOptions, wayTo } from '../../../datasets/outbound/way.ts'
import { readCsv } from './csv.ts'
import { InfluxAnswerError } from './errors.ts'

/** Smaller bodies are not worth the packing. */
const GZIP_FROM_BYTES = 4096
const MOST_ANSWER_BYTES = 1024 * 1024 * 1024
const LONGEST_MS = 30 * 60 * 1000
const DIALECT = { header: true, delimiter: ',', annotations: [], dateTimeFormat: 'RFC3339' }

export interface InfluxClient {
  readonly org: string
  /** Resolves when the server has written all of them. */
  write(bucket: string, lines: readonly string[], timeoutMs: number): Promise<void>
  /** Hands on every row's `columns`. */
  query(
    flux: string,
    columns: readonly string[],
    timeoutMs: number,
    onRow: (cells: readonly string[]) => void,
  ): Promise<void>
  /** undefined where the answer has no body. */
  json(method: string, path: string, body: unknown, timeoutMs: number): Promise<unknown>
}

export interface InfluxClientOptions {
  readonly url: string
  readonly org: string
  readonly token: string | undefined
  readonly way?: Pick<WayOptions, 'networks' | 'lookup'>
}

/** Throws OutboundRefused for an address that may not be asked; a redirect is no answer (the transport follows none). */
export function createInfluxClient({ url, org, token, way }: InfluxClientOptions): InfluxClient {
  // what fails is told to the caller; the library would print it as well
  setLogger({ error: () => {}, warn: () => {} })
  // every request brings its own deadline; the client's idle limit would cut long histories short
  const { transport } = new InfluxDB({
    url,
    timeout: LONGEST_MS,
    transportOptions: { lookup: wayTo(url, way).lookup },
    ...(token === undefined ? {} : { token }),
  })
  const inOrg = `org=${encodeURIComponent(org)}`
  return {
    org,
    async write(bucket, lines, timeoutMs) {
      const path = `/api/v2/write?${inOrg}&bucket=${encodeURIComponent(bucket)}&precision=ms`
      const headers = { 'content-type': 'text/plain; charset=utf-8' }
      const status = await send(transport, path, lines.join('\n'), timeoutMs, headers)
      if (status !== 204) throw new InfluxAnswerError(`204 was expected of a write, came ${status}`)
    },
    async query(flux, columns, timeoutMs, onRow) {
      const body = JSON.stringify({ query: flux, type: 'flux', dialect: DIALECT })
      const signal = AbortSignal.timeout(Math.ceil(timeoutMs))
      try {
        const chunks = transport.iterate(`/api/v2/query?${inOrg}`, body, {
          method: 'POST',
          headers: { accept: 'text/csv', 'accept-encoding': 'identity' },
          signal,
        })
        await readCsv(chunks, { columns, mostBytes: MOST_ANSWER_BYTES, onRow })
      } catch (error) {
        throw signal.aborted ? late(timeoutMs, error) : error
      }
    },
    async json(method, path, body, timeoutMs) {
      const signal = AbortSignal.timeout(Math.ceil(timeoutMs))
      const text = body === undefined ? '' : JSON.stringify(body)
      const headers = { accept: 'application/json' }
      return transport.request(path, text, { method, headers, signal })
    },
  }
}

/** The status of the answer. */
function send(
  transport: Transport,
  path: string,
  body: string,
  timeoutMs: number,
  headers: Record<string, string>,
): Promise<number> {
  const signal = AbortSignal.timeout(Math.ceil(timeoutMs))
  return new Promise((resolve, reject) => {
    let status = 0
    const options = { method: 'POST', headers, gzipThreshold: GZIP_FROM_BYTES, signal }
    transport.send(path, body, options, {
      responseStarted: (_headers, statusCode) => {
        status = statusCode ?? 0
      },
      next: () => undefined,
      error: (error) => reject(signal.aborted ? late(timeoutMs, error) : error),
      complete: () => resolve(status),
    })
  })
}

const late = (timeoutMs: number, cause: unknown): Error =>
  new InfluxAnswerError(`no answer within ${timeoutMs / 1000} s`, { cause })
