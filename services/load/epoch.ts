/** When the compressed days began: one file in the state folder, so that restarts keep the time of day. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const EPOCH_FILE = 'demo-epoch.json'
const Epoch = z.object({ epochMs: z.number() })

/** Throws when there is none, or when it cannot be read. */
export function readEpochMs(stateDir: string): number {
  return Epoch.parse(JSON.parse(readFileSync(path.join(stateDir, EPOCH_FILE), 'utf8'))).epochMs
}

/** Writes the epoch unless there is one; says which holds. */
export function ensureEpochMs(stateDir: string, epochMs: number): number {
  try {
    return readEpochMs(stateDir)
  } catch {
    const file = path.join(stateDir, EPOCH_FILE)
    writeFileSync(`${file}.new`, JSON.stringify({ epochMs }))
    renameSync(`${file}.new`, file)
    return epochMs
  }
}
