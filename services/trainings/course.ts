/** How a training stands after what its process says, without I/O. */
import type { Kept } from './files.ts'
import type { Plan } from './plan.ts'
import type { PlannedRun, TrainingEvent } from './progress.ts'
import type { Training, TrainingChange, TrainingRequest, TrainingRun } from './training.ts'

/** What one process has done; changes as it goes on. */
export interface Pace {
  readonly sinceMs: number
  steps: number
}

export const begun = (monotonicMs: number): Pace => ({ sinceMs: monotonicMs, steps: 0 })

export interface NewTraining {
  readonly number: number
  readonly request: TrainingRequest
  readonly plan: Plan
  readonly askedBy: string
  readonly askedAtMs: number
}

export function newTraining({ number, request, plan, askedBy, askedAtMs }: NewTraining): Kept {
  const runs = plan.runs.map((run) => ({ ...run, done: 0, end: null, best: null }))
  return {
    formatVersion: 1,
    request,
    training: {
      ...{ number, name: plan.name, state: 'queued', runs, askedBy, why: request.why, askedAtMs },
      ...{ steps: plan.runs.reduce((sum, run) => sum + stepsOf(run), 0), stepsDone: 0 },
      ...{ etaMs: null, checkpointAtMs: null, startedAtMs: null, endedAtMs: null },
      ...{ restarts: 0, policy: null, detail: null },
    },
    curves: runs.map(({ folder }) => ({ folder, rounds: [] })),
  }
}

const stepsOf = ({ rounds, roundSteps }: PlannedRun) => rounds * roundSteps

export interface Moment {
  readonly pace: Pace
  readonly monotonicMs: number
  readonly atMs: number
}

/** Undefined when it says nothing new: a process that was started anew tells of earlier rounds again. */
export function withEvent(
  kept: Kept,
  event: TrainingEvent,
  moment: Moment,
): { readonly kept: Kept; readonly round: TrainingChange['round'] } | undefined {
  if (event.kind === 'ended') {
    const { folder, end, best } = event
    const run = kept.training.runs.find((one) => one.folder === folder)
    if (!run || run.end !== null) return undefined
    return { kept: withRun(kept, { ...run, end, best }, moment), round: null }
  }
  if (event.kind !== 'round') return undefined
  const { folder, round } = event
  const run = kept.training.runs.find((one) => one.folder === folder)
  if (!run || round.round !== run.done + 1) return undefined
  moment.pace.steps += run.roundSteps
  const curves = kept.curves.map((curve) =>
    curve.folder === folder ? { folder, rounds: [...curve.rounds, round] } : curve,
  )
  const now = withRun({ ...kept, curves }, { ...run, done: round.round }, moment)
  const training = { ...now.training, checkpointAtMs: moment.atMs }
  return { kept: { ...now, training }, round: { folder, round } }
}

function withRun(kept: Kept, run: TrainingRun, moment: Moment): Kept {
  const runs = kept.training.runs.map((one) => (one.folder === run.folder ? run : one))
  const training: Training = {
    ...kept.training,
    runs,
    stepsDone: runs.reduce((sum, one) => sum + one.done * one.roundSteps, 0),
    etaMs: etaOf(runs, moment),
  }
  return { ...kept, training }
}

/** A run that ended early has nothing left. */
function etaOf(runs: readonly TrainingRun[], { pace, monotonicMs }: Moment): number | null {
  if (pace.steps === 0) return null
  const left = runs.reduce(
    (sum, run) => sum + (run.end === null ? (run.rounds - run.done) * run.roundSteps : 0),
    0,
  )
  return Math.round((left * (monotonicMs - pace.sinceMs)) / pace.steps)
}

/** The run whose policy was judged best; of equal ones the first. */
export function bestOf(runs: readonly TrainingRun[]): TrainingRun {
  const gainOf = ({ best }: TrainingRun) => best?.gain ?? Number.NEGATIVE_INFINITY
  return runs.reduce((best, run) => (gainOf(run) > gainOf(best) ? run : best))
}
