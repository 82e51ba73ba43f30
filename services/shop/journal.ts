/**
 * The host's memory: one JSON line per applied decision, on disk before it has any effect. A crash can tear only
 * the last line; it is cut off on opening, since its effect never began.
 */
import { mkdir, open, readFile, truncate } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'
import { HostFence } from './host-api.ts'

export const JournalEntry = z.object({
  decisionId: z.string(),
  service: ServiceId,
  from: z.int().min(0),
  to: z.int().min(0),
  atMs: z.number(),
  fence: HostFence.optional(),
})
export type JournalEntry = z.infer<typeof JournalEntry>

export interface Journal {
  /** What was there on opening, oldest first. */
  readonly entries: readonly JournalEntry[]
  /** Durable when it resolves. */
  append(entry: JournalEntry): Promise<void>
  close(): Promise<void>
}

export async function openJournal(file: string): Promise<Journal> {
  await mkdir(path.dirname(file), { recursive: true })
  const entries = await readAndRepair(file)
  const handle = await open(file, 'a')
  return {
    entries,
    async append(entry) {
      await handle.appendFile(`${JSON.stringify(entry)}\n`)
      await handle.datasync()
    },
    close: () => handle.close(),
  }
}

async function readAndRepair(file: string): Promise<JournalEntry[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(file, Buffer.byteLength(whole))
  return whole
    .slice(0, -1)
    .split('\n')
    .flatMap((line, i) => (line === '' ? [] : [readEntry(line, `${file}:${i + 1}`)]))
}

function readEntry(line: string, place: string): JournalEntry {
  try {
    return JournalEntry.parse(JSON.parse(line))
  } catch (cause) {
    throw new Error(`${place} is not an entry of the journal: ${line.slice(0, 200)}`, { cause })
  }
}
