/**
 * A plant by one formula, for months in seconds: what violates is what the agents' own curve says (agents/loss.ts), of
 * a replica that starts the part of the interval after its start-up. The fluid simulator knows queues; this one does not.
 */
import { lossOfLoad, violationCurve } from '../../agents/loss.ts'
import type { CreatePlant, Measured } from '../simulator/plant.ts'

/** Load per replica at which half of the requests violate, as a multiple of the declared capacity. */
const SATURATION = 1.25

export const createCurvePlant: CreatePlant = ({ services, tickMs, stepMs }, { initial }) => {
  let tick = 0
  let counts = services.map(({ spec }, i) => initial?.[i] ?? spec.minReplicas)
  return {
    replicas: () => counts.map(countsOf),
    advance(requested) {
      const step = Math.floor((tick++ * tickMs) / stepMs)
      const before = counts
      counts = services.map((_, i) => requested[i]!)
      return services.map(({ spec, load }, i): Measured => {
        const seconds = tickMs / 1000
        const [was, now] = [before[i]!, counts[i]!]
        const waiting = Math.min(1, spec.startupSeconds / seconds)
        const ready = now > was ? was * waiting + now * (1 - waiting) : now
        const { capacityPerReplica } = spec
        const saturation = capacityPerReplica * SATURATION
        const curve = violationCurve(capacityPerReplica, saturation, spec.slo.objective)
        const rps = load[step]!
        const violations = lossOfLoad(curve, rps, ready) * seconds
        const replicaSeconds = now * seconds
        return {
          arrivals: rps * seconds,
          ...{ violations, failures: violations, queued: 0, inService: 0 },
          replicas: countsOf(now),
          utilization: Math.min(1, rps / (ready * saturation)),
          ...{ latencyMeanSeconds: Number.NaN, latencyP95Seconds: Number.NaN },
          replicaSeconds,
          cost: (replicaSeconds / 3600) * spec.pricePerReplicaHour,
        }
      })
    },
  }
}

const countsOf = (requested: number) => ({
  ...{ requested, ready: requested },
  ...{ starting: 0, terminating: 0 },
})
