/**
 * Trains what waits, one at a time, each in a process of its own that is started anew when it dies: it goes on from its last
 * round. What comes out goes to the registry.
 */
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ledger } from '../ledger/ledger.ts'
import { readPolicyFile } from '../rollouts/policy-file.ts'
import { policyRow } from '../rollouts/policy-version.ts'
import type { TrainingBook } from './book.ts'
import { begun, bestOf, withEvent } from './course.ts'
import type { TrainingEvent } from './progress.ts'
import type { StartTraining } from './train-elsewhere.ts'
import { type Ending, isOver, reasonIn, startTraining, type TrainProcess } from './train-process.ts'
import { hasEnded, type TrainingRequest } from './training.ts'

/** A process that dies this often in a row without a round is not started again. */
const MOST_FRUITLESS = 3
const RESTART_AFTER_MS = 1000
export interface RunnerDeps {
  readonly ledger: Pick<Ledger, 'savePolicy'>
  readonly nowMs: () => number
  /** Never jumps, ms. */
  readonly monotonicMs: () => number
  readonly onError: (error: unknown, what: string) => void
  /** Where its process runs; here when absent. */
  readonly startTraining?: StartTraining | undefined
}

export interface TrainingRunner {
  /** Begins with the next one if none runs. */
  next(): void
  readonly number: () => number | undefined
  readonly pid: () => number | undefined
  /** Ends the process that runs; resolves when it and what follows from its end are over. */
  stop(): Promise<void>
  close(): Promise<void>
}

export function createRunner(deps: RunnerDeps, book: TrainingBook): TrainingRunner {
  const ends = endingsOf(deps, book)
  let running: { readonly number: number; process: TrainProcess | undefined } | undefined
  let work: Promise<void> = Promise.resolve()
  let closed = false

  function next(): void {
    if (closed || running) return
    const waiting = book.all().filter(({ training }) => !hasEnded(training))
    // one that ran when the last controller ended goes first
    const kept = waiting.find(({ training }) => training.state === 'running') ?? waiting[0]
    if (!kept) return
    const { number } = kept.training
    running = { number, process: undefined }
    work = run(number)
      .catch((error: unknown) => ends.broken(number, error))
      .finally(() => {
        running = undefined
        next()
      })
  }

  async function run(number: number): Promise<void> {
    const { training, request } = book.get(number)!
    const startedAtMs = training.startedAtMs ?? deps.nowMs()
    await book.change(number, { state: 'running', startedAtMs })
    const argument = await book.files.argumentOf(number, request)
    const args = ['--out', book.files.outOf(number), ...argumentsOf(argument, request)]
    let fruitless = 0
    while (isWanted(number)) {
      const before = stepsDone(number)
      const ending = await attempt(number, args)
      if (!isWanted(number)) return
      fruitless = stepsDone(number) > before ? 0 : fruitless + 1
      if (isOver(ending) || fruitless === MOST_FRUITLESS) return ends.end(number, ending)
      await againSoon(number, fruitless)
    }
  }

  const stepsDone = (number: number) => book.get(number)!.training.stepsDone

  async function againSoon(number: number, fruitless: number): Promise<void> {
    const { restarts } = book.get(number)!.training
    await book.change(number, { restarts: restarts + 1, etaMs: null })
    await wait(RESTART_AFTER_MS * 2 ** fruitless)
  }

  const isWanted = (number: number) => !closed && book.get(number)?.training.state === 'running'

  /** One process, to its end. */
  function attempt(number: number, args: readonly string[]): Promise<Ending> {
    const pace = begun(deps.monotonicMs())
    const onEvent = (event: TrainingEvent): void => {
      const kept = book.get(number)
      if (!kept || hasEnded(kept.training)) return
      const now = { pace, monotonicMs: deps.monotonicMs(), atMs: deps.nowMs() }
      const after = withEvent(kept, event, now)
      if (after) void book.put(after.kept, after.round)
    }
    const call = { args, cwd: book.files.root, folder: String(number), onEvent }
    const started = (deps.startTraining ?? startTraining)(call)
    if (running) running.process = started
    return started.ended
  }

  async function stop(): Promise<void> {
    running?.process?.kill()
    await work
  }

  return {
    next,
    number: () => running?.number,
    pid: () => running?.process?.pid,
    stop,
    async close() {
      closed = true
      await stop()
    },
  }
}

/** What becomes of a training when its process has ended. */
function endingsOf({ ledger, nowMs, onError }: RunnerDeps, book: TrainingBook) {
  const fail = (number: number, said: string): Promise<void> =>
    book.change(number, {
      ...{ state: 'failed', endedAtMs: nowMs(), etaMs: null },
      detail: reasonIn(said),
    })
  return {
    end: (number: number, { code, said }: Ending): Promise<void> =>
      code === 0 ? complete(number) : fail(number, said),
    async broken(number: number, error: unknown): Promise<void> {
      onError(error, `training ${number} failed`)
      await fail(number, error instanceof Error ? error.message : String(error))
    },
  }

  async function complete(number: number): Promise<void> {
    const { runs, askedBy: addedBy, why } = book.get(number)!.training
    const { files } = book
    const file = path.join(files.root, files.outOf(number), bestOf(runs).folder, 'policy.json')
    const document = readPolicyFile(file)
    const endedAtMs = nowMs()
    const row = policyRow(document, { source: 'trained', addedAtMs: endedAtMs, addedBy, why })
    const { version } = await ledger.savePolicy(row, document)
    await book.change(number, { state: 'done', policy: version, endedAtMs, etaMs: null })
    await book.forget()
  }
}

/** Of `forescale train`. */
export function argumentsOf(argument: string, { seeds, steps }: TrainingRequest): string[] {
  return [
    argument,
    ...(seeds ? ['--seeds', seeds.join(',')] : []),
    ...(steps === undefined ? [] : ['--steps', String(steps)]),
  ]
}
