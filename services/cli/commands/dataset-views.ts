/** How traces and workloads look on a terminal. */
import type { TraceEntry } from '../../../datasets/traces/manifest.ts'
import type { Column } from '../format.ts'
import { figure, span, timeOfDay } from '../format.ts'
import type { Terminal } from '../terminal.ts'

export interface TraceRow extends TraceEntry {
  /** null where it cannot be had. */
  readonly from: string | null
}

export interface WorkloadRow {
  readonly id: string
  readonly description: string
}

export interface Figures {
  readonly startMs: number
  readonly stepMs: number
  readonly steps: number
  readonly missing: number
  readonly mean: number
  readonly least: number
  readonly greatest: number
}

const DAY_S = 86_400

export const TRACE_COLUMNS: readonly Column<TraceRow>[] = [
  { title: 'TRACE', text: (t) => t.id },
  { title: 'STEP', right: true, text: (t) => span(t.step_s * 1000) },
  { title: 'DAYS', right: true, text: (t) => (t.n ? figure((t.n * t.step_s) / DAY_S) : '–') },
  { title: 'LICENCE', text: (t) => (t.licence?.id ?? '–').split(' (')[0] ?? '–' },
  { title: 'FROM', text: (t) => t.from ?? 'not here' },
  { title: 'WHAT', text: (t) => t.description },
]

export const WORKLOAD_COLUMNS: readonly Column<WorkloadRow>[] = [
  { title: 'SYNTHETIC', text: (w) => w.id },
  { title: 'WHAT', text: (w) => w.description },
]

export function showWorkload({ id, description }: WorkloadRow, terminal: Terminal): void {
  terminal.print(terminal.paint('bold', id))
  terminal.print(description)
  terminal.print('synthetic: drawn from a formula and a seed, no recording')
}

const FROM: Readonly<Record<string, string>> = {
  folder: 'on this machine',
  cache: 'on this machine, downloaded before',
  origin: 'to be downloaded from its origin',
}

export function showTrace(trace: TraceRow, values: Figures | undefined, terminal: Terminal): void {
  const { id, description, origin, licence, from } = trace
  const lines: [string, string | undefined][] = [
    ['unit', trace.unit],
    ['step', span(trace.step_s * 1000)],
    ['real', trace.derived ? 'derived from measurements by its origin' : 'measured'],
    ['origin', origin && `${origin.repo} ${origin.path}`],
    ['commit', origin?.commit],
    ['licence', licence && `${licence.id}; ${licence.attribution}`],
    ['processing', trace.processing],
    ['notes', trace.notes],
    ['sha256', trace.sha256],
    [
      'where',
      from === null ? 'not here: set FORESCALE_TRACES to a folder that has it' : FROM[from],
    ],
  ]
  terminal.print(terminal.paint('bold', id))
  terminal.print(description)
  for (const [title, text] of lines) if (text) terminal.print(`${title.padEnd(11)} ${text}`)
  if (values === undefined) return
  const { startMs, steps, missing, mean, least, greatest } = values
  terminal.print(
    `values      ${steps} steps from ${timeOfDay(startMs)} UTC, ${missing} missing; mean ${figure(mean)}, ${figure(least)} to ${figure(greatest)}`,
  )
}
