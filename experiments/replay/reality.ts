/**
 * What the real shop did, kept in a file: minutes of real time are not spent again to hold another simulator, or a
 * corrected one, against them. What was asked of it stands beside, so that the file alone is enough.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'

/** What is replayed: with it the schedules and replica counts are known. */
export const Setting = z.strictObject({
  workloads: z.array(z.string()),
  traces: z.array(z.string()),
  durationMs: z.number().positive(),
  peakRps: z.number().positive(),
  seed: z.int().min(0),
})
export type Setting = z.infer<typeof Setting>

const Columns = z.strictObject({
  arrivedAtMs: z.array(z.number()),
  seconds: z.array(z.number()),
  isGood: z.array(z.boolean()),
})

export const RealRun = z.strictObject({
  name: z.string(),
  /** In the order in which they were over. */
  requests: Columns,
  /** Replicas that were ready at the end of each tick. */
  ready: z.array(z.number()),
  /** 99th percentile of how late the generator took up a request. */
  generatorLateSeconds: z.number(),
  /** A round trip through gateway and replica at rest. */
  wireSeconds: z.number(),
  /** How long the last replicas took until they were ready. */
  startupsSeconds: z.array(z.number()),
})
export type RealRun = z.infer<typeof RealRun>

export const Reality = z.strictObject({
  recordedAt: z.string(),
  setting: Setting,
  runs: z.array(RealRun),
})
export type Reality = z.infer<typeof Reality>

export async function writeReality(file: string, reality: Reality): Promise<void> {
  await writeFile(file, `${JSON.stringify(reality)}\n`)
}

export async function readReality(file: string): Promise<Reality> {
  return Reality.parse(JSON.parse(await readFile(file, 'utf8')))
}
