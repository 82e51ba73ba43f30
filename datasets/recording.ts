/**
 * A recording of the demo shop under load: whole compressed days of samples on a grid, with where they come from in the
 * header. It is history for a first run, labelled as recorded, and never mixed with measurements.
 *
 * Format: CSV; lines of `# key: value` first, then `step,service,<metrics…>`, a row a step and service; empty where missing.
 */
import { z } from 'zod'
import { MetricName, ServiceId } from '../forecaster/series.ts'

export const RecordingHeader = z.strictObject({
  source: z.string().min(1),
  recordedAt: z.string().min(1),
  workload: z.string().min(1),
  dayMs: z.coerce.number().int().positive(),
  stepMs: z.coerce.number().int().positive(),
  days: z.coerce.number().int().positive(),
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
  const lines = text.split('\n').filter((line) => line !== '')
  const comments = lines.filter((line) => line.startsWith('# '))
  const pairs = comments.map((line) => {
    const at = line.indexOf(': ')
    return [line.slice(2, at), line.slice(at + 2)] as const
  })
  const header = RecordingHeader.parse(Object.fromEntries(pairs))
  const rows = lines.slice(comments.length)
  const metrics = z.array(MetricName).min(1).parse(rows[0]?.split(',').slice(2))
  const steps = (header.days * header.dayMs) / header.stepMs
  const services = [...new Set(rows.slice(1).map((row) => ServiceId.parse(row.split(',')[1])))]
  const values = services.flatMap(() => metrics.map(() => new Float64Array(steps).fill(Number.NaN)))
  rows.slice(1).forEach((row, i) => {
    const [step, service, ...cells] = row.split(',')
    const at = Number(step)
    if (!Number.isInteger(at) || at < 0 || at >= steps || cells.length !== metrics.length) {
      throw new RecordingError(
        `row ${i + 1}: "${row}" is not one of ${steps} steps with ${metrics.length} values`,
      )
    }
    cells.forEach((value, m) => {
      if (value !== '') values[services.indexOf(service!) * metrics.length + m]![at] = Number(value)
    })
  })
  return { header, services, metrics, values }
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
