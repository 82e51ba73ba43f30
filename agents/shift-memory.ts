/** An agent's memory on another clock: every instant that it remembers moved by the same time. */
import type { AgentMemory } from './agent.ts'
import type { HpaMemory } from './hpa/normalize.ts'

/**
 * `byMs` is how far the clock was set: what was a minute ago is a minute ago by the new time too. So windows and rate limits
 * last as long as they say, and neither a clock set forward ends them nor one set back makes them last.
 */
export function shiftMemory(memory: AgentMemory, byMs: number): AgentMemory {
  return {
    ...memory,
    floorMemory: shiftHpa(memory.floorMemory, byMs),
    changes: shiftHpa(memory.changes, byMs),
    wants: shiftAll(memory.wants, byMs),
  }
}

function shiftHpa({ recommendations, scaleUps, scaleDowns }: HpaMemory, byMs: number): HpaMemory {
  return {
    recommendations: shiftAll(recommendations, byMs),
    scaleUps: shiftAll(scaleUps, byMs),
    scaleDowns: shiftAll(scaleDowns, byMs),
  }
}

const shiftAll = <T extends { readonly atMs: number }>(list: readonly T[], byMs: number): T[] =>
  list.map((row) => ({ ...row, atMs: row.atMs + byMs }))
