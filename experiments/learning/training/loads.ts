/**
 * The services that a policy is trained and judged on: synthetic loads of every shape under noise, on services of every size
 * and start-up time, each drawn by the seed. Recorded traces are never among them: they are what a trained policy is
 * compared on.
 */
import { ServiceSpec } from '../../../agents/service-spec.ts'
import { hashUnit, seededRandom } from '../../../datasets/random.ts'
import { syntheticSeries } from '../../../datasets/synthetic.ts'
import type { WorkloadName } from '../../../datasets/workload.ts'
import { normalQuantile } from '../../../forecaster/normal-quantile.ts'
import { type Scenario, Serving } from '../../simulator/scenario.ts'
import type { TrainingConfig } from './config.ts'

const DAY_MS = 86_400_000
const BUSY_QUANTILE = 0.99

export interface TrainingLoad {
  readonly name: string
  readonly scenario: Scenario
  /** Mean load, requests/s, and what carrying it costs at declared capacity, $/hour; one replica at least. */
  readonly usualRps: number
  readonly usualCostPerHour: number
}

/** Loads to learn from, or those to be judged on. */
export function loadsOf(config: TrainingConfig, part: 'learned' | 'judged'): TrainingLoad[] {
  const { workloads, copies, judged } = config.loads
  const [from, to] = part === 'learned' ? [0, copies] : [copies, copies + judged]
  return workloads.flatMap((workload) =>
    Array.from({ length: to - from }, (_, k) => loadOf(config, workload, from + k)),
  )
}

function loadOf(config: TrainingConfig, workload: WorkloadName, copy: number): TrainingLoad {
  const { loads, seed, tickSeconds, episodeTicks } = config
  const name = `${workload}-${copy + 1}`
  const draw = <Value>(what: string, from: readonly Value[]): Value =>
    from[Math.floor(hashUnit('training', seed, name, what) * from.length)]!
  const tickMs = tickSeconds * 1000
  const stepMs = draw('step', loads.stepSeconds) * 1000
  const busyReplicas = draw('busy', loads.busyReplicas)
  const replay = Math.ceil((episodeTicks * tickMs) / stepMs)
  const learn = Math.round((loads.learnDays * DAY_MS) / stepMs)
  // each replay begins at an hour of its own
  const skip = Math.floor((hashUnit('training', seed, name, 'hour') * DAY_MS) / stepMs)
  const days = ((skip + learn + replay) * stepMs) / DAY_MS
  const series = syntheticSeries(workload, { seed: seed + copy, stepMs, days, service: name })
  const noisy = withNoise(series.values, draw('noise', loads.noiseCv), `${seed} ${name}`)
  const serving = Serving.parse({})
  const capacityPerReplica =
    (config.capacityShare * serving.concurrency) / serving.serviceTime.meanSeconds
  const values = scaled(noisy.subarray(skip), busyReplicas * capacityPerReplica)
  const spec = ServiceSpec.parse({
    capacityPerReplica,
    maxReplicas: Math.ceil(2 * busyReplicas),
    startupSeconds: draw('startup', loads.startupSeconds),
  })
  const load = values.slice(learn, learn + replay)
  const usualRps = load.reduce((sum, value) => sum + value, 0) / load.length || capacityPerReplica
  return {
    name,
    usualRps,
    usualCostPerHour: Math.max(1, usualRps / capacityPerReplica) * spec.pricePerReplicaHour,
    scenario: {
      name,
      startMs: series.startMs + (skip + learn) * stepMs,
      ...{ stepMs, tickMs, scrape: config.scrape, synthetic: true, seed },
      costBudgetPerHour: spec.maxReplicas * spec.pricePerReplicaHour,
      services: [{ name, spec, serving, history: values.slice(0, learn), load }],
    },
  }
}

/** Each step times a log-normal factor of mean 1. */
function withNoise(values: Float64Array, cv: number, name: string): Float64Array {
  if (cv === 0) return values
  const sigma = Math.sqrt(Math.log(1 + cv * cv))
  const random = seededRandom('training noise', name)
  return values.map(
    (value) => value * Math.exp(sigma * normalQuantile(inside(random())) - (sigma * sigma) / 2),
  )
}

const inside = (share: number): number => Math.min(Math.max(share, 1e-9), 1 - 1e-9)

/** So that the busy quantile is `busyRps`. */
function scaled(values: Float64Array, busyRps: number): Float64Array {
  const sorted = Float64Array.from(values).sort()
  const busy = sorted[Math.floor(BUSY_QUANTILE * (sorted.length - 1))]! || sorted.at(-1)!
  return busy > 0 ? values.map((value) => (value * busyRps) / busy) : Float64Array.from(values)
}
