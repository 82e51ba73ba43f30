/**
 * A learned policy as plain data: what it sees, how it turns that into an action, what an action does, and where it comes
 * from. The learner's own state (critics, optimiser, replay) is no part of it: that is a checkpoint's (experiments/learning).
 *
 * An action *stretches* the forecast demand before the predictive policy judges it: 1 leaves it as it is, 1.1 takes every
 * quantile for 10 % more. A policy that always says 1 is the predictive one, to the bit.
 */
import { hash } from 'node:crypto'
import { z } from 'zod'
import { FEATURE_NAMES, type FeatureName } from './features.ts'

/** Raised when a document is read differently than before; another one is refused. */
export const POLICY_FORMAT = 1
/** A demand is stretched by no more and no less, whatever a document says. */
export const STRETCH_LEAST = 0.25
export const STRETCH_MOST = 4
const LARGEST_LAYER = 1024
const MOST_CELLS = 1_000_000

const Feature = z.enum(FEATURE_NAMES as [FeatureName, ...FeatureName[]])
const Stretch = z.number().min(STRETCH_LEAST).max(STRETCH_MOST)

export const PolicyActions = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('discrete'),
      stretches: z.array(Stretch).min(1).max(64).meta({
        description: 'What each action stretches the demand by; the network says how good each is.',
      }),
    }),
    z.strictObject({
      kind: z.literal('continuous'),
      reach: z.number().positive().max(Math.log(STRETCH_MOST)).meta({
        description: 'An action a from −1 to 1 stretches by exp(reach · a).',
      }),
    }),
  ])
  .meta({ id: 'PolicyActions' })
export type PolicyActions = z.infer<typeof PolicyActions>

const Layer = z.int().min(1).max(LARGEST_LAYER)

export const PolicyNetwork = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('perceptron'),
      hidden: z.array(Layer).max(8),
      activation: z.enum(['tanh', 'relu']),
      output: z.enum(['plain', 'tanh']).meta({
        description:
          'Of a continuous action: cut at −1 and 1, or through tanh. A discrete one is the largest output, the first of equals.',
      }),
      weights: z.string().meta({
        description:
          'Base64 of little-endian float32: for each layer its weights, one row an input, then its biases.',
      }),
    }),
    z.strictObject({
      kind: z.literal('table'),
      edges: z.array(z.array(z.number()).max(64)).meta({
        description:
          'For each feature the ascending bounds between its cells; none: not looked at.',
      }),
      actions: z.array(z.int().min(0)).max(MOST_CELLS).meta({
        description: 'The action in each cell, the last feature running fastest.',
      }),
    }),
  ])
  .meta({ id: 'PolicyNetwork' })
export type PolicyNetwork = z.infer<typeof PolicyNetwork>

const Provenance = z.strictObject({
  command: z.string().meta({ description: 'What made it, to be typed again.' }),
  revision: z.string().meta({ description: 'Of the code, git.' }),
  configHash: z.string(),
  seed: z.int().min(0),
  steps: z.int().min(0).meta({ description: 'Decisions learned from.' }),
  loads: z.array(z.string()).meta({ description: 'Names of the loads trained on.' }),
})

export const PolicyDocument = z
  .strictObject({
    formatVersion: z.literal(POLICY_FORMAT),
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    learner: z.string().min(1).max(40).meta({ description: 'The algorithm, for people.' }),
    features: z.array(Feature).min(1),
    actions: PolicyActions,
    network: PolicyNetwork,
    provenance: Provenance,
  })
  .superRefine((document, context) => {
    const wrong = misfitOf(document)
    if (wrong) context.addIssue({ code: 'custom', path: wrong.path, message: wrong.message })
  })
  .meta({ id: 'PolicyDocument', description: 'A trained policy.' })
export type PolicyDocument = z.infer<typeof PolicyDocument>

/** Widths of the network's layers, inputs first. */
export function layersOf({
  features,
  actions,
  network,
}: Pick<PolicyDocument, 'features' | 'actions' | 'network'>): number[] {
  const outputs = actions.kind === 'discrete' ? actions.stretches.length : 1
  return [features.length, ...(network.kind === 'perceptron' ? network.hidden : []), outputs]
}

/** Numbers in a perceptron of these widths. */
export function weightCount(layers: readonly number[]): number {
  return layers.slice(1).reduce((sum, width, i) => sum + (layers[i]! + 1) * width, 0)
}

/** Base64 of float32, little-endian. */
export function encodeWeights(weights: ArrayLike<number>): string {
  const bytes = new DataView(new ArrayBuffer(weights.length * 4))
  for (let i = 0; i < weights.length; i++) bytes.setFloat32(i * 4, weights[i]!, true)
  return Buffer.from(bytes.buffer).toString('base64')
}

export function decodeWeights(text: string): Float32Array {
  const buffer = Buffer.from(text, 'base64')
  const bytes = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  return Float32Array.from({ length: Math.floor(buffer.byteLength / 4) }, (_, i) =>
    bytes.getFloat32(i * 4, true),
  )
}

/** What acts, as a short hash: equal versions act alike, whatever they are called and wherever they come from. */
export function policyVersion({
  formatVersion,
  features,
  actions,
  network,
}: PolicyDocument): string {
  const acting = JSON.stringify([formatVersion, features, actions, network])
  return hash('sha256', acting, 'hex').slice(0, 16)
}

interface Misfit {
  readonly path: string[]
  readonly message: string
}

function misfitOf(document: PolicyDocument): Misfit | undefined {
  const { features, actions, network } = document
  if (new Set(features).size < features.length)
    return { path: ['features'], message: 'a feature stands there twice' }
  if (network.kind === 'table') return tableMisfit(document, network)
  const weights = decodeWeights(network.weights)
  const allowed = weightCount(layersOf({ features, actions, network }))
  const at = ['network', 'weights']
  if (weights.length !== allowed)
    return {
      path: at,
      message: `holds ${weights.length} numbers; allowed: ${allowed}, as the layers ask`,
    }
  const bad = weights.findIndex((weight) => !Number.isFinite(weight))
  return bad < 0
    ? undefined
    : { path: at, message: `number ${bad} is ${weights[bad]}; allowed: finite numbers` }
}

function tableMisfit(
  { features, actions }: PolicyDocument,
  { edges, actions: chosen }: Extract<PolicyNetwork, { kind: 'table' }>,
): Misfit | undefined {
  if (actions.kind !== 'discrete')
    return { path: ['actions', 'kind'], message: 'is continuous; allowed with a table: discrete' }
  if (edges.length !== features.length)
    return {
      path: ['network', 'edges'],
      message: `are ${edges.length} lists; allowed: ${features.length}, one a feature`,
    }
  if (edges.some((bounds) => bounds.some((edge, i) => i > 0 && !(edge > bounds[i - 1]!))))
    return { path: ['network', 'edges'], message: 'do not ascend' }
  const cells = edges.reduce((product, bounds) => product * (bounds.length + 1), 1)
  if (chosen.length !== cells)
    return {
      path: ['network', 'actions'],
      message: `are ${chosen.length}; allowed: ${cells}, one a cell`,
    }
  const most = actions.stretches.length
  const bad = chosen.findIndex((action) => action >= most)
  return bad < 0
    ? undefined
    : {
        path: ['network', 'actions', String(bad)],
        message: `is ${chosen[bad]}; allowed: 0 to ${most - 1}`,
      }
}
