/** A plant whose figures can be worked out by hand, for tests and for the comparison with Python (experiments/bench/simulator). */
import type { CreatePlant, Measured } from '../simulator/plant.ts'
import type { SimulatedService } from '../simulator/scenario.ts'

/**
 * A replica asked for serves from the next interval on, one told to go leaves at once. Each carries
 * concurrency ÷ mean service time; half of what is beyond it is late, the other half fails.
 */
export const createPlainPlant: CreatePlant = (scenario, { initial }) => {
  const { services, tickMs, stepMs } = scenario
  const ticksAStep = stepMs / tickMs
  let tick = 0
  let counts = services.map(({ spec }, i) => ({
    ready: initial?.[i] ?? spec.minReplicas,
    starting: 0,
  }))
  const replicas = () =>
    counts.map(({ ready, starting }) => ({
      requested: ready + starting,
      ready,
      starting,
      terminating: 0,
    }))
  return {
    replicas,
    advance(requested) {
      const step = Math.floor(tick++ / ticksAStep)
      counts = counts.map(({ ready, starting }, i) => {
        const serving = Math.min(ready + starting, requested[i]!)
        return { ready: serving, starting: requested[i]! - serving }
      })
      const now = replicas()
      return services.map((service, i) => measure(service, service.load[step]!, now[i]!, tickMs))
    },
  }
}

function measure(
  { spec, serving }: SimulatedService,
  loadRps: number,
  replicas: Measured['replicas'],
  tickMs: number,
): Measured {
  const seconds = tickMs / 1000
  const capacity = (replicas.ready * serving.concurrency) / serving.serviceTime.meanSeconds
  const arrivals = Math.round(loadRps * seconds)
  const violations = Math.round(Math.max(0, loadRps - capacity) * seconds)
  const replicaSeconds = (replicas.ready + replicas.starting) * seconds
  return {
    arrivals,
    violations,
    failures: Math.floor(violations / 2),
    queued: 0,
    inService: 0,
    replicas,
    utilization: Math.min(1, loadRps / capacity),
    latencyMeanSeconds: serving.serviceTime.meanSeconds,
    latencyP95Seconds: serving.serviceTime.meanSeconds,
    replicaSeconds,
    cost: (replicaSeconds / 3600) * spec.pricePerReplicaHour,
  }
}
