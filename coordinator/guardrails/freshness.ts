/**
 * No data, no shrink: without fresh data a service keeps what it has; with none at all it does not grow either.
 * What it holds beyond the reactive floor may still be called in when the budget needs it for another's reactive
 * need; hence the lower end is the floor's own count, and what lies between is kept by priority (see ../tick.ts).
 */
import { type Guardrail, narrow } from './guardrail.ts'

export const freshness: Guardrail = (range, { observation, memory }) => {
  const current = observation.replicas.requested
  if (observation.freshness === 'fresh' && !Number.isNaN(observation.loadRps)) return range
  const least = Math.min(current, memory.floorReplicas)
  const dead = observation.freshness === 'dead' || Number.isNaN(observation.loadRps)
  return narrow(range, least, dead ? Math.max(current, least) : range.max)
}
