/**
 * Trainings in the state folder, one folder each: `training.json` (what was asked for, how far it is, its curves), and for
 * settings that came with the request `request.json`. Below `out/` is what `forescale train` writes.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Training, TrainingCurve, TrainingRequest } from './training.ts'

export const Kept = z.strictObject({
  formatVersion: z.literal(1),
  request: TrainingRequest,
  training: Training,
  curves: z.array(TrainingCurve),
})
export type Kept = z.infer<typeof Kept>

export interface TrainingFiles {
  /** In the order of their numbers. What cannot be read is told of and left where it is. */
  read(): Promise<Kept[]>
  /** Put in place whole. */
  save(kept: Kept): Promise<void>
  remove(number: number): Promise<void>
  /** Of one training. */
  folderOf(number: number): string
  /** Of all of them: paths that `forescale train` is told are relative to it. */
  readonly root: string
  outOf(number: number): string
  /** What `forescale train` is told to train: a name, or a file that is written here. */
  argumentOf(number: number, request: TrainingRequest): Promise<string>
}

export function trainingFiles(
  stateDir: string,
  onUnreadable: (file: string, error: unknown) => void,
): TrainingFiles {
  const root = path.join(stateDir, 'trainings')
  const folderOf = (number: number) => path.join(root, String(number))
  async function readOne(name: string): Promise<Kept[]> {
    const file = path.join(root, name, 'training.json')
    try {
      return [Kept.parse(JSON.parse(await readFile(file, 'utf8')))]
    } catch (error) {
      // one that was refused while it was asked for left nothing to go on with
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onUnreadable(file, error)
      return []
    }
  }
  return {
    root,
    folderOf,
    outOf: (number) => path.join(String(number), 'out'),
    async read() {
      const names = await readdir(root).catch(() => [])
      const kept = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readOne))
      return kept.flat().sort((a, b) => a.training.number - b.training.number)
    },
    async save(kept) {
      const folder = folderOf(kept.training.number)
      await mkdir(folder, { recursive: true })
      const file = path.join(folder, 'training.json')
      await writeFile(`${file}.new`, JSON.stringify(kept))
      await rename(`${file}.new`, file)
    },
    remove: (number) => rm(folderOf(number), { recursive: true, force: true }),
    async argumentOf(number, { training }) {
      await mkdir(folderOf(number), { recursive: true })
      if (typeof training === 'string') return training
      const file = path.join(String(number), 'request.json')
      await writeFile(path.join(root, file), JSON.stringify(training, null, 1))
      return file
    },
  }
}
