/**
 * Splits a point path into its parts. What its border cut off (a path is never negative) is the rest, so that the parts
 * always sum to the path.
 */
import type { Component } from '../model.ts'

/** `parts`, all as long as `path`, and a `rest` where they miss it. */
export function withRest(path: Float64Array, parts: readonly Component[]): Component[] {
  const rest = path.slice()
  for (const { values } of parts) for (let k = 0; k < rest.length; k++) rest[k]! -= values[k]!
  const exact = rest.every((v, k) => Math.abs(v) <= 1e-9 * (1 + Math.abs(path[k]!)))
  return exact ? [...parts] : [...parts, { name: 'rest', values: rest }]
}
