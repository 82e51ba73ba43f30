/**
 * The protocol by which other languages drive environments: one JSON object a line, an answer for each request, in order.
 * PROTOCOL.md says it in words. What is asked for too much of is refused, so that one client cannot fill the machine.
 */
import { z } from 'zod'
import { EnvironmentConfig } from './config.ts'
import { MOST_ENVIRONMENTS } from './vector.ts'

/** Raised when something that a client could rely on changes. */
export const PROTOCOL_VERSION = 1
export const LIMITS = {
  /** UTF-16 units of a request. */
  lineLength: 1_000_000,
  /** Open at once on one connection; a vector counts as one. */
  environments: 64,
  /** Of load, held by all open environments of a connection. */
  steps: 8_000_000,
  /** In one vector: copies × services. */
  count: MOST_ENVIRONMENTS,
  connections: 16,
} as const

const Id = z.union([z.int(), z.string().max(100)])
const Handle = z.string().max(20)
const Seed = z.int().min(0)
const Options = z.strictObject({ start: z.int().min(0).optional() })
const request = <Shape extends z.core.$ZodLooseShape>(method: string, params: Shape) =>
  z.strictObject({ id: Id, method: z.literal(method), params: z.strictObject(params) })

export const REQUESTS = {
  hello: z.strictObject({
    id: Id,
    method: z.literal('hello'),
    params: z.strictObject({}).optional(),
  }),
  make: request('make', {
    config: EnvironmentConfig,
    count: z.int().min(1).max(LIMITS.count).optional(),
  }),
  reset: request('reset', {
    environment: Handle,
    seed: z.union([Seed, z.array(Seed).max(LIMITS.count)]).nullish(),
    options: Options.nullish(),
  }),
  step: request('step', { environment: Handle, action: z.unknown() }),
  state: request('state', { environment: Handle }),
  close: request('close', { environment: Handle }),
} as const
export type Method = keyof typeof REQUESTS
export const METHODS = Object.keys(REQUESTS) as Method[]

/** The part of every request that is read first, so that an answer carries its id even when the rest is wrong. */
export const Envelope = z.looseObject({ id: Id, method: z.enum(METHODS as [Method, ...Method[]]) })

export interface FieldFault {
  readonly field: string
  readonly value: unknown
  readonly allowed: string
}

export interface Failure {
  readonly code: 'invalid-request' | 'internal'
  readonly detail: string
  readonly errors: readonly FieldFault[]
}

export type Answer =
  | { readonly id: number | string | null; readonly result: unknown }
  | { readonly id: number | string | null; readonly error: Failure }

/** Numbers of a vector: base64 of their little-endian bytes, since text takes longer than the simulation. */
export function toBase64(numbers: Float32Array | Float64Array | Uint8Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')
}
