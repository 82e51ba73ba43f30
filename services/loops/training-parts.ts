/** Trainings as part of the running controller: what they are told of it, and whom they tell. */
import { performance } from 'node:perf_hooks'
import { NO_TRAININGS, type TrainingControl } from '../trainings/control.ts'
import { openTrainings } from '../trainings/trainings.ts'
import { type ControllerDeps, type Core, emit } from './core.ts'

export interface TrainingParts {
  readonly trainings: TrainingControl
  /** Goes on with what the last controller left; not before this one leads. */
  beginTrainings(): void
  /** Ends the process that trains; the next controller goes on with it. */
  closeTrainings(): Promise<void>
}

/** `core` is asked for when something is told, not before. */
export async function openTrainingParts(
  { config, stateDir, ledger, clock, log, startTraining }: ControllerDeps,
  core: () => Core | undefined,
): Promise<TrainingParts> {
  if (stateDir === undefined)
    return {
      trainings: NO_TRAININGS,
      beginTrainings: () => {},
      closeTrainings: () => Promise.resolve(),
    }
  const opened = await openTrainings({
    ...{ stateDir, ledger, startTraining },
    config: () => (core()?.config ?? config).trainings,
    nowMs: clock.nowMs,
    // a manual clock stands still while a process trains
    monotonicMs: () => performance.now(),
    emit(data) {
      const { number, state, stepsDone, detail } = data.training
      if (data.round === null) log.info({ number, state, stepsDone, detail }, 'training')
      const known = core()
      if (known) emit(known, { kind: 'training', data })
    },
    onError: (error, what) => log.error({ err: error }, what),
  })
  return { trainings: opened, beginTrainings: opened.begin, closeTrainings: opened.close }
}
