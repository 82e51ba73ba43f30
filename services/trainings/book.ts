/** All trainings as they stand: in memory, in the state folder, and told to whoever listens. */
import type { TrainingsConfig } from './config.ts'
import { type Kept, type TrainingFiles, trainingFiles } from './files.ts'
import { hasEnded, type Training, type TrainingChange } from './training.ts'

export interface BookDeps {
  /** Absolute. */
  readonly stateDir: string
  readonly config: () => TrainingsConfig
  readonly emit: (change: TrainingChange) => void
  readonly onError: (error: unknown, what: string) => void
}

export interface TrainingBook {
  readonly files: TrainingFiles
  /** In the order in which they were asked for. */
  all(): readonly Kept[]
  get(number: number): Kept | undefined
  /** Told at once; written when it resolves. */
  put(kept: Kept, round?: TrainingChange['round']): Promise<void>
  /** Of one that is no longer there nothing is changed. */
  change(number: number, to: Partial<Training>): Promise<void>
  remove(number: number): Promise<void>
  /** Removes the oldest ended ones beyond those that are to be kept. */
  forget(): Promise<void>
  /** When all is written. */
  idle(): Promise<void>
}

export async function openBook({
  stateDir,
  config,
  emit,
  onError,
}: BookDeps): Promise<TrainingBook> {
  const files = trainingFiles(stateDir, (file, error) =>
    onError(error, `the training ${file} cannot be read`),
  )
  const all = new Map((await files.read()).map((kept) => [kept.training.number, kept]))
  let saving: Promise<void> = Promise.resolve()
  /** One after the other, so that the newest stands in the file. */
  function save(kept: Kept): Promise<void> {
    const { number } = kept.training
    saving = saving
      .then(() => (all.has(number) ? files.save(kept) : undefined))
      .catch((error) => onError(error, `training ${number} cannot be kept`))
    return saving
  }
  const book: TrainingBook = {
    files,
    all: () => [...all.values()],
    get: (number) => all.get(number),
    put(kept, round = null) {
      all.set(kept.training.number, kept)
      emit({ training: kept.training, round })
      return save(kept)
    },
    async change(number, to) {
      const kept = all.get(number)
      if (kept) await book.put({ ...kept, training: { ...kept.training, ...to } })
    },
    async remove(number) {
      all.delete(number)
      await saving
      await files.remove(number)
    },
    async forget() {
      const ended = book.all().filter(({ training }) => hasEnded(training))
      const most = Math.max(0, ended.length - config().keep)
      for (const { training } of ended.slice(0, most)) await book.remove(training.number)
    },
    idle: () => saving,
  }
  return book
}
