/**
 * A fitted forecaster as bytes: its plain data as JSON, typed arrays as base64 of little-endian numbers (a state goes on
 * to the bit, on a machine of another byte order too), deflated. Reading checks the checksum, the version of the form,
 * and every field (`readForecaster`).
 */
import { createHash } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { readForecaster } from '../../forecaster/forecaster-state.ts'
import type { Artifact } from '../ledger/models-ledger.ts'

/** Of the bytes; what the forecaster's fields mean is checked field by field. */
export const STATE_FORMAT = 1
/** No state is as large by far; what inflates to more is not ours. */
const MOST_BYTES = 256 * 1024 * 1024
const TAGS = { Float64Array: '$f64', Float32Array: '$f32', Int32Array: '$i32' } as const
const NUMBER = '$number'

type Typed = Float64Array | Float32Array | Int32Array

/** What is wrong with an artifact, as a field, what it holds, and what is allowed. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError'
  readonly field: string
  readonly value: unknown
  readonly allowed: string

  constructor(field: string, value: unknown, allowed: string, options?: ErrorOptions) {
    super(`${field}: ${JSON.stringify(value)} is not allowed; allowed: ${allowed}`, options)
    this.field = field
    this.value = value
    this.allowed = allowed
  }
}

export function packState(state: ForecasterState, standsAtMs: number): Artifact {
  const packed = new Uint8Array(deflateSync(JSON.stringify(plain(state))))
  return { standsAtMs, formatVersion: STATE_FORMAT, sha256: sha256(packed), packed }
}

/** Throws ArtifactError; its fields are named under `state`. */
export function unpackState(artifact: Artifact): ForecasterState {
  const { formatVersion, packed } = artifact
  if (formatVersion !== STATE_FORMAT)
    throw new ArtifactError('state.formatVersion', formatVersion, String(STATE_FORMAT))
  const found = sha256(packed)
  if (found !== artifact.sha256) throw new ArtifactError('state.sha256', artifact.sha256, found)
  let stored: unknown
  try {
    const text = inflateSync(packed, { maxOutputLength: MOST_BYTES }).toString('utf8')
    stored = JSON.parse(text, (_key, value) => typed(value))
  } catch (cause) {
    throw new ArtifactError('state.data', `${packed.length} bytes`, 'deflated JSON', { cause })
  }
  try {
    return readForecaster(stored)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const allowed = `a forecaster that this version reads (${why.replaceAll(/\s+/g, ' ').slice(0, 300)})`
    throw new ArtifactError('state.data', `${packed.length} bytes`, allowed, { cause })
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function plain(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? '-0' : String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const tag = TAGS[value.constructor?.name as keyof typeof TAGS]
  if (tag) return { [tag]: base64Of(value as Typed) }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

function typed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [entry, more] = Object.entries(value)
  if (!entry || more || typeof entry[1] !== 'string') return value
  const [tag, text] = entry
  switch (tag) {
    case TAGS.Float64Array:
      return numbersOf(text, Float64Array, 'getFloat64')
    case TAGS.Float32Array:
      return numbersOf(text, Float32Array, 'getFloat32')
    case TAGS.Int32Array:
      return numbersOf(text, Int32Array, 'getInt32')
    case NUMBER:
      return Number(text)
    default:
      return value
  }
}

function base64Of(numbers: Typed): string {
  const size = numbers.BYTES_PER_ELEMENT
  const view = new DataView(new ArrayBuffer(numbers.length * size))
  numbers.forEach((x, i) => {
    if (numbers instanceof Float64Array) view.setFloat64(i * size, x, true)
    else if (numbers instanceof Float32Array) view.setFloat32(i * size, x, true)
    else view.setInt32(i * size, x, true)
  })
  return Buffer.from(view.buffer).toString('base64')
}

function numbersOf<Numbers extends Typed>(
  text: string,
  make: { new (length: number): Numbers; readonly BYTES_PER_ELEMENT: number },
  get: 'getFloat64' | 'getFloat32' | 'getInt32',
): Numbers {
  const bytes = Buffer.from(text, 'base64')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new make(Math.floor(bytes.length / make.BYTES_PER_ELEMENT))
  for (let i = 0; i < out.length; i++) out[i] = view[get](i * make.BYTES_PER_ELEMENT, true)
  return out
}
