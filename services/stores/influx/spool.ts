/**
 * Lines on disk that a server has yet to take: what makes a sample safe to acknowledge while the server is away, and
 * over a crash. Files of the folder hold the lines in the order in which they came; each is sent whole and then
 * removed. Appends that meet share one write and one fdatasync. Bounded: when the room is used up, appends are refused.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { StoreUnavailable } from '../sample-store.ts'

/** A file is closed when it is larger, so that little is sent again after a crash. */
const FILE_BYTES = 4 * 1024 * 1024
const FILE_NAME = /^(\d+)-(\d+)-(\d+)\.lines$/

export interface Segment {
  readonly number: number
  readonly lines: readonly string[]
  /** Forgets it: the server has it all. */
  done(): Promise<void>
}

export interface Spool {
  /** Resolves when the lines are on disk; rejects with StoreUnavailable, and nothing of them is kept. */
  append(lines: readonly string[]): Promise<void>
  /** The oldest file that is not empty, no longer written to. */
  oldest(): Promise<Segment | undefined>
  /** Number of the file that is written to. */
  readonly newest: () => number
  readonly pending: () => { readonly lines: number; readonly bytes: number }
  close(): Promise<void>
}

export interface SpoolOptions {
  readonly folder: string
  readonly mostBytes: number
  /** What tells this process's files from those of others, of which the dead ones' are taken over. */
  readonly owner?: { readonly pid: number; readonly startedMs: number }
  readonly isAlive?: (pid: number) => boolean
}

interface SpoolFile {
  readonly number: number
  readonly name: string
  lines: number
  bytes: number
}
interface Waiting {
  readonly text: string
  readonly lines: number
  resolve(): void
  reject(error: Error): void
}

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, mostBytes } = options
  const owner = options.owner ?? { pid: process.pid, startedMs: Date.now() }
  await mkdir(folder, { recursive: true })
  const files = await takeOver(folder, owner, options.isAlive ?? isAlive)
  let number = files.length
  let handle: FileHandle | undefined
  let queue: Waiting[] = []
  let turn: Promise<unknown> = Promise.resolve()
  const total = (of: 'lines' | 'bytes') => files.reduce((sum, file) => sum + file[of], 0)
  /** Nothing of what touches files runs beside another. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }

  async function current(): Promise<{ file: SpoolFile; handle: FileHandle }> {
    const last = files.at(-1)
    if (handle && last && last.bytes < FILE_BYTES) return { file: last, handle }
    await seal()
    const name = path.join(folder, fileName(owner, number))
    handle = await open(name, 'a')
    await syncFolder(folder)
    const file = { number: number++, name, lines: 0, bytes: 0 }
    files.push(file)
    return { file, handle }
  }

  async function seal(): Promise<void> {
    await handle?.close()
    handle = undefined
  }

  async function writeQueue(): Promise<void> {
    const batch = queue
    queue = []
    if (batch.length === 0) return
    const text = batch.map((one) => one.text).join('')
    try {
      const to = await current()
      try {
        await to.handle.appendFile(text)
        await to.handle.datasync()
      } catch (error) {
        // a torn line must not run into the next one
        await to.handle.truncate(to.file.bytes).catch(() => seal())
        throw error
      }
      to.file.bytes += Buffer.byteLength(text)
      to.file.lines += batch.reduce((sum, one) => sum + one.lines, 0)
      for (const one of batch) one.resolve()
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const error = new StoreUnavailable(`samples cannot be kept in ${folder}: ${why}`, { cause })
      for (const one of batch) one.reject(error)
    }
  }

  return {
    append(lines) {
      const text = `${lines.join('\n')}\n`
      const waiting = queue.reduce((sum, one) => sum + one.text.length, 0)
      if (total('bytes') + waiting + text.length > mostBytes) {
        const used = `${total('lines')} samples wait in ${folder}, as much as spoolBytes allows`
        return Promise.reject(new StoreUnavailable(used))
      }
      return new Promise((resolve, reject) => {
        queue.push({ text, lines: lines.length, resolve, reject })
        void inTurn(writeQueue)
      })
    },
    oldest: () =>
      inTurn(async () => {
        const file = files.find((one) => one.bytes > 0)
        if (!file) return undefined
        if (file === files.at(-1)) await seal()
        const done = () =>
          inTurn(async () => {
            await rm(file.name, { force: true })
            files.splice(files.indexOf(file), 1)
          })
        return { number: file.number, lines: linesOf(await readFile(file.name, 'utf8')), done }
      }),
    newest: () => files.at(-1)?.number ?? -1,
    pending: () => ({ lines: total('lines'), bytes: total('bytes') }),
    close: () => inTurn(seal),
  }
}

const fileName = ({ pid, startedMs }: { pid: number; startedMs: number }, number: number): string =>
  `${pid}-${startedMs}-${String(number).padStart(9, '0')}.lines`

/** Whole lines only: the last one may have been cut by a crash before it was acknowledged. */
function linesOf(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
}

/** Files that a process left which is no more; a rename decides between two that want the same. */
async function takeOver(
  folder: string,
  owner: { readonly pid: number; readonly startedMs: number },
  alive: (pid: number) => boolean,
): Promise<SpoolFile[]> {
  const left = (await readdir(folder))
    .map((name) => ({ name, match: FILE_NAME.exec(name) }))
    .filter(({ match }) => match && (Number(match[1]) === owner.pid || !alive(Number(match[1]))))
    .sort((a, b) => Number(a.match![2]) - Number(b.match![2]) || (a.name < b.name ? -1 : 1))
  const taken: SpoolFile[] = []
  for (const { name } of left) {
    const own = path.join(folder, fileName(owner, taken.length))
    try {
      await rename(path.join(folder, name), own)
    } catch {
      continue // somebody else was faster
    }
    const text = await readFile(own, 'utf8')
    taken.push({
      number: taken.length,
      name: own,
      lines: linesOf(text).length,
      bytes: Buffer.byteLength(text),
    })
  }
  return taken
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A new file outlives a power cut only when its folder was written too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
