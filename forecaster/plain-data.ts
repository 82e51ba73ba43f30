/**
 * The border of every state: which numbers may enter, and how typed arrays come back from JSON.
 * A load is finite and not negative; what is not counts as missing, so that one broken sample never
 * poisons a recursion.
 */
import { z } from 'zod'

/** Larger values are a broken sensor, not a load; squares and sums of them still are finite. */
export const LARGEST_VALUE = 1e12

/** The value when a model may learn from it, else NaN. */
export function usable(value: number): number {
  return value >= 0 && value <= LARGEST_VALUE ? value : Number.NaN
}

/** A copy of `history` in which every value is usable or NaN. */
export function usableHistory(history: Float64Array): Float64Array {
  return history.map(usable)
}

/** The nearest number that a path may hold; NaN stays NaN, so that a failed model is seen to have failed. */
export function clampToPath(value: number): number {
  return Math.min(Math.max(value, 0), LARGEST_VALUE)
}

/** Finite numbers from an array, a typed array, or what JSON makes of a typed array ({"0": …, "1": …}). */
export const FiniteNumbers = z.unknown().transform((stored, context): Float64Array => {
  const items: unknown[] =
    stored instanceof Float64Array || Array.isArray(stored)
      ? Array.from(stored)
      : typeof stored === 'object' && stored !== null
        ? Object.values(stored)
        : []
  const out = new Float64Array(items.length)
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (typeof item === 'number' && Number.isFinite(item)) out[i] = item
    else {
      context.addIssue({
        code: 'custom',
        message: `element ${i} is ${String(item)}, must be a finite number`,
      })
      return z.NEVER
    }
  }
  if (out.length === 0)
    context.addIssue({ code: 'custom', message: 'must be an array of at least one number' })
  return out
})
