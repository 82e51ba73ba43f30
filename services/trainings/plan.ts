/** What a training would do, said by `forescale train --plan` before it is queued: it alone knows its settings. */
import { Conflict } from '../control-plane.ts'
import type { TrainingEvent } from './progress.ts'
import { reasonIn, startTraining } from './train-process.ts'
import { TrainingRefused } from './training.ts'

const TIME_LIMIT_MS = 60_000

export type Plan = Extract<TrainingEvent, { kind: 'plan' }>

/** Throws TrainingRefused with every fault, Conflict when nothing can be trained here. */
export async function planOf(
  args: readonly string[],
  cwd: string,
  mostSteps: number,
): Promise<Plan> {
  const events: TrainingEvent[] = []
  const onEvent = (event: TrainingEvent): void => void events.push(event)
  const started = startTraining({ args: [...args, '--plan'], cwd, onEvent, isAwaited: true })
  const limit = setTimeout(started.kill, TIME_LIMIT_MS)
  const { said } = await started.ended
  clearTimeout(limit)
  const refused = events.find((event) => event.kind === 'refused')
  if (refused)
    throw new TrainingRefused(
      refused.faults.map(({ path, value, allowed }) => ({ field: fieldOf(path), value, allowed })),
    )
  const plan = events.find((event) => event.kind === 'plan')
  if (!plan) throw new Conflict(`nothing can be trained here: ${reasonIn(said)}`)
  const steps = plan.runs.reduce((sum, run) => sum + run.rounds * run.roundSteps, 0)
  if (steps > mostSteps)
    throw new TrainingRefused([
      {
        field: 'steps',
        value: steps,
        allowed: `at most ${mostSteps} decisions in all runs together (trainings.mostSteps)`,
      },
    ])
  return plan
}

/** Settings stand in the request's `training`. */
const fieldOf = (path: string): string =>
  path === 'steps' || path === 'training' ? path : `training.${path}`
