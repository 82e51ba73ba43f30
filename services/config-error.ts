/** A configuration that is refused: every fault at once, each with its place, its value and what is allowed. */
import type { Path } from './config-schema.ts'

export interface ConfigFault {
  /** File, or the environment variable that set the value. */
  readonly source: string
  /** From 1; null when the value did not come from a file. */
  readonly line: number | null
  readonly column: number | null
  /** Dotted path of the setting; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  /** What was read, as JSON, shortened; null when there is no value to show. */
  readonly value: string | null
  readonly allowed: string | null
  readonly suggestion: string | null
}

export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[], options?: ErrorOptions) {
    super(faults.map(describeFault).join('\n'), options)
    this.faults = faults
  }
}

/** `demo.yaml:12:7 http.port: must be a whole number from 0 to 65535, got 99999` */
export function describeFault(fault: ConfigFault): string {
  const place = fault.line === null ? fault.source : `${fault.source}:${fault.line}:${fault.column}`
  const setting = fault.path === '' ? '' : `${fault.path}: `
  const allowed = fault.allowed === null ? '' : `; allowed: ${fault.allowed}`
  const got = fault.value === null ? '' : ` (got ${fault.value})`
  const hint = fault.suggestion === null ? '' : `; did you mean ${fault.suggestion}?`
  return `${place} ${setting}${fault.message}${got}${allowed}${hint}`
}

const LONGEST_VALUE = 80

export function showValue(value: unknown): string | null {
  if (value === undefined) return null
  const text = JSON.stringify(value) ?? String(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text
}

/** `services.search.maxReplicas`; list items as `policies[0]`. */
export function showPath(path: Path): string {
  let shown = ''
  for (const key of path) {
    if (typeof key === 'number') shown += `[${key}]`
    else shown += shown === '' ? key : `.${key}`
  }
  return shown
}

/** The nearest of `candidates` within a third of its length, by edits and swaps of neighbours. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase())
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    if (edits < least && edits <= limit) {
      best = candidate
      least = edits
    }
  }
  return best
}

/** Optimal string alignment distance (Damerau 1964). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let edits = Math.min(substituted, last[j]! + 1, row[j - 1]! + 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, before[j - 2]! + 1)
      row.push(edits)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
