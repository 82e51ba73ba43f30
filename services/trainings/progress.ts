/**
 * What `forescale train --events` says of itself, one JSON line each: what it is going to do, every round, the end of every
 * run. Whoever started it reads it by these schemas.
 */
import { z } from 'zod'

const Judged = {
  reward: z.number().meta({ description: 'Mean reward of a step of the judged policy.' }),
  gain: z.number().meta({
    description:
      'How much less cost and violations together weigh than at the best point of the predictive policy, as a share.',
  }),
  plainGain: z.number().meta({ description: 'The same of the predictive policy.' }),
  costRatio: z.number().meta({ description: 'Cost beside the predictive policy.' }),
  violations: z.number().meta({ description: 'Share of violating requests.' }),
  plainViolations: z.number(),
}

/** What a round brought. */
export const TrainingRound = z
  .strictObject({
    round: z.int().min(1),
    steps: z.int().min(0).meta({ description: 'Decisions learned from, from the first round on.' }),
    explored: z.number().meta({ description: 'Mean reward of a step while learning.' }),
    exploredDeviation: z.number().min(0).meta({
      description: 'Its standard deviation over the episodes of the round.',
    }),
    ...Judged,
    objectives: z.array(z.strictObject({ objective: z.number(), ...Judged })),
    statistics: z.record(z.string(), z.number()).meta({
      description: "Of the learner's last update, by name: losses, entropy.",
    }),
  })
  .meta({ id: 'TrainingRound', description: 'What a round of a training brought.' })
export type TrainingRound = z.infer<typeof TrainingRound>

export const TRAINING_ENDS = ['rounds', 'patience'] as const

export const PlannedRun = z
  .strictObject({
    folder: z.string().meta({ description: 'Below that of the training; empty: the only run.' }),
    learner: z.string(),
    seed: z.int().min(0),
    rounds: z.int().min(1).meta({ description: 'At most.' }),
    roundSteps: z.int().min(1).meta({ description: 'Decisions of a round.' }),
  })
  .meta({ id: 'PlannedRun', description: 'One variant with one seed.' })
export type PlannedRun = z.infer<typeof PlannedRun>

const Fault = z.strictObject({
  path: z.string(),
  value: z.string().nullable(),
  allowed: z.string(),
})

export const TrainingEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('plan'), name: z.string(), runs: z.array(PlannedRun).min(1) }),
  z.strictObject({ kind: z.literal('refused'), faults: z.array(Fault).min(1) }),
  z.strictObject({ kind: z.literal('round'), folder: z.string(), round: TrainingRound }),
  z.strictObject({
    kind: z.literal('ended'),
    folder: z.string(),
    end: z.enum(TRAINING_ENDS).meta({ description: 'All rounds, or none better for so long.' }),
    best: z.strictObject({ round: z.int(), gain: z.number() }),
  }),
])
export type TrainingEvent = z.infer<typeof TrainingEvent>
