/**
 * A recording of the demo shop under load: whole compressed days of samples on a grid, with where they come from in the
 * header. It is history for a first run, labelled as recorded, and never mixed with measurements.
 *
 * Format: CSV; lines of `# key: value` first, then `step,service,<metrics…>`, a row a step and service; empty where missing.
 */
import { z } from 'zod'
import { MetricName, ServiceId } from '../forecaster/series.ts'

export const RecordingHeader = z
  .strictObject({
    source: z.string().min(1),
    recordedAt: z.string().min(1),
    workload: z.string().min(1),
    dayMs: z.coerce.number().int().positive(),
    stepMs: z.coerce.number().int().positive(),
    days: z.coerce.number().int().positive(),
  })
  .refine(({ dayMs, stepMs }) => dayMs % stepMs === 0, {
    error: 'dayMs must be a multiple of stepMs',
    path: ['dayMs'],
  })
export type RecordingHeader = z.infer<typeof RecordingHeader>

export interface Recording {
  readonly header: RecordingHeader
  readonly services: readonly ServiceId[]
  readonly metrics: readonly MetricName[]
  /** values[service · metrics + metric][step], NaN where missing; step 0 is the start of a day. */
  readonly values: readonly Float64Array[]
}

export class RecordingError extends Error {}

export function writeRecording({ header, services, metrics, values }: Recording): string {
  const steps = (header.days * header.dayMs) / header.stepMs
  const lines = Object.entries(header).map(([key, value]) => `# ${key}: ${value}`)
  lines.push(['step', 'service', ...metrics].join(','))
  for (let step = 0; step < steps; step++) {
    services.forEach((service, s) => {
      const cells = metrics.map((_, m) => cell(values[s * metrics.length + m]![step]!))
      lines.push([step, service, ...cells].join(','))
    })
  }
  return `${lines.join('\n')}\n`
}

const cell = (value: number): string =>
  Number.isNaN(value) ? '' : String(Number(value.toPrecision(6)))

/** Throws RecordingError with line and value when `text` is no recording. */
export function readRecording(text: string): Recording {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const first = lines.findIndex((line) => !line.startsWith('# '))
  const header = readHeader(lines.slice(0, first))
  const metrics = readTitles(lines[first] ?? '', first + 1)
  const steps = (header.days * header.dayMs) / header.stepMs
  const columns = new Map<ServiceId, Float64Array[]>()
  lines.slice(first + 1).forEach((line, i) => {
    if (line === '') return
    const refuse = (allowed: string): never => {
      throw new RecordingError(
        `line ${first + 2 + i}: "${line}" is not allowed; allowed: ${allowed}`,
      )
    }
    const [step = '', service, ...cells] = line.split(',')
    const at = /^\d+$/.test(step) ? Number(step) : steps
    if (at >= steps || cells.length !== metrics.length || !ServiceId.safeParse(service).success) {
      refuse(`step (0 to ${steps - 1}), service, ${metrics.length} values`)
    }
    const ofService = columns.get(service!) ?? metrics.map(() => emptySeries(steps))
    columns.set(service!, ofService)
    cells.forEach((text, m) => {
      const value = Number(text)
      if (!Number.isFinite(value)) refuse('finite numbers, or nothing where a value is missing')
      if (text !== '') ofService[m]![at] = value
    })
  })
  return { header, services: [...columns.keys()], metrics, values: [...columns.values()].flat() }
}

const emptySeries = (steps: number) => new Float64Array(steps).fill(Number.NaN)

function readHeader(comments: readonly string[]): RecordingHeader {
  const pairs = comments.map((line) => {
    const at = line.indexOf(': ')
    return [line.slice(2, at), line.slice(at + 2)] as const
  })
  const header = RecordingHeader.safeParse(Object.fromEntries(pairs))
  if (header.success) return header.data
  throw new RecordingError(`header: ${z.prettifyError(header.error)}`, { cause: header.error })
}

function readTitles(line: string, lineNumber: number): MetricName[] {
  const [step, service, ...names] = line.split(',')
  const metrics = z.array(MetricName).min(1).safeParse(names)
  if (step === 'step' && service === 'service' && metrics.success) return metrics.data
  throw new RecordingError(
    `line ${lineNumber}: "${line}" is not allowed; allowed: step,service and names of metrics`,
  )
}

export interface PlacedSample {
  readonly service: ServiceId
  readonly metric: MetricName
  readonly atMs: number
  readonly value: number
}

/**
 * The recording laid over [fromMs, toMs) by the time of day: day n of the demo is day n mod `days` of the recording,
 * whose last day comes right before the demo's first. A sample is stamped with the end of its step.
 */
export function placeRecording(
  recording: Recording,
  {
    epochMs,
    fromMs,
    toMs,
  }: { readonly epochMs: number; readonly fromMs: number; readonly toMs: number },
): PlacedSample[] {
  const { header, services, metrics, values } = recording
  const { stepMs } = header
  const steps = (header.days * header.dayMs) / stepMs
  const samples: PlacedSample[] = []
  const first = Math.ceil((fromMs - epochMs) / stepMs)
  const last = Math.ceil((toMs - epochMs) / stepMs)
  for (let k = first; k < last; k++) {
    const step = ((k % steps) + steps) % steps
    const atMs = epochMs + (k + 1) * stepMs
    values.forEach((column, i) => {
      const value = column[step]!
      if (Number.isNaN(value)) return
      samples.push({
        service: services[Math.floor(i / metrics.length)]!,
        metric: metrics[i % metrics.length]!,
        atMs,
        value,
      })
    })
  }
  return samples
}
