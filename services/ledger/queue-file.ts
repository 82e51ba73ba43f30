/**
 * What has to reach the ledger, on local disk while it is away: an append-only file of records, each durable before
 * `append` resolves. A record is a header of 16 bytes (magic, length, CRC32C of these two, CRC32C of the payload; little
 * endian) and its payload. CRC32C: Castagnoli's polynomial, RFC 3720 appendix B.4.
 *
 * A write that a crash interrupted leaves bytes missing at the end, or zeros: it was never acknowledged and is cut off.
 * Any other damage is refused by file and offset: to go on would lose, or replay, what nobody can vouch for.
 */
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { LedgerError } from './ledger.ts'

const MAGIC = 0x51_4c_53_46 // "FSLQ"
const HEADER_BYTES = 16
/** Of one record and of the file: beyond it nothing more is taken, and the tick that asks changes nothing. */
export const LARGEST_QUEUE_BYTES = 512 * 1024 * 1024

export interface QueueFile {
  /** What was there on opening, oldest first. */
  readonly found: readonly Uint8Array[]
  /** Durable when it resolves; when it rejects, nothing was added. */
  append(payload: Uint8Array): Promise<void>
  bytes(): number
  /** All records have arrived. */
  clear(): Promise<void>
  /** Puts what is there under another name, for a person to look at, and begins anew. Answers the name. */
  setAside(suffix: string): Promise<string>
  close(): Promise<void>
}

/** Throws LedgerError naming file and offset when it is damaged. */
export async function openQueueFile(file: string): Promise<QueueFile> {
  await mkdir(path.dirname(file), { recursive: true })
  let handle = await open(file, 'a+').then((made) => made.close().then(() => open(file, 'r+')))
  const { records, end } = await readRecords(handle, file).catch(async (error: unknown) => {
    await handle.close()
    throw error
  })
  await cut(handle, end)
  let at = end
  return {
    found: records,
    bytes: () => at,
    async append(payload) {
      const record = recordOf(payload)
      if (at + record.length > LARGEST_QUEUE_BYTES)
        throw new LedgerError(`the queue ${file} is full: ${LARGEST_QUEUE_BYTES} bytes`)
      // always at the end of the last whole record: what a failed write left is overwritten
      await writeWhole(handle, record, at)
      await handle.datasync()
      at += record.length
    },
    async clear() {
      await cut(handle, 0)
      at = 0
    },
    async setAside(suffix) {
      const name = `${file}.${suffix}`
      await handle.close()
      await rename(file, name)
      handle = await open(file, 'w+')
      at = 0
      return name
    },
    close: () => handle.close(),
  }
}

async function cut(handle: FileHandle, bytes: number): Promise<void> {
  await handle.truncate(bytes)
  await handle.datasync()
}

async function writeWhole(handle: FileHandle, record: Uint8Array, at: number): Promise<void> {
  let written = 0
  while (written < record.length) {
    const { bytesWritten } = await handle.write(
      record,
      written,
      record.length - written,
      at + written,
    )
    written += bytesWritten
  }
}

async function readRecords(
  handle: FileHandle,
  file: string,
): Promise<{ records: Uint8Array[]; end: number }> {
  const bytes = new Uint8Array(await handle.readFile())
  const records: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const length = lengthAt(bytes, at)
    if (length === undefined) {
      if (isTorn(bytes, at)) break
      throw damaged(file, at)
    }
    const payload = bytes.slice(at + HEADER_BYTES, at + HEADER_BYTES + length)
    if (payload.length < length) break
    if (crc32c(payload) !== viewOf(bytes).getUint32(at + 12, true)) {
      if (isTorn(bytes, at + HEADER_BYTES)) break
      throw damaged(file, at)
    }
    records.push(payload)
    at += HEADER_BYTES + length
  }
  return { records, end: at }
}

/** Of the record whose header begins at `at`; undefined when that is no whole header. */
function lengthAt(bytes: Uint8Array, at: number): number | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(at, true) !== MAGIC) return undefined
  if (crc32c(bytes.subarray(at, at + 8)) !== view.getUint32(at + 8, true)) return undefined
  return view.getUint32(at + 4, true)
}

/** The rest is too short for a header, or was given its length but not its bytes. */
function isTorn(bytes: Uint8Array, at: number): boolean {
  return bytes.length - at < HEADER_BYTES || bytes.subarray(at).every((byte) => byte === 0)
}

function recordOf(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length)
  const view = viewOf(record)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, payload.length, true)
  view.setUint32(8, crc32c(record.subarray(0, 8)), true)
  view.setUint32(12, crc32c(payload), true)
  record.set(payload, HEADER_BYTES)
  return record
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const damaged = (file: string, at: number) =>
  new LedgerError(
    `the queue ${file} is damaged at byte ${at}: nothing of it was replayed; move it away to go on without it`,
  )

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82_f6_3b_78 : crc >>> 1
  return crc
})

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xff_ff_ff_ff
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xff_ff_ff_ff) >>> 0
}
