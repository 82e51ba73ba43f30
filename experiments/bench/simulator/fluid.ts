/**
 * How many intervals of a service the fluid simulator gets through, quiet and overloaded, and a step of two services beside
 * one of a Gymnasium environment of gym-hpa's kind, once as gym-hpa does it (recorded rows in a pandas frame, a line of CSV
 * a step) and once with the same rows in numpy arrays (why not gym-hpa itself: the peer's own header). Processor time of
 * one thread, the least of several turns.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { ServiceSpec } from '../../../agents/service-spec.ts'
import { createFluidPlant } from '../../simulator/fluid/plant.ts'
import { type Scenario, Scrape, Serving } from '../../simulator/scenario.ts'
import type { Figure } from '../timing.ts'

const PEER = fileURLToPath(new URL('../peers/recorded_environment_speed.py', import.meta.url))
const INSTALL = fileURLToPath(new URL('../peers/install-pandas.sh', import.meta.url))
/** Many short ones: on a busy machine some fall between its work. */
const RUNS = 12
const PEER_RUNS = 6
const SERVICES = 2
const STEPS = 40_000
const PEERS = [
  { kind: 'arrays', words: 'its rows in numpy arrays', steps: 10_000 },
  { kind: 'frame', words: 'its rows in a pandas frame, as gym-hpa has them', steps: 200 },
] as const
const REPLICAS = 5
/** Requests/s that those replicas carry at most. */
const CAPACITY = 200

const Answer = z.object({ version: z.string(), stepsPerSecond: z.number(), reward: z.number() })

/** Of a Python with gymnasium, which gets pandas if it has none. Throws what the shell or Python says where it cannot. */
export function benchFluid(python: string): Figure[] {
  execFileSync('sh', [INSTALL, python], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ours = [0.5, 0.9, 1.1].map((share) => ({ share, steps: fluidStepsPerSecond(share) }))
  return PEERS.flatMap(({ kind, words, steps: peerSteps }) => {
    const input = `${JSON.stringify({ kind, steps: peerSteps, runs: PEER_RUNS, seed: 1 })}\n`
    const { version, stepsPerSecond } = Answer.parse(
      JSON.parse(execFileSync(python, [PEER], { input, encoding: 'utf8' })),
    )
    const speed = `${(stepsPerSecond / 1000).toPrecision(2)} thousand steps/s`
    return ours.map(({ share, steps }) => ({
      name: `simulator.fluid.at${Math.round(100 * share)}%.${kind}`,
      value: (steps * SERVICES) / 1e6,
      unit: 'million service-steps/s',
      peer: `an environment of gym-hpa's kind on Gymnasium ${version}, 2 deployments, ${words}: ${speed}`,
      ratio: steps / stepsPerSecond,
    }))
  })
}

function fluidStepsPerSecond(share: number): number {
  const scenario = waves(share)
  const requested = Array<number>(SERVICES).fill(REPLICAS)
  let best = 0
  for (let run = 0; run <= RUNS; run++) {
    const plant = createFluidPlant(scenario, { initial: requested, random: () => () => 0.5 })
    const before = process.cpuUsage()
    for (let step = 0; step < STEPS; step++) plant.advance(requested)
    const { user, system } = process.cpuUsage(before)
    // the first is not counted
    if (run > 0) best = Math.max(best, STEPS / ((user + system) / 1e6))
  }
  return best
}

/** Load that is another one every minute, four decisions a minute. */
function waves(share: number): Scenario {
  const history = new Float64Array(0)
  return {
    name: 'bench',
    startMs: 0,
    stepMs: 60_000,
    tickMs: 15_000,
    costBudgetPerHour: 100,
    services: Array.from({ length: SERVICES }, (_, i) => ({
      name: `service-${i}`,
      spec: ServiceSpec.parse({}),
      serving: Serving.parse({}),
      history,
      load: Float64Array.from(
        { length: STEPS / 4 },
        (_, minute) => CAPACITY * share * (1 + 0.05 * Math.sin(minute / 7 + i)),
      ),
    })),
    scrape: Scrape.parse({}),
    synthetic: true,
    seed: 1,
  }
}
