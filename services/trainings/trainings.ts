/**
 * Trains policies for whoever asks by the API: one at a time, the others in a bounded queue. How far each is stands in the
 * state folder, so that a process that dies, or a controller that starts anew, goes on from the last round. What comes out
 * acts for nobody until it is rolled out.
 */
import { Conflict } from '../control-plane.ts'
import { type BookDeps, openBook, type TrainingBook } from './book.ts'
import type { TrainingControl } from './control.ts'
import { newTraining } from './course.ts'
import type { Kept } from './files.ts'
import { type Plan, planOf } from './plan.ts'
import { argumentsOf, createRunner, type RunnerDeps, type TrainingRunner } from './runner.ts'
import { hasEnded, type Training, type TrainingRequest, type TrainingView } from './training.ts'

export type TrainingsDeps = BookDeps & RunnerDeps

export interface Trainings extends TrainingControl {
  /** Goes on with what the last controller left. */
  begin(): void
  /** Ends the process that runs; the next controller goes on with it. */
  close(): Promise<void>
  /** Of the process that trains now. */
  pid(): number | undefined
}

export async function openTrainings(deps: TrainingsDeps): Promise<Trainings> {
  const { nowMs } = deps
  const book = await openBook(deps)
  const runner = createRunner(deps, book)
  const door = createDoor(deps, book, runner)
  let lastNumber = Math.max(0, ...book.all().map(({ training }) => training.number))

  function view({ training, curves }: Kept): TrainingView {
    return { ...training, folder: book.files.folderOf(training.number), curves: [...curves] }
  }
  const read = (number: number) => {
    const kept = book.get(number)
    return kept && view(kept)
  }
  async function end(number: number, to: Partial<Training>): Promise<void> {
    await book.change(number, { ...to, state: 'cancelled', endedAtMs: nowMs(), etaMs: null })
    if (runner.number() === number) await runner.stop()
  }

  return {
    begin: runner.next,
    read,
    list: () =>
      book
        .all()
        .map(({ training }) => training)
        .reverse(),
    pid: runner.pid,
    async start(request, askedBy) {
      const number = ++lastNumber
      try {
        const plan = await door.plan(number, request)
        await book.put(newTraining({ number, request, plan, askedBy, askedAtMs: nowMs() }))
      } catch (error) {
        await book.files.remove(number)
        throw error
      }
      runner.next()
      return read(number)!
    },
    async cancel(number, _actor, why) {
      const kept = book.get(number)
      if (!kept) return undefined
      if (hasEnded(kept.training))
        throw new Conflict(`training ${number} has ended: it is ${kept.training.state}`)
      await end(number, { detail: why === '' ? 'cancelled' : `cancelled: ${why}` })
      return read(number)
    },
    async resume(number) {
      const state = book.get(number)?.training.state
      if (state === undefined) return undefined
      if (state !== 'cancelled' && state !== 'failed')
        throw new Conflict(
          `training ${number} is ${state}; only one that was cancelled or failed can be resumed`,
        )
      door.assertRoom()
      await book.change(number, { state: 'queued', endedAtMs: null, detail: null })
      runner.next()
      return read(number)
    },
    async remove(number) {
      const kept = book.get(number)
      if (!kept) return false
      if (!hasEnded(kept.training)) await end(number, { detail: 'removed' })
      await book.remove(number)
      return true
    },
    async close() {
      await runner.close()
      await book.idle()
    },
  }
}

interface Door {
  /** Throws Conflict when too many wait. */
  assertRoom(): void
  /** What a request comes to, when there is room for it. Throws Conflict and TrainingRefused. */
  plan(number: number, request: TrainingRequest): Promise<Plan>
}

/** Plans are made one after the other, each in a process; those being made count as waiting. */
function createDoor(
  { config }: Pick<BookDeps, 'config'>,
  book: TrainingBook,
  runner: TrainingRunner,
): Door {
  let queue: Promise<unknown> = Promise.resolve()
  let planning = 0
  function assertRoom(): void {
    const { mostQueued } = config()
    const queued = book.all().filter(({ training }) => training.state === 'queued').length
    const waiting = queued + planning
    if (waiting < mostQueued + (runner.number() === undefined ? 1 : 0)) return
    throw new Conflict(
      `${waiting} trainings wait already, and ${mostQueued} may (trainings.mostQueued); cancel one, or wait`,
    )
  }
  async function make(number: number, request: TrainingRequest): Promise<Plan> {
    const args = argumentsOf(await book.files.argumentOf(number, request), request)
    return planOf(args, book.files.root, config().mostSteps)
  }
  return {
    assertRoom,
    async plan(number, request) {
      assertRoom()
      planning++
      const plan = queue.then(() => make(number, request))
      queue = plan.catch(() => undefined)
      return plan.finally(() => planning--)
    },
  }
}
