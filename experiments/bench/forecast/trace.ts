/** Recorded load as the benchmark reads it: a folder with `manifest.json` and one CSV a trace (datasets/traces tells the form). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatasetError } from '../../../datasets/dataset-error.ts'
import { readTraceManifest, type TraceEntry } from '../../../datasets/traces/manifest.ts'
import { traceSeries } from '../../../datasets/traces/trace.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** A day of seconds is a pile of steps, not a horizon. */
const MOST_DAY_STEPS = 1440

export interface Trace {
  readonly id: string
  readonly startMs: number
  readonly stepMs: number
  /** On a regular grid, NaN where a step is missing. */
  readonly values: Float64Array
}

/** What the manifest of `folder` lists; with `only`, those ids. Throws DatasetError for a folder or an id that is none. */
export function listTraces(folder: string, only: readonly string[] = []): TraceEntry[] {
  const { traces } = readTraceManifest(manifestOf(folder), join(folder, 'manifest.json'))
  const ids = traces.map((trace) => trace.id)
  const unknown = only.find((id) => !ids.includes(id))
  if (unknown !== undefined) throw new DatasetError('trace', unknown, ids.join(', '))
  return only.length === 0 ? traces : traces.filter((trace) => only.includes(trace.id))
}

export function readTrace(folder: string, entry: TraceEntry): Trace {
  const text = readFileSync(join(folder, entry.file), 'utf8')
  const { startMs, stepMs, values } = traceSeries(text, entry, 'origin')
  return { id: entry.id, startMs, stepMs, values }
}

/** Steps of a day; undefined where the step is no even part of it, or a day is more than 1,440 of them. */
export function daySteps(stepMs: number): number | undefined {
  const steps = DAY_MS / stepMs
  return Number.isInteger(steps) && steps >= 2 && steps <= MOST_DAY_STEPS ? steps : undefined
}

function manifestOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'manifest.json'), 'utf8')
  } catch {
    throw new DatasetError('traces', folder, 'a folder with a manifest.json and its files')
  }
}
