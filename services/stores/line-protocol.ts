/**
 * Influx line protocol made into samples: `requests_per_second,service=search value=12.3 1700000000000000000`. A field
 * named `value` takes the measurement as its metric, any other field its own key. The tag `service` (or one of another
 * name) names the service; other tags tell from which series a sample is, of which each metric may have one (origins.ts).
 * Source: docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol
 */
import { MetricName, ServiceId } from '../../forecaster/series.ts'
import { originOf } from './origins.ts'
import type { Sample } from './sample-store.ts'

/** Units of a timestamp, finest first. */
export const PRECISIONS = ['ns', 'us', 'ms', 's'] as const
export type Precision = (typeof PRECISIONS)[number]

const TO_MS: Readonly<Record<Precision, (time: bigint) => bigint>> = {
  ns: (time) => floorDivide(time, 1_000_000n),
  us: (time) => floorDivide(time, 1000n),
  ms: (time) => time,
  s: (time) => time * 1000n,
}

const SERVICE_TAG = 'service'
const NO_TAGS: ReadonlySet<string> = new Set()
const VALUE_FIELD = 'value'
const FLOAT = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/
const INTEGER = /^(?:[-+]?\d+i|\d+u)$/
const TIMESTAMP = /^-?\d{1,19}$/
const LONGEST_SHOWN = 80

/** The text is no line protocol, or says what cannot be a sample. Nothing of it was read. */
export class LineProtocolError extends Error {
  readonly lineNumber: number
  readonly text: string
  readonly allowed: string

  constructor(lineNumber: number, text: string, allowed: string) {
    const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
    super(`line ${lineNumber}: ${JSON.stringify(shown)} is not allowed; allowed: ${allowed}`)
    this.lineNumber = lineNumber
    this.text = shown
    this.allowed = allowed
  }
}

export interface LineProtocolOptions {
  /** Unit of the timestamps; ns when absent. */
  readonly precision?: Precision | undefined
  /** Time of lines that carry none, Unix ms. */
  readonly nowMs: number
  /** Tag that names the service. */
  readonly serviceTag?: string | undefined
  /** Tags that make no other series. */
  readonly ignoreTags?: ReadonlySet<string> | undefined
}

/** `origin`: its other tags; equal for samples of one series. */
export interface TaggedSample {
  readonly sample: Sample
  readonly origin: string
}

/** A sample per field; times are whole ms. Throws LineProtocolError at the first line that is none. */
export function readLineProtocol(text: string, options: LineProtocolOptions): TaggedSample[] {
  return text.split('\n').flatMap((raw, i) => {
    const line = raw.trim()
    return line === '' || line.startsWith('#') ? [] : readLine(line, i + 1, options)
  })
}

function readLine(line: string, lineNumber: number, options: LineProtocolOptions): TaggedSample[] {
  const { precision = 'ns', nowMs, serviceTag = SERVICE_TAG } = options
  const refuse = (text: string, allowed: string): never => {
    throw new LineProtocolError(lineNumber, text, allowed)
  }
  const measurement = readToken(line, 0, ', ')
  const { pairs: tags, end: tagsEnd } = readPairs(line, measurement.end, false, refuse)
  const service = serviceOf(tags, line, serviceTag, refuse)
  const others = tags.filter(([key]) => key !== serviceTag)
  const origin = originOf(others, options.ignoreTags ?? NO_TAGS)
  if (line[tagsEnd] !== ' ') refuse(line, 'measurement,service=<name> field=<number>')
  const { pairs: fields, end } = readPairs(line, skipSpaces(line, tagsEnd) - 1, true, refuse)
  const time = line.slice(end).trim()
  if (time !== '' && !TIMESTAMP.test(time)) refuse(time, `a whole Unix time in ${precision}`)
  const atMs = time === '' ? nowMs : Number(TO_MS[precision](BigInt(time)))
  return fields.map(([key, value]) => {
    const metric = key === VALUE_FIELD ? measurement.text : key
    if (!MetricName.safeParse(metric).success) {
      refuse(metric, 'a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 200')
    }
    return { sample: { service, metric, atMs, value: readNumber(value, refuse) }, origin }
  })
}

type Refuse = (text: string, allowed: string) => never

function serviceOf(
  tags: readonly (readonly [string, string])[],
  line: string,
  serviceTag: string,
  refuse: Refuse,
): ServiceId {
  const twice = tags.find(([key], i) => tags.findIndex(([other]) => other === key) < i)
  if (twice) return refuse(`${twice[0]}=${twice[1]}`, `the tag ${twice[0]} once`)
  const first = tags.find(([key]) => key === serviceTag)
  if (!first) return refuse(line, `a tag ${serviceTag}=<name>`)
  if (ServiceId.safeParse(first[1]).success) return first[1]
  return refuse(first[1], 'a service name: a-z, 0-9 and "-", at most 63')
}

function readNumber(text: string, refuse: Refuse): number {
  const value = INTEGER.test(text)
    ? Number(text.slice(0, -1))
    : FLOAT.test(text)
      ? Number(text)
      : Number.NaN
  if (Number.isFinite(value)) return value
  return refuse(text, 'a finite number: 12, 12.3, 1e3, 12i or 12u (no text, no boolean)')
}

/**
 * `,key=value` again and again from `at` on; before the first one stands a comma (tags) or the space that ends the tags
 * (fields). Quotes are kept, so that text is told from numbers.
 */
function readPairs(
  line: string,
  at: number,
  areFields: boolean,
  refuse: Refuse,
): { pairs: (readonly [string, string])[]; end: number } {
  const pairs: (readonly [string, string])[] = []
  let end = at
  while (line[end] === ',' || (areFields && pairs.length === 0)) {
    const key = readToken(line, end + 1, ',= ')
    if (key.text === '' || line[key.end] !== '=') refuse(line.slice(end), '<key>=<value>')
    const quoted = areFields && line[key.end + 1] === '"'
    const value = quoted
      ? readQuoted(line, key.end + 1, refuse)
      : readToken(line, key.end + 1, ',= ')
    if (value.text === '' || line[value.end] === '=') refuse(line.slice(end), '<key>=<value>')
    pairs.push([key.text, value.text])
    end = value.end
  }
  return { pairs, end }
}

interface Token {
  readonly text: string
  /** Index of the first character after it. */
  readonly end: number
}

/** Up to the first of `stops` that no backslash precedes; a backslash before anything else stands for itself. */
function readToken(line: string, from: number, stops: string): Token {
  let text = ''
  let at = from
  for (; at < line.length && !stops.includes(line[at]!); at++) {
    if (line[at] === '\\' && at + 1 < line.length && stops.includes(line[at + 1]!)) at++
    text += line[at]
  }
  return { text, end: at }
}

function readQuoted(line: string, from: number, refuse: Refuse): Token {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (line[at] === '"') return { text: line.slice(from, at + 1), end: at + 1 }
  }
  return refuse(line.slice(from), 'a text that ends with a quote')
}

function skipSpaces(line: string, from: number): number {
  let at = from
  while (line[at] === ' ') at++
  return at
}

function floorDivide(time: bigint, unit: bigint): bigint {
  const quotient = time / unit
  return time < 0n && quotient * unit !== time ? quotient - 1n : quotient
}
