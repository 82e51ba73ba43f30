/**
 * A trained network as plain data: shape, parameters and how it came to be, named by a hash of all that. Thousands of
 * services share one: whoever reads weights gets the copy that is already there.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { INPUTS, KNOT_FEATURES } from './features.ts'
import { type Cell, layoutOf, NeuralShape } from './shape.ts'

const FORMAT = 1

const Training = z.strictObject({
  seed: z.int(),
  backend: z.string(),
  series: z.int().min(1),
  /** Batches learned from, over all epochs. */
  batches: z.int().min(0),
  /** Epoch whose parameters were kept, from 1. */
  bestEpoch: z.int().min(0),
  /** Pinball loss on the held-out newest part, in spreads of the series; null where there was none. */
  heldOutLoss: z.number().nullable(),
})

const Content = z.strictObject({
  format: z.literal(FORMAT),
  shape: NeuralShape,
  training: Training,
  /** Float32, little-endian, base64. */
  parameters: z.string(),
})

export const NeuralWeights = Content.extend({
  /** SHA-256 of everything else, hexadecimal. */
  hash: z.string(),
})
export type NeuralWeights = Readonly<z.infer<typeof NeuralWeights>>
export type Training = z.infer<typeof Training>
/** Networks by cell, trained on data from before the end of the history they are used on. */
export type TrainedNetworks = Readonly<Partial<Record<Cell, NeuralWeights>>>

const interned = new Map<string, WeakRef<NeuralWeights>>()
const decoded = new WeakMap<NeuralWeights, Float32Array>()
const forget = new FinalizationRegistry<string>((hash) => {
  if (interned.get(hash)?.deref() === undefined) interned.delete(hash)
})

function hashOf(content: z.infer<typeof Content>): string {
  const { format, shape, training, parameters } = content
  return createHash('sha256')
    .update(JSON.stringify([format, Object.entries(shape).sort(), training]))
    .update(parameters)
    .digest('hex')
}

export function makeWeights(
  shape: NeuralShape,
  training: Training,
  parameters: Float32Array,
): NeuralWeights {
  const bytes = Buffer.alloc(parameters.length * 4)
  parameters.forEach((value, i) => {
    bytes.writeFloatLE(value, 4 * i)
  })
  const content = { format: FORMAT, shape, training, parameters: bytes.toString('base64') } as const
  return intern({ ...content, hash: hashOf(content) })
}

/** Weights from JSON or another thread; throws a ZodError when they are none, or not what their hash says. */
export function readWeights(stored: unknown): NeuralWeights {
  const known = knownOf(stored)
  return known ?? intern(Stored.parse(stored))
}

export const StoredWeights = z.unknown().transform((stored, context): NeuralWeights => {
  const known = knownOf(stored)
  if (known) return known
  const read = Stored.safeParse(stored)
  if (read.success) return intern(read.data)
  for (const issue of read.error.issues)
    context.addIssue({ code: 'custom', message: issue.message, path: issue.path })
  return z.NEVER
})

const Stored = NeuralWeights.superRefine((weights, context) => {
  const fail = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message })
  const { shape, hash, parameters } = weights
  if (shape.inputs !== INPUTS.length || shape.knotFeatures !== KNOT_FEATURES)
    fail(
      'shape',
      `has ${shape.inputs} inputs and ${shape.knotFeatures} knot features, must have ${INPUTS.length} and ${KNOT_FEATURES}`,
    )
  const bytes = 4 * layoutOf(shape).count
  const length = Buffer.byteLength(parameters, 'base64')
  if (length !== bytes) fail('parameters', `are ${length} bytes, must be ${bytes}`)
  else if (!decode(parameters).every(Number.isFinite)) fail('parameters', 'must be finite')
  const own = hashOf(weights)
  if (hash !== own) fail('hash', `is ${hash}, must be ${own}`)
})

/** The copy that is here of weights with the same hash and content. */
function knownOf(stored: unknown): NeuralWeights | undefined {
  if (typeof stored !== 'object' || stored === null || !('hash' in stored)) return undefined
  const known = interned.get(String(stored.hash))?.deref()
  if (!known || known === stored) return known
  const same = 'parameters' in stored && stored.parameters === known.parameters
  return same ? known : undefined
}

function intern(weights: NeuralWeights): NeuralWeights {
  const known = interned.get(weights.hash)?.deref()
  if (known) return known
  interned.set(weights.hash, new WeakRef(weights))
  forget.register(weights, weights.hash)
  return weights
}

function decode(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))
}

/** Shared: not to be written. */
export function parametersOf(weights: NeuralWeights): Float32Array {
  let parameters = decoded.get(weights)
  if (!parameters) {
    parameters = decode(weights.parameters)
    decoded.set(weights, parameters)
  }
  return parameters
}
