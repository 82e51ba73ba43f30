/** Writes WriteRequests of Prometheus remote-write 1.0, as a sender does. Only for tests. */
import { Writer } from 'protobufjs/minimal.js'
import { compress } from 'snappyjs'

export interface SentSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly { readonly atMs: number; readonly value: number | 'stale' }[]
}

/** snappy(protobuf(WriteRequest)). */
export function remoteWriteBody(series: readonly SentSeries[]): Uint8Array {
  const writer = Writer.create()
  for (const { labels, samples } of series) {
    writer.uint32(10).fork()
    // the specification wants labels in order
    for (const name of Object.keys(labels).sort()) {
      writer.uint32(10).fork().uint32(10).string(name).uint32(18).string(labels[name]!).ldelim()
    }
    for (const { atMs, value } of samples) {
      writer.uint32(18).fork().uint32(9)
      // the NaN of a stale marker is told by its bits, which JavaScript need not keep
      if (value === 'stale') writer.fixed32(2).fixed32(0x7ff0_0000)
      else writer.double(value)
      writer.uint32(16).int64(atMs).ldelim()
    }
    writer.ldelim()
  }
  return compress(writer.finish())
}

export const REMOTE_WRITE_HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
} as const

export async function remoteWrite(url: string, series: readonly SentSeries[]): Promise<Response> {
  const body = remoteWriteBody(series)
  return fetch(url, { method: 'POST', body: new Uint8Array(body), headers: REMOTE_WRITE_HEADERS })
}
