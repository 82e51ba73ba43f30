/** Calls of the ledger as bytes and back: JSON, in which byte and number arrays keep their type. */
import type { Ledger } from './ledger.ts'

export type QueuedName = {
  [Name in keyof Required<Ledger>]: Ledger[Name] extends (...given: never[]) => Promise<void>
    ? Name
    : never
}[keyof Required<Ledger>]

export interface QueuedCall {
  readonly name: QueuedName
  readonly args: readonly unknown[]
  /** Of the lease under which it was decided. */
  readonly token: number | undefined
}

const BYTES = '$bytes'
const NUMBERS = '$float64'

export function encodeRecord(call: QueuedCall): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(call, replacer)))
}

export function decodeRecord(bytes: Uint8Array): QueuedCall {
  const { name, args, token } = JSON.parse(Buffer.from(bytes).toString(), reviver)
  return { name, args, token }
}

/** A Buffer would have become an object before it gets here: what stands at the key is looked at instead. */
export function replacer(this: unknown, key: string, value: unknown): unknown {
  const raw: unknown = Reflect.get(this as object, key)
  if (raw instanceof Float64Array) return { [NUMBERS]: base64Of(raw) }
  if (raw instanceof Uint8Array) return { [BYTES]: base64Of(raw) }
  return value
}

const base64Of = ({ buffer, byteOffset, byteLength }: Float64Array | Uint8Array): string =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')

export function reviver(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value)
  if (keys.length !== 1) return value
  const coded: unknown = Reflect.get(value, keys[0]!)
  if (typeof coded !== 'string') return value
  if (keys[0] === BYTES) return new Uint8Array(Buffer.from(coded, 'base64'))
  if (keys[0] !== NUMBERS) return value
  const bytes = Uint8Array.from(Buffer.from(coded, 'base64'))
  return new Float64Array(bytes.buffer)
}
