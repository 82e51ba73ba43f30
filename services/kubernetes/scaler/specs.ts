/**
 * Targets that follow what was learned, in steps: KEDA builds an autoscaler of a spec and keeps it, so a target moves only
 * when the learned capacity has left it by a tenth, and all who ask are told the same one.
 */
const SMALLEST_CHANGE = 0.1
const DIGITS = 3

export interface Targets {
  /** Requests/s that one replica is to carry, of a service with this learned capacity now. */
  targetRps(service: string, capacityRps: number): number
}

export function createTargets(): Targets {
  const told = new Map<string, number>()
  return {
    targetRps(service, capacityRps) {
      const before = told.get(service)
      if (before !== undefined && Math.abs(capacityRps - before) <= SMALLEST_CHANGE * before)
        return before
      const next = Number(capacityRps.toPrecision(DIGITS))
      told.set(service, next)
      return next
    },
  }
}
