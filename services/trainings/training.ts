/**
 * A training as it is asked for, kept and shown: a training's file or the name of a shipped one, run by run (a variant with
 * a seed), each with its reward curve so far.
 */
import { z } from 'zod'
import { Why } from '../rollouts/request.ts'
import { PlannedRun, TRAINING_ENDS, TrainingRound } from './progress.ts'

const MOST_SEEDS = 16
export const MOST_STEPS = 999_999_999

export const TrainingRequest = z
  .strictObject({
    training: z
      .union([
        z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name of a–z, 0–9 and "-"'),
        z.record(z.string(), z.unknown()),
      ])
      .meta({
        description:
          'Name of a shipped training, or the settings of one as they stand in a file of `forescale train`.',
      }),
    seeds: z.array(z.int().min(0).max(999_999_999)).min(1).max(MOST_SEEDS).optional().meta({
      description: 'In place of those of the training: each is a run of its own.',
    }),
    steps: z.int().min(1).max(MOST_STEPS).optional().meta({
      description: 'Decisions that each run may learn from, in place of its rounds.',
    }),
    why: Why,
  })
  .refine(({ seeds = [] }) => new Set(seeds).size === seeds.length, {
    error: 'each seed once',
    path: ['seeds'],
  })
  .meta({ id: 'TrainingRequest' })
export type TrainingRequest = z.infer<typeof TrainingRequest>

export const TRAINING_STATES = ['queued', 'running', 'done', 'cancelled', 'failed'] as const
export const TrainingState = z.enum(TRAINING_STATES).meta({
  id: 'TrainingState',
  description:
    'queued: waits for the one that runs; running: in a process of its own, also while that is started anew; done: its best policy is in the registry; cancelled and failed: may be resumed from the last round.',
})
export type TrainingState = z.infer<typeof TrainingState>

export const TrainingRun = PlannedRun.extend({
  done: z.int().min(0).meta({ description: 'Rounds behind it, each with a checkpoint.' }),
  end: z.enum(TRAINING_ENDS).nullable().meta({
    description: 'rounds: all were run; patience: none was better for long; null: not ended.',
  }),
  best: z
    .strictObject({ round: z.int(), gain: z.number() })
    .nullable()
    .meta({ description: 'The policy that was judged best, once the run has ended.' }),
}).meta({ id: 'TrainingRun', description: 'One variant with one seed.' })
export type TrainingRun = z.infer<typeof TrainingRun>

const time = () => z.number().nullable()

export const Training = z
  .strictObject({
    number: z.int().min(1),
    name: z.string(),
    state: TrainingState,
    runs: z.array(TrainingRun).min(1),
    steps: z.int().min(1).meta({ description: 'Decisions that it may learn from, all runs.' }),
    stepsDone: z.int().min(0),
    etaMs: time().meta({
      description: 'Time that it may still take at the pace so far, ms; null while unknown.',
    }),
    checkpointAtMs: time().meta({ description: 'From when it can go on.' }),
    restarts: z.int().min(0).meta({ description: 'How often its process died and was replaced.' }),
    policy: z.string().nullable().meta({
      description: 'Version in the registry of the best of its runs, once it is done.',
    }),
    askedBy: z.string(),
    why: z.string(),
    askedAtMs: z.number(),
    startedAtMs: time(),
    endedAtMs: time(),
    detail: z.string().nullable().meta({ description: 'Why it was cancelled, or failed.' }),
  })
  .meta({ id: 'Training', description: 'A training by the controller.' })
export type Training = z.infer<typeof Training>

export const TrainingCurve = z
  .strictObject({ folder: z.string(), rounds: z.array(TrainingRound) })
  .meta({ id: 'TrainingCurve', description: 'Of one run.' })
export type TrainingCurve = z.infer<typeof TrainingCurve>

export const TrainingView = Training.extend({
  folder: z.string().meta({
    description: 'On the controller: checkpoints, TensorBoard files, reports, policies.',
  }),
  curves: z.array(TrainingCurve),
}).meta({ id: 'TrainingView', description: 'A training with its curves so far.' })
export type TrainingView = z.infer<typeof TrainingView>

/** What is told as it happens. */
export interface TrainingChange {
  readonly training: Training
  /** The round that has just ended, and whose. */
  readonly round: { readonly folder: string; readonly round: TrainingRound } | null
}

export const hasEnded = ({ state }: Pick<Training, 'state'>): boolean =>
  state !== 'queued' && state !== 'running'

/** What cannot be trained, field by field. */
export class TrainingRefused extends Error {
  override readonly name = 'TrainingRefused'
  readonly faults: readonly TrainingFault[]

  constructor(faults: readonly TrainingFault[]) {
    super(
      faults
        .map(({ field, value, allowed }) => `${field}: ${value}; allowed: ${allowed}`)
        .join('; '),
    )
    this.faults = faults
  }
}

export interface TrainingFault {
  readonly field: string
  readonly value: unknown
  readonly allowed: string
}
