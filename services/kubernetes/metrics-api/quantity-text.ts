/**
 * Numbers as Kubernetes quantities, in the canonical form of kubernetes/apimachinery pkg/api/resource/quantity.go: the
 * largest decimal suffix that leaves no fraction. Thousandths are rounded up, as consumers count in milli-units.
 */
import assert from 'node:assert/strict'

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const
/** Significant digits of a double that are surely right: 0.7 · 1000 is 700, not 701. */
const DIGITS = 15

/** `value` must be finite and not negative: what is not, is no quantity. */
export function quantityText(value: number): string {
  assert(Number.isFinite(value) && value >= 0, `${value} is no quantity`)
  const milli = Math.ceil(Number((value * 1000).toPrecision(DIGITS)))
  if (!Number.isSafeInteger(milli)) return whole(BigInt(Math.ceil(value)))
  return milli % 1000 === 0 ? whole(BigInt(milli / 1000)) : `${milli}m`
}

function whole(value: bigint): string {
  let rest = value
  let suffix = 0
  while (rest !== 0n && rest % 1000n === 0n && suffix < SUFFIXES.length - 1) {
    rest /= 1000n
    suffix++
  }
  return `${rest}${SUFFIXES[suffix]}`
}
