/** Figures as a person reads them: few digits, a unit on everything, a dash where nothing is known. */

const MISSING = '–'

/** Three significant digits at most, without exponents. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING
  const size = Math.abs(value)
  if (size >= 10_000) return `${Math.round(value / 1000)}k`
  if (size >= 100) return String(Math.round(value))
  if (size >= 10) return value.toFixed(1)
  return size === 0 ? '0' : value.toFixed(size >= 1 ? 1 : 2)
}

/** The label of an axis: no digits that say nothing. */
export const tick = (value: number): string => String(Number(value.toPrecision(3)))

export const secondsTick = (value: number): string =>
  value > 0 && value < 1 ? `${Math.round(value * 1000)} ms` : `${tick(value)} s`

/** A difference of replicas: +1.5, −0.3. */
export const signed = (replicas: number): string =>
  `${replicas < 0 ? '−' : '+'}${Math.abs(replicas).toFixed(1)}`
export const rps = (value: number | null | undefined): string => unit(figure(value), 'req/s')
export const perHour = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? MISSING
    : `$${value.toFixed(2)}/h`
export const price = (value: number | null | undefined): string =>
  unit(figure(value), 'req/s per $/h')

/** A latency: ms below a second, s above. */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 2 : 1)} s`
}

/** A share as per cent. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING
  const hundredths = value * 100
  if (hundredths === 0) return '0 %'
  if (hundredths < 0.1) return '<0.1 %'
  return `${hundredths.toFixed(hundredths < 10 ? 1 : 0)} %`
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? MISSING
    : String(Math.round(value * 10) / 10)
}

/** A span of time in its largest fitting unit. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`.replace('.0 s', ' s')
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return `${Math.round(ms / 3_600_000)} h`
}

function unit(text: string, name: string): string {
  return text === MISSING ? text : `${text} ${name}`
}
