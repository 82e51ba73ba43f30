/**
 * A fitted forecaster as bytes: its plain data as exact JSON (a state goes on to the bit, on a machine of another byte
 * order too), deflated. Reading checks the checksum, the version of the form,
 * and every field (`readForecaster`).
 */
import { createHash } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { readForecaster } from '../../forecaster/forecaster-state.ts'
import { fromExactJson, toExactJson } from '../exact-json.ts'
import type { Artifact } from '../ledger/models-ledger.ts'

/** Of the bytes; what the forecaster's fields mean is checked field by field. */
export const STATE_FORMAT = 1
/** No state is as large by far; what inflates to more is not ours. */
const MOST_BYTES = 256 * 1024 * 1024

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
  const packed = new Uint8Array(deflateSync(toExactJson(state)))
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
    stored = fromExactJson(text)
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
