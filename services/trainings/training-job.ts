/**
 * Trainings as jobs. The files go with the job: what the controller has goes out with it, every round's checkpoint is saved
 * with it, and what it ends with comes back, so that a training goes on wherever the next worker is, from its last round.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import type { JobHandler } from '../jobs/job-queue.ts'
import { TrainingEvent } from './progress.ts'
import { putSnapshot, Snapshot, takeSnapshot } from './snapshot.ts'
import { isOver, reasonIn, startTraining } from './train-process.ts'

/** Of the newest events, told at each round: one that was lost comes again. */
const TOLD_AGAIN = 10
/** Rounds may be short; the files are saved no more often. */
const SAVE_EVERY_MS = 1000

export const TrainingAsked = z.strictObject({
  /** Of `forescale train`, relative to the folder that holds the files. */
  args: z.array(z.string().max(4096)).max(100),
  /** The training's own, below that folder. */
  folder: z.string().regex(/^\d+$/),
  files: Snapshot,
})
export type TrainingAsked = z.infer<typeof TrainingAsked>

export const TrainingTold = z.strictObject({ events: z.array(TrainingEvent) })

export const TrainingAnswer = z.strictObject({
  code: z.int(),
  said: z.string(),
  events: z.array(TrainingEvent),
  files: Snapshot,
})

export function openTrainingWork(): { readonly handler: JobHandler; close(): Promise<void> } {
  return {
    async handler(payload, context) {
      const { args, folder, files } = TrainingAsked.parse(payload)
      const cwd = await mkdtemp(path.join(tmpdir(), 'forescale-training-'))
      try {
        await putSnapshot(cwd, files)
        if (context.saved !== undefined) await putSnapshot(cwd, context.saved)
        return await trainIn(cwd, folder, args, context)
      } finally {
        await rm(cwd, { recursive: true, force: true })
      }
    },
    close: async () => {},
  }
}

async function trainIn(
  cwd: string,
  folder: string,
  args: readonly string[],
  { signal, save, tell }: Parameters<JobHandler>[1],
): Promise<z.infer<typeof TrainingAnswer>> {
  const events: TrainingEvent[] = []
  const keeper = keeping(async () => {
    await save(await takeSnapshot(cwd, folder))
    await tell({ events: events.slice(-TOLD_AGAIN) })
  })
  const onEvent = (event: TrainingEvent): void => {
    events.push(event)
    keeper.soon()
  }
  const started = startTraining({ args, cwd, onEvent })
  const kill = (): void => started.kill()
  if (signal.aborted) kill()
  signal.addEventListener('abort', kill, { once: true })
  const ending = await started.ended
  signal.removeEventListener('abort', kill)
  await keeper.end()
  signal.throwIfAborted()
  const { code, said } = ending
  // another attempt goes on from what was saved
  if (code === null || !isOver(ending)) throw new Error(reasonIn(said))
  return { code, said, events, files: await takeSnapshot(cwd, folder) }
}

/** Runs `work` soon after it was asked for, never twice at once, and not too often. What fails is done at the next round. */
function keeping(work: () => Promise<void>): { soon(): void; end(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  return {
    soon() {
      timer ??= setTimeout(() => {
        timer = undefined
        running = running.then(work).catch(() => undefined)
      }, SAVE_EVERY_MS)
    },
    async end() {
      clearTimeout(timer)
      await running
    },
  }
}
