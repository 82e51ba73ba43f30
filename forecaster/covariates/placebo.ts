/**
 * A test by placebos in time (Abadie, Diamond & Hainmueller 2015, § 4): does a covariate explain more where it was than
 * shifted to other times? It holds whatever the noise looks like, as long as it looks alike all along.
 */
import { type Column, type Estimate, longestOf } from './estimate.ts'

const PLACEBOS = 199
const LEAST_PLACEBOS = 50
const PLACEBO_SHARE = 0.02
const CLIP_DEVIATIONS = 4
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Whether the column explains about as much when it is shifted to other times. */
export function isPlacebo({ rest, columns, weights, deviation }: Estimate, own: number): boolean {
  const column = columns[own]!
  const limit = CLIP_DEVIATIONS * deviation
  const left = rest.slice()
  columns.forEach(({ on, x }, c) => {
    if (c !== own) for (const t of on) left[t]! -= weights[c]! * x[t]!
  })
  if (limit > 0)
    for (let t = 0; t < left.length; t++) left[t] = Math.min(Math.max(left[t]!, -limit), limit)
  const real = explainedBy(column, left, 0)
  if (real === undefined) return true
  // where the event really was on is no place for a placebo
  if (column.shape.kind === 'event') for (const t of column.on) left[t] = Number.NaN
  const widest = longestOf(column)
  const room = left.length - 2 * widest
  let valid = 0
  let asGood = 0
  for (let i = 1; i <= PLACEBOS; i++) {
    const explained = explainedBy(column, left, widest + Math.floor(((i * GOLDEN) % 1) * room))
    if (explained === undefined) continue
    valid++
    if (explained >= real) asGood++
  }
  return valid < LEAST_PLACEBOS || (1 + asGood) / (1 + valid) > PLACEBO_SHARE
}

/** |Σ x · left| / √Σ x² with the column shifted; undefined when less than half of it falls on steps that are known. */
function explainedBy({ x, on }: Column, left: Float64Array, shift: number): number | undefined {
  let [sum, squares, all] = [0, 0, 0]
  for (const t of on) {
    const at = (t + shift) % left.length
    all += x[t]! ** 2
    if (Number.isNaN(left[at]!)) continue
    sum += x[t]! * left[at]!
    squares += x[t]! ** 2
  }
  return squares > 0 && squares >= all / 2 ? Math.abs(sum) / Math.sqrt(squares) : undefined
}
