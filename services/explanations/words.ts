/** Names of the parts of a forecast as a person reads them. */
import type { ForecastPart } from './view.ts'

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [7 * 86_400_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
]

/** `season of a day`, `covariate sale`, `correction by recent errors`. */
export function partWords({ name, seasonMs, model, covariate }: ForecastPart): string {
  switch (name) {
    case 'season':
      return `season of ${spanWords(seasonMs ?? 0)}`
    case 'covariate':
      return covariate ?? name
    case 'correction':
      return 'correction by recent errors'
    case 'shift':
      return 'shift to a load that has left'
    case 'rest':
      return model === null ? 'rest' : `all that ${model} says`
    default:
      return name
  }
}

/** `a day`, `4 minutes`. */
export function spanWords(ms: number): string {
  const [unitMs, unit] = UNITS.find(([size]) => ms >= size && ms % size === 0) ?? [1000, 'second']
  const count = Math.round((ms / unitMs) * 10) / 10
  return count === 1 ? `a${unit === 'hour' ? 'n' : ''} ${unit}` : `${count} ${unit}s`
}
