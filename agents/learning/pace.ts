/** The pace of learners that learn every few steps, where one step of all environments is several steps at once. */
import type { Statistics } from './learner.ts'

/** How many multiples of `every` lie after `before`, up to `after`. */
export function timesDue(before: number, after: number, every: number): number {
  return Math.floor(after / every) - Math.floor(before / every)
}

/** Updates `times` times, at least once; the mean of each figure. */
export function meanOf(times: number, update: () => Statistics): Statistics {
  const sums: Record<string, number> = {}
  for (let i = 0; i < times; i++)
    for (const [name, value] of Object.entries(update())) sums[name] = (sums[name] ?? 0) + value
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / times]))
}
