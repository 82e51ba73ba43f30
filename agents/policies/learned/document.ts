/**
 * A learned policy as plain data: what it sees, how it turns that into an action, what an action does, and where it comes
 * from. The learner's own state (critics, optimiser, replay) is no part of it: that is a checkpoint's (experiments/learning).
 *
 * An action *stretches* the forecast demand before the predictive policy judges it: 1 leaves it as it is, 1.1 takes every
 * quantile for 10 % more. A policy that always says 1 is the predictive one, to the bit.
 */
import { hash } from 'node:crypto'
import { z } from 'zod'
import { ServiceId } from '../../../forecaster/series.ts'
import { ActingRule, createActor } from '../../learning/acting.ts'
import { FEATURE_NAMES, type FeatureName } from './features.ts'
import { Tuning } from './tuning.ts'

/** Raised when a document is read differently than before; another one is refused. */
export const POLICY_FORMAT = 1
/** A demand is stretched by no more and no less, whatever a document says. */
export const STRETCH_LEAST = 0.25
export const STRETCH_MOST = 4

const Feature = z.enum(FEATURE_NAMES as [FeatureName, ...FeatureName[]])
const Stretch = z.number().min(STRETCH_LEAST).max(STRETCH_MOST)

export const PolicyActions = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('discrete'),
      stretches: z.array(Stretch).min(1).max(64).meta({
        description: 'What each action stretches the demand by; the rule says which.',
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
    rule: ActingRule,
    tunings: z.record(ServiceId, Tuning).optional().meta({
      description:
        'By service: what was learned from its own past; others act as if there were none.',
    }),
    provenance: Provenance,
  })
  .superRefine((document, context) => {
    const wrong = misfitOf(document)
    if (wrong) context.addIssue({ code: 'custom', path: wrong.path, message: wrong.message })
  })
  .meta({ id: 'PolicyDocument', description: 'A trained policy.' })
export type PolicyDocument = z.infer<typeof PolicyDocument>

/** What acts, as a short hash: equal versions act alike, whatever they are called and wherever they come from. */
export function policyVersion(document: PolicyDocument): string {
  const { formatVersion, features, actions, rule, tunings } = document
  const acting = JSON.stringify([
    ...[formatVersion, features, actions, rule],
    ...(tunings ? [Object.entries(tunings).sort(([a], [b]) => (a < b ? -1 : 1))] : []),
  ])
  return hash('sha256', acting, 'hex').slice(0, 16)
}

interface Misfit {
  readonly path: string[]
  readonly message: string
}

function misfitOf({ features, actions, rule }: PolicyDocument): Misfit | undefined {
  if (new Set(features).size < features.length)
    return { path: ['features'], message: 'a feature stands there twice' }
  const { kind, inputs, outputs } = shapeOf(rule)
  if (kind !== actions.kind)
    return {
      path: ['actions', 'kind'],
      message: `is ${actions.kind}; allowed with this rule: ${kind}`,
    }
  if (inputs !== features.length)
    return {
      path: ['features'],
      message: `are ${features.length}; allowed with this rule: ${inputs}`,
    }
  const wanted = actions.kind === 'discrete' ? actions.stretches.length : 1
  if (wanted !== outputs)
    return { path: ['actions'], message: `are ${wanted}; allowed with this rule: ${outputs}` }
  return faultOf(rule)
}

/** Why a rule cannot be made ready, though each of its parts is allowed. */
function faultOf(rule: ActingRule): Misfit | undefined {
  // what its own schema found wrong is told already
  if (!ActingRule.safeParse(rule).success) return undefined
  try {
    createActor(rule, 1)
    return undefined
  } catch (error) {
    if (error instanceof RangeError) return { path: ['rule'], message: error.message }
    throw error
  }
}

interface RuleShape {
  readonly kind: PolicyActions['kind']
  readonly inputs: number
  /** Actions to choose from, or numbers of one. */
  readonly outputs: number
}

function shapeOf(rule: ActingRule): RuleShape {
  switch (rule.kind) {
    case 'table':
      return { kind: 'discrete', inputs: rule.edges.length, outputs: rule.actions }
    case 'gaussian':
      return { kind: 'continuous', ...sizesOf(rule) }
    case 'squashed-gaussian': {
      // means, then deviations
      const { inputs, outputs } = sizesOf(rule)
      return { kind: 'continuous', inputs, outputs: outputs / 2 }
    }
    case 'categorical':
      return { kind: 'discrete', ...sizesOf(rule) }
    case 'values': {
      const { inputs, outputs } = sizesOf(rule)
      return { kind: 'discrete', inputs, outputs: rule.duelling ? outputs - 1 : outputs }
    }
  }
}

function sizesOf({ network }: Exclude<ActingRule, { kind: 'table' }>) {
  const { inputs, outputs } = network.shape
  return { inputs, outputs }
}
