/** The declared services over the replayed days, as a scenario; and a load test of what is declared. */
import { Behavior, ServiceSpec } from '../../agents/service-spec.ts'
import { seededRandom } from '../../datasets/random.ts'
import { type Manifest, ManifestError } from '../../services/kubernetes/manifests/manifest.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { type Scenario, Scrape, Serving, type SimulatedService } from '../simulator/scenario.ts'
import type { Declared } from './declared.ts'
import type { History, HistoryService } from './history.ts'

/** A service as both arms meet it. */
export interface Replayed {
  readonly manifest: Manifest
  readonly declared: Declared
  readonly history: HistoryService
  /** Requests/s that one replica carries within its SLO, as its owner would declare it: see `loadTest`. */
  readonly capacityWithinSlo: number
}

/** Decisions come this often at most, as an HPA's do. */
const LONGEST_TICK_SECONDS = 15
const TEST_TICK_MS = 15_000
const TEST_TICKS = 40
/** The first half is settling. */
const SETTLED = TEST_TICKS / 2
/**
 * Saturation ÷ capacity that an agent believes in before it has learned (agents/capacity.ts): where the SLO holds up to the
 * edge of saturation, its owner declares so much less that this is true.
 */
const KNEE = 1.25
/** Of capacity; to guess how many replicas there usually are. */
const USUAL_UTILIZATION = 0.7

/** The longest tick up to 15 s that divides the step; the step itself where it is shorter. */
export function tickOf(stepMs: number): number {
  const seconds = stepMs / 1000
  if (seconds <= LONGEST_TICK_SECONDS) return stepMs
  for (let tick = LONGEST_TICK_SECONDS; tick > 1; tick--)
    if (Number.isInteger(seconds / tick)) return tick * 1000
  return 1000
}

export interface ScenarioOptions {
  /** $/hour; none at all when absent. */
  readonly budget?: number | undefined
  readonly seed: number
}

export function scenarioOf(
  { startMs, stepMs }: Pick<History, 'startMs' | 'stepMs'>,
  services: readonly Replayed[],
  { budget, seed }: ScenarioOptions,
): Scenario {
  const simulated = services.map(simulatedOf)
  return {
    name: 'whatif',
    startMs,
    stepMs,
    tickMs: tickOf(stepMs),
    costBudgetPerHour: budget ?? mostCost(simulated),
    services: simulated,
    scrape: Scrape.parse({}),
    synthetic: false,
    seed,
  }
}

/** $/hour when every service has all that its owner allows: a budget that limits nothing. */
function mostCost(services: readonly SimulatedService[]): number {
  return services.reduce((sum, { spec }) => sum + spec.maxReplicas * spec.pricePerReplicaHour, 0)
}

function simulatedOf(replayed: Replayed): SimulatedService {
  const { declared, history, capacityWithinSlo } = replayed
  return {
    name: history.service,
    spec: specOf(replayed, capacityWithinSlo),
    serving: servingOf(declared),
    history: history.history,
    load: history.load,
  }
}

/** Bounds, rate limits and price are the manifest's and the owner's, the same for whoever scales. */
function specOf(
  { manifest, declared }: Pick<Replayed, 'manifest' | 'declared'>,
  capacityPerReplica: number,
): ServiceSpec {
  return ServiceSpec.parse({
    minReplicas: manifest.keda?.idleReplicas ?? manifest.minReplicas,
    maxReplicas: manifest.maxReplicas,
    pricePerReplicaHour: declared.pricePerReplicaHour,
    slo: { latencySeconds: declared.sloSeconds, objective: declared.objective },
    capacityPerReplica,
    startupSeconds: declared.startupSeconds,
    behavior: manifest.behavior ?? Behavior.parse({}),
  })
}

function servingOf({ concurrency, serviceSeconds }: Declared): Serving {
  return Serving.parse({
    concurrency,
    serviceTime: { meanSeconds: serviceSeconds },
    timeoutSeconds: Math.max(10, 10 * serviceSeconds),
  })
}

/**
 * Most requests/s a replica, in whole percent of the declared capacity and at most 1 ÷ KNEE of it, at which a constant
 * load on as many replicas as were usual before the replay keeps the SLO. Throws a ManifestError where even an idle
 * service misses it.
 */
export function loadTest(
  manifest: Manifest,
  declared: Declared,
  { history }: Pick<HistoryService, 'history'>,
): number {
  const known = history.filter((value) => !Number.isNaN(value))
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const { capacity } = declared
  const usual = Math.ceil(mean / (USUAL_UTILIZATION * capacity))
  const replicas = Math.min(manifest.maxReplicas, Math.max(1, manifest.minReplicas, usual))
  const keeps = (percent: number): boolean =>
    violationsAt({ manifest, declared, replicas, rps: (percent / 100) * capacity * replicas }) <=
    1 - declared.objective
  if (!keeps(1))
    throw new ManifestError(
      manifest.place,
      'SLO',
      `${100 * declared.objective} % within ${declared.sloSeconds} s`,
      `what requests of ${declared.serviceSeconds} s can meet on an idle replica: these cannot, whoever scales`,
    )
  let [good, bad] = [1, Math.floor(100 / KNEE) + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (keeps(middle)) good = middle
    else bad = middle
  }
  return (good / 100) * capacity
}

interface Test {
  readonly manifest: Manifest
  readonly declared: Declared
  readonly replicas: number
  readonly rps: number
}

function violationsAt({ manifest, declared, replicas, rps }: Test): number {
  const scenario: Scenario = {
    name: 'load test',
    startMs: 0,
    stepMs: TEST_TICK_MS,
    tickMs: TEST_TICK_MS,
    costBudgetPerHour: Number.POSITIVE_INFINITY,
    services: [
      {
        name: 'service',
        spec: specOf({ manifest, declared }, declared.capacity),
        serving: servingOf(declared),
        history: new Float64Array(0),
        load: new Float64Array(TEST_TICKS).fill(rps),
      },
    ],
    scrape: Scrape.parse({}),
    synthetic: true,
    seed: 1,
  }
  const random = (name: string) => seededRandom('load test', name)
  const plant = createFluidPlant(scenario, { initial: [replicas], random })
  let arrivals = 0
  let violations = 0
  for (let tick = 0; tick < TEST_TICKS; tick++) {
    const measured = plant.advance([replicas])[0]!
    if (tick < SETTLED) continue
    arrivals += measured.arrivals
    violations += measured.violations
  }
  return arrivals > 0 ? violations / arrivals : 0
}
