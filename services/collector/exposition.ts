/**
 * Reads Prometheus' text format (version 0.0.4): name, labels, value; comments, types and timestamps are passed over.
 * Source: prometheus.io/docs/instrumenting/exposition_formats. A line that is none throws with its number.
 */
export interface Reading {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export class ExpositionError extends Error {}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\s*\{(.*)\}\s*|\s+)(\S+)(?:\s+-?\d+)?$/
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y

export function readExposition(text: string): Reading[] {
  const readings: Reading[] = []
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) return
    const match = LINE.exec(line)
    if (!match) throw new ExpositionError(`line ${i + 1} is no sample: "${line.slice(0, 80)}"`)
    readings.push({
      name: match[1]!,
      labels: readLabels((match[2] ?? '').trim(), i + 1),
      value: readValue(match[3]!, i + 1),
    })
  })
  return readings
}

function readLabels(text: string, line: number): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex
    const match = LABEL.exec(text)
    if (!match)
      throw new ExpositionError(`line ${line}: labels break off at "${text.slice(at, at + 40)}"`)
    labels[match[1]!] = match[2]!.replace(/\\(["\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c))
  }
  return labels
}

function readValue(text: string, line: number): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  if (text === 'NaN') return Number.NaN
  const value = Number(text)
  if (Number.isNaN(value)) throw new ExpositionError(`line ${line}: "${text}" is no number`)
  return value
}
