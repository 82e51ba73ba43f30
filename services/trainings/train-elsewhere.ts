/**
 * A training's process, on a worker where there is one: it tells and ends as one here does. Where there are no workers, or
 * all of them have left, it is trained here.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { messageOf } from '../jobs/job.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { putSnapshot, takeSnapshot } from './snapshot.ts'
import { type Ending, startTraining, type TrainCall, type TrainProcess } from './train-process.ts'
import { TrainingAnswer, type TrainingAsked, TrainingTold } from './training-job.ts'

/** Without any worker for so long it goes on here. */
const ALONE_LOOKS = 3
const LOOK_EVERY_MS = 10_000

export type StartTraining = (call: TrainCall & { readonly folder: string }) => TrainProcess

export interface ElsewhereOptions {
  readonly jobs: Pick<JobQueue, 'run' | 'workers'>
  readonly onError: (error: unknown, what: string) => void
  readonly lookEveryMs?: number
}

export function trainingElsewhere({
  jobs,
  onError,
  lookEveryMs = LOOK_EVERY_MS,
}: ElsewhereOptions): StartTraining {
  const workers = (): Promise<number> => jobs.workers('training').catch(() => 0)
  return (call) => {
    const unwanted = new AbortController()
    let here: TrainProcess | undefined

    /** Undefined when no worker is left to do it. */
    async function ask(): Promise<Ending | undefined> {
      const alone = new AbortController()
      const done = new AbortController()
      void watch(workers, lookEveryMs, alone, done.signal)
      try {
        const signal = AbortSignal.any([unwanted.signal, alone.signal])
        return await onWorker(jobs, call, signal, onError)
      } catch (error) {
        const isLeft = alone.signal.aborted && !unwanted.signal.aborted
        return isLeft ? undefined : { code: null, said: messageOf(error) }
      } finally {
        done.abort()
      }
    }

    async function train(): Promise<Ending> {
      const ending = (await workers()) > 0 ? await ask() : undefined
      if (ending) return ending
      if (unwanted.signal.aborted) return { code: null, said: 'it was ended' }
      here = startTraining(call)
      return here.ended
    }

    return {
      get pid() {
        return here?.pid
      },
      ended: train(),
      kill() {
        unwanted.abort()
        here?.kill()
      },
    }
  }
}

/** Aborts `alone` when there was no worker at several looks. */
async function watch(
  workers: () => Promise<number>,
  lookEveryMs: number,
  alone: AbortController,
  done: AbortSignal,
): Promise<void> {
  for (let looks = 0; looks < ALONE_LOOKS && !done.aborted; ) {
    await wait(lookEveryMs, undefined, { ref: false, signal: done }).catch(() => undefined)
    looks = (await workers()) === 0 ? looks + 1 : 0
  }
  alone.abort()
}

async function onWorker(
  jobs: Pick<JobQueue, 'run'>,
  { args, cwd, folder, onEvent }: Parameters<StartTraining>[0],
  signal: AbortSignal,
  onError: ElsewhereOptions['onError'],
): Promise<Ending> {
  const files = await takeSnapshot(cwd, folder)
  const asked: TrainingAsked = { args: [...args], folder, files: withoutOwn(files) }
  // what it has come to so far decides nothing
  const key = { args, request: files[`${folder}/request.json`] ?? null }
  let keeping: Promise<unknown> = Promise.resolve()
  const keep = (saved: unknown): void => {
    keeping = keeping
      .then(() => putSnapshot(cwd, saved))
      .catch((error) => onError(error, 'a checkpoint could not be kept'))
  }
  try {
    const title = `training ${folder}: ${args.join(' ')}`
    const request = { kind: 'training', title, payload: asked, key } as const
    const answer = await jobs.run(request, {
      signal,
      onSaved: keep,
      onProgress: (progress) => TrainingTold.parse(progress).events.forEach(onEvent),
    })
    const { code, said, events, files: made } = TrainingAnswer.parse(answer)
    await keeping
    await putSnapshot(cwd, made)
    events.forEach(onEvent)
    return { code, said }
  } finally {
    await keeping
  }
}

/** What the controller keeps for itself is no file of the training. */
function withoutOwn(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).filter(([name]) => !/^\d+\/training\.json$/.test(name)),
  )
}
