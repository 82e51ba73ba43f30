/**
 * Recorded load as the benchmark reads it: a folder with `manifest.json` and one CSV a trace. Values stand on a
 * regular grid, NaN where a step is missing; a series that counts seconds from its start begins at 1970.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const DAY_SECONDS = 24 * 60 * 60

const Manifest = z.object({
  traces: z.array(z.object({ id: z.string().min(1), file: z.string(), step_s: z.number().gt(0) })),
})
export type TraceEntry = z.infer<typeof Manifest>['traces'][number]

export interface Trace {
  readonly id: string
  readonly startMs: number
  readonly stepMs: number
  readonly values: Float64Array
}

export class TraceError extends Error {}

/** What the manifest of `folder` lists; with `only`, those ids, each of which must be there. */
export function listTraces(folder: string, only: readonly string[] = []): TraceEntry[] {
  const file = join(folder, 'manifest.json')
  const manifest = Manifest.safeParse(readJson(file))
  if (!manifest.success) throw new TraceError(`${file}: ${z.prettifyError(manifest.error)}`)
  const { traces } = manifest.data
  const ids = traces.map((trace) => trace.id)
  const unknown = only.find((id) => !ids.includes(id))
  if (unknown !== undefined)
    throw new TraceError(`trace "${unknown}" is not in ${file}; allowed: ${ids.join(', ')}`)
  return only.length === 0 ? traces : traces.filter((trace) => only.includes(trace.id))
}

export function readTrace(folder: string, { id, file, step_s }: TraceEntry): Trace {
  return parseTrace(id, readFileSync(join(folder, file), 'utf8'), step_s)
}

/** Rows `timestamp,value` (ISO 8601) or `t,value` (seconds); rows that are left out become NaN. */
export function parseTrace(id: string, text: string, stepSeconds: number): Trace {
  const [title = '', ...rows] = text.trimEnd().split('\n')
  const readSeconds = secondsReader(id, title.trim())
  const at = new Float64Array(rows.length)
  const seen = new Float64Array(rows.length)
  rows.forEach((row, i) => {
    const [time = '', value = ''] = row.split(',')
    at[i] = readSeconds(time)
    seen[i] = value.trim() === '' ? Number.NaN : Number(value)
    if (!Number.isFinite(at[i])) throw new TraceError(`${id}, line ${i + 2}: "${row}" has no time`)
  })
  const firstSeconds = at[0] ?? 0
  const indexOf = (seconds: number) => Math.round((seconds - firstSeconds) / stepSeconds)
  const values = new Float64Array(rows.length === 0 ? 0 : indexOf(at.at(-1)!) + 1).fill(Number.NaN)
  at.forEach((seconds, i) => {
    values[indexOf(seconds)] = seen[i]!
  })
  return { id, startMs: firstSeconds * 1000, stepMs: stepSeconds * 1000, values }
}

/** Steps of a day; undefined where the step is no even part of it, or a day would be a pile of seconds. */
export function daySteps(stepMs: number): number | undefined {
  const steps = (DAY_SECONDS * 1000) / stepMs
  return Number.isInteger(steps) && steps >= 2 && steps <= 1440 ? steps : undefined
}

function secondsReader(id: string, title: string): (text: string) => number {
  if (title === 'timestamp,value') return (text) => Date.parse(text) / 1000
  if (title === 't,value') return (text) => (text.trim() === '' ? Number.NaN : Number(text))
  throw new TraceError(
    `${id}: header "${title}" is not allowed; allowed: timestamp,value or t,value`,
  )
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new TraceError(`${file} must be the manifest of a folder of traces`, { cause })
  }
}
