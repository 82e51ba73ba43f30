/**
 * Scalars as TensorBoard event files. Records are framed as TensorFlow's record_writer.cc does: length, its masked
 * CRC-32C, the event, its masked CRC-32C, little endian; events are protocol buffers of tensorflow/core/util/event.proto
 * and framework/summary.proto, of which the few fields that a scalar needs are declared here. Times are simulated ones.
 */
import protobuf from 'protobufjs'

const { Event } = eventTypes()

function eventTypes(): { Event: protobuf.Type } {
  const root = protobuf.Root.fromJSON({
    nested: {
      Event: {
        fields: {
          wallTime: { type: 'double', id: 1 },
          step: { type: 'int64', id: 2 },
          fileVersion: { type: 'string', id: 3 },
          summary: { type: 'Summary', id: 5 },
        },
      },
      Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
      Value: {
        fields: { tag: { type: 'string', id: 1 }, simpleValue: { type: 'float', id: 2 } },
      },
    },
  })
  return { Event: root.lookupType('Event') }
}

export interface Scalars {
  readonly step: number
  /** Unix ms of the simulated time. */
  readonly atMs: number
  readonly values: Readonly<Record<string, number>>
}

/** A file that TensorBoard reads: its version first, then an event for each of `scalars`. */
export function eventFile(scalars: readonly Scalars[]): Uint8Array {
  const startSeconds = (scalars[0]?.atMs ?? 0) / 1000
  const events = [
    { wallTime: startSeconds, fileVersion: 'brain.Event:2' },
    ...scalars.map(({ step, atMs, values }) => ({
      wallTime: atMs / 1000,
      step,
      summary: {
        value: Object.entries(values)
          .filter(([, value]) => Number.isFinite(value))
          .map(([tag, simpleValue]) => ({ tag, simpleValue })),
      },
    })),
  ]
  return Buffer.concat(events.map((event) => record(Event.encode(Event.create(event)).finish())))
}

function record(data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(12)
  head.writeBigUInt64LE(BigInt(data.length))
  head.writeUInt32LE(maskedCrc(head.subarray(0, 8)), 8)
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(maskedCrc(data))
  return Buffer.concat([head, data, tail])
}

/** tensorflow/core/lib/hash/crc32c.h: turned right by 15, plus a constant. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** Castagnoli's polynomial (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!
  return (crc ^ 0xffffffff) >>> 0
}
