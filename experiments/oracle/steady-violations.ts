/**
 * How many requests of a tick violate when its load meets so many ready replicas and no queue from before: what the
 * oracle counts with. Asked of the fluid plant itself, one tick at a time. A queue that was there can only make it worse,
 * so in that plant no controller does better at the same counts.
 *
 * Loads are told apart by a quarter of a percent, the lower one taken.
 */
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import type { Scenario, SimulatedService } from '../simulator/scenario.ts'

const GRAIN = Math.log(1.0025)

/** `(tick, ready) → requests outside the SLO`, of service `i`; what its callees do to it is not in it. */
export function steadyViolations(
  scenario: Scenario,
  i: number,
): (tick: number, ready: number) => number {
  const { stepMs, tickMs } = scenario
  const service = scenario.services[i]!
  const ticksAStep = stepMs / tickMs
  const shares = new Map<number, Float64Array>()
  const seconds = tickMs / 1000
  return (tick, ready) => {
    const load = service.load[Math.floor(tick / ticksAStep)]!
    if (!(load > 0)) return 0
    const level = Math.floor(Math.log(load) / GRAIN)
    let known = shares.get(level)
    if (known === undefined) {
      known = new Float64Array(service.spec.maxReplicas + 1).fill(Number.NaN)
      shares.set(level, known)
    }
    known[ready] = Number.isNaN(known[ready]!)
      ? shareOf(scenario, service, Math.exp(level * GRAIN), ready)
      : known[ready]!
    return known[ready]! * load * seconds
  }
}

/** Share of a tick's requests that violate. */
function shareOf(
  scenario: Scenario,
  service: SimulatedService,
  loadRps: number,
  ready: number,
): number {
  const serving = { ...service.serving, calls: [], crashesPerReplicaHour: 0 }
  const services = [{ ...service, serving, load: Float64Array.of(loadRps) }]
  const plant = createFluidPlant(
    { ...scenario, services },
    { initial: [ready], random: () => noChance },
  )
  const measured = plant.advance([ready])[0]!
  return measured.arrivals > 0 ? measured.violations / measured.arrivals : 0
}

const noChance = (): number => 0.5
