/**
 * A rollout as the ledger keeps it and as it travels: which strategy stands up to which, on what services, how far it has
 * come, and why. A comparison is the same without consequences: two strategies side by side, and what was found.
 */
import { z } from 'zod'
import { PolicyKind } from '../../agents/service-spec.ts'
import { ServiceId } from '../../forecaster/series.ts'

export const Strategy = z
  .strictObject({
    policy: PolicyKind,
    version: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'Of a learned policy, as in the registry; null of the others.' }),
  })
  .refine(({ policy, version }) => (policy === 'learned') === (version !== null), {
    error: 'version is allowed with policy "learned", and needed there',
    path: ['version'],
  })
  .meta({ id: 'RolloutStrategy', description: 'What acts for a service.' })
export type Strategy = z.infer<typeof Strategy>

export const ROLLOUT_STAGES = ['shadow', 'canary', 'full', 'ended'] as const
export const RolloutStage = z.enum(ROLLOUT_STAGES).meta({
  id: 'RolloutStage',
  description:
    'shadow: the champion acts, now and then stretched a little, and says what the candidate would lose; canary: the candidate acts for a share of services and time; full: it acts everywhere and is watched; ended.',
})
export type RolloutStage = z.infer<typeof RolloutStage>

export const ROLLOUT_OUTCOMES = [
  'promoted',
  'rejected',
  'rolled-back',
  'stopped',
  'compared',
] as const
export const RolloutOutcome = z.enum(ROLLOUT_OUTCOMES).meta({
  id: 'RolloutOutcome',
  description:
    'promoted: the candidate acts from now on; rejected: no reason to; rolled-back: it was taken back; stopped: somebody ended it; compared: a comparison came to its end.',
})
export type RolloutOutcome = z.infer<typeof RolloutOutcome>

const share = (least: number) => z.number().gt(least).lt(1)

export const RolloutSettings = z
  .strictObject({
    share: share(0).default(0.2).meta({
      description: 'Of services and of time that a canary acts; drawn anew each block.',
    }),
    explorationShare: z.number().min(0).lt(1).default(0.3).meta({
      description:
        'Of services and of time that the shadow stage stretches the demand a little, to learn what that does; 0: nothing is learned, and nothing goes on by itself.',
    }),
    explorationReach: z.number().gt(0).max(0.5).default(0.15).meta({
      description: 'Logarithm of the farthest stretch of the shadow stage.',
    }),
    blockTicks: z.int().min(2).max(10_000).nullable().default(null).meta({
      description: 'Ticks of a block; null: four lead times, at least 8.',
    }),
    alpha: share(0).default(0.05).meta({
      description: 'Chance of a wrong conclusion in a stage, however often it is looked at.',
    }),
    leastUnits: z.int().min(2).default(40).meta({
      description: 'Units (a service in a block) before anything is concluded.',
    }),
    leastOtherUnits: z.int().min(2).default(8).meta({
      description: 'Units among them in which not the champion acted.',
    }),
    mostUnits: z.int().min(2).default(2000).meta({
      description: 'Units after which what is not clear is given up.',
    }),
    watchUnits: z.int().min(1).default(100).meta({
      description: 'Units for which a candidate that acts everywhere is watched.',
    }),
    burnMargin: z.number().positive().default(0.5).meta({
      description: 'Error budget that the candidate may burn beyond the champion, in budgets.',
    }),
    burnRate: z.number().gt(1).default(14.4).meta({
      description:
        'A candidate whose error budget burns this many times as fast as it comes in goes back at once.',
    }),
    guardTicks: z.int().min(1).default(8).meta({
      description: 'Ticks under the candidate, over all services, that this is looked at over.',
    }),
  })
  .meta({ id: 'RolloutSettings' })
export type RolloutSettings = z.infer<typeof RolloutSettings>

const Figure = z.number().nullable()
const IntervalView = z.strictObject({
  estimate: Figure,
  low: Figure.meta({ description: 'null: not bounded yet.' }),
  high: Figure,
})

export const RolloutFindings = z
  .strictObject({
    units: z.int().min(0),
    otherUnits: z.int().min(0),
    effectiveUnits: z.number(),
    loss: IntervalView.meta({
      description:
        'Candidate less champion: cost beside that of carrying the load at capacity, plus weighted burn. Holds whenever one looks.',
    }),
    burn: IntervalView.meta({ description: 'The same of the error budget, in budgets.' }),
    championLoss: Figure,
    candidateLoss: Figure,
    championBurn: Figure,
    candidateBurn: Figure,
  })
  .meta({ id: 'RolloutFindings', description: 'What the units of a stage say so far.' })
export type RolloutFindings = z.infer<typeof RolloutFindings>

export const RolloutChange = z
  .strictObject({
    stage: RolloutStage,
    tick: z.int().min(0),
    atMs: z.number(),
    by: z.string(),
    why: z.string(),
    findings: RolloutFindings.nullable().meta({ description: 'Of the stage before.' }),
  })
  .meta({ id: 'RolloutChange' })
export type RolloutChange = z.infer<typeof RolloutChange>

export const Rollout = z
  .strictObject({
    number: z.int().min(1),
    kind: z.enum(['rollout', 'comparison']),
    services: z.array(ServiceId).min(1),
    champion: Strategy.nullable().meta({
      description: 'null: what acts for each service when it begins.',
    }),
    candidate: Strategy,
    before: z
      .record(ServiceId, Strategy)
      .meta({ description: 'What acted for each service before; what going back goes back to.' }),
    settings: RolloutSettings,
    blockTicks: z.int().min(2),
    stage: RolloutStage,
    outcome: RolloutOutcome.nullable(),
    stageFromTick: z.int().min(0).meta({ description: 'The tick after which its blocks begin.' }),
    startedAtMs: z.number(),
    endedAtMs: z.number().nullable(),
    changes: z.array(RolloutChange).min(1),
  })
  .meta({ id: 'Rollout' })
export type Rollout = z.infer<typeof Rollout>

/** What the ledger numbers. */
export type NewRollout = Omit<Rollout, 'number'>

/** Who moves a rollout on when nobody asked. */
export const AUTOMATIC = 'rollout'

export function strategyWords({ policy, version }: Strategy): string {
  return version === null ? policy : `${policy} ${version}`
}

export function sameStrategy(a: Strategy, b: Strategy): boolean {
  return a.policy === b.policy && a.version === b.version
}
