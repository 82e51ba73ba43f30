/**
 * Prometheus remote-write 1.0 (prometheus.io/docs/specs/prw/remote_write_spec): a protobuf WriteRequest in snappy's
 * block format. Read field by field, so that a batch is bounded before anything of it is unpacked; exemplars, native
 * histograms and metadata are skipped. A stale marker says that a series ended: it is no sample.
 */
import { Reader } from 'protobufjs/minimal.js'
import { uncompress } from 'snappyjs'

/** Unpacked; Prometheus sends at most some MB at once. */
export const MOST_UNPACKED_BYTES = 64 * 1024 * 1024
const MOST_RATIO = 100
/** prometheus/model/value: the NaN with these bits, low and high half. */
const STALE_LOW = 0x0000_0002
const STALE_HIGH = 0x7ff0_0000

export interface WrittenSample {
  readonly atMs: number
  readonly value: number
}

export interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly WrittenSample[]
  /** Stale markers among them. */
  readonly stale: number
}

/** The body is no WriteRequest, or larger than is read. Nothing of it was taken. */
export class RemoteWriteError extends Error {}

export function readRemoteWrite(body: Uint8Array): WrittenSeries[] {
  const message = unpack(body)
  try {
    const reader = Reader.create(message)
    const series: WrittenSeries[] = []
    while (reader.pos < reader.len) {
      const tag = reader.uint32()
      if (tag === TAG_SERIES) series.push(readSeries(reader))
      else reader.skipType(tag & 7)
    }
    return series
  } catch (cause) {
    if (cause instanceof RemoteWriteError) throw cause
    throw new RemoteWriteError('the body is no WriteRequest in protobuf', { cause })
  }
}

/** Its length stands in front of it, so a bomb is known before it goes off. */
function unpack(body: Uint8Array): Uint8Array {
  const header = lengthOf(body)
  if (header === undefined) throw noBlock()
  const { length, end } = header
  if (length > MOST_UNPACKED_BYTES || length > MOST_RATIO * body.byteLength + 1024)
    throw new RemoteWriteError(
      `the body unpacks to ${length} bytes; allowed: at most ${MOST_UNPACKED_BYTES}, and ${MOST_RATIO} times its own`,
    )
  // the library would go round for ever on a length beyond 2^31, and fill up what is too short
  if (!isWholeBlock(body, end, length)) throw noBlock()
  try {
    return uncompress(body)
  } catch (cause) {
    throw noBlock(cause)
  }
}

const noBlock = (cause?: unknown): RemoteWriteError =>
  new RemoteWriteError('the body is not in snappy block format', { cause })

function lengthOf(body: Uint8Array): { length: number; end: number } | undefined {
  let length = 0
  for (let at = 0; at < 5 && at < body.length; at++) {
    length += (body[at]! & 0x7f) * 2 ** (7 * at)
    if (body[at]! < 0x80) return { length, end: at + 1 }
  }
  return undefined
}

/** Walks over the elements (google/snappy, format_description.txt) without copying: they must make up `length` bytes. */
function isWholeBlock(body: Uint8Array, from: number, length: number): boolean {
  let made = 0
  for (let at = from; at < body.length; ) {
    const { bytes, offset, end } = elementAt(body, at)
    const isPossible = offset === undefined || (offset > 0 && offset <= made)
    made += bytes
    if (!isPossible || end > body.length || made > length) return false
    at = end
  }
  return made === length
}

interface Element {
  /** That it becomes. */
  readonly bytes: number
  /** How far back it copies from; undefined for a literal. */
  readonly offset: number | undefined
  /** Where the next one begins. */
  readonly end: number
}

function elementAt(body: Uint8Array, at: number): Element {
  const tag = body[at]!
  const kind = tag & 3
  const short = tag >>> 2
  // literals of 61 and more say their length in 1 to 4 bytes; copies their offset in 1, 2 or 4
  const extra = kind === 0 ? Math.max(0, short - 59) : [0, 1, 2, 4][kind]!
  let number = 0
  for (let k = 0; k < extra; k++) number += (body[at + 1 + k] ?? 0) * 2 ** (8 * k)
  const end = at + 1 + extra
  if (kind === 0) {
    const bytes = (extra > 0 ? number : short) + 1
    return { bytes, offset: undefined, end: end + bytes }
  }
  if (kind === 1) return { bytes: (short & 7) + 4, offset: number + ((tag >>> 5) << 8), end }
  return { bytes: short + 1, offset: number, end }
}

const tagOf = (field: number, wire: number): number => (field << 3) | wire
const BYTES = 2
const TAG_SERIES = tagOf(1, BYTES)
const TAG_LABEL = tagOf(1, BYTES)
const TAG_SAMPLE = tagOf(2, BYTES)
const TAG_NAME = tagOf(1, BYTES)
const TAG_TEXT = tagOf(2, BYTES)
const TAG_VALUE = tagOf(1, 1)
const TAG_TIME = tagOf(2, 0)

function readSeries(reader: Reader): WrittenSeries {
  const end = reader.uint32() + reader.pos
  const labels: Record<string, string> = Object.create(null)
  const samples: WrittenSample[] = []
  let stale = 0
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag === TAG_LABEL) readLabel(reader, labels)
    else if (tag === TAG_SAMPLE) {
      const sample = readSample(reader)
      if (sample) samples.push(sample)
      else stale++
    } else reader.skipType(tag & 7)
  }
  return { labels, samples, stale }
}

function readLabel(reader: Reader, labels: Record<string, string>): void {
  const end = reader.uint32() + reader.pos
  let name = ''
  let text = ''
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag === TAG_NAME) name = reader.string()
    else if (tag === TAG_TEXT) text = reader.string()
    else reader.skipType(tag & 7)
  }
  if (name === '' || name in labels)
    throw new RemoteWriteError(`a label is empty or there twice: ${JSON.stringify(name)}`)
  labels[name] = text
}

/** undefined for a stale marker. */
function readSample(reader: Reader): WrittenSample | undefined {
  const end = reader.uint32() + reader.pos
  let value = 0
  let atMs = 0
  let isStale = false
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag === TAG_VALUE) {
      isStale = isStaleMarker(reader.buf, reader.pos)
      value = reader.double()
    } else if (tag === TAG_TIME) atMs = Number(reader.int64())
    else reader.skipType(tag & 7)
  }
  return isStale ? undefined : { atMs, value }
}

/** By its bits: as a number it is a NaN like any other. */
function isStaleMarker(bytes: Uint8Array, at: number): boolean {
  if (at + 8 > bytes.length) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8)
  return view.getUint32(0, true) === STALE_LOW && view.getUint32(4, true) === STALE_HIGH
}
