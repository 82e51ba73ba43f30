/**
 * The same scenario and the same replica counts through both simulators: what each measured over a whole run, and how far
 * the fluid one is from the one that knows every request.
 */
import { ServiceSpec } from '../../agents/service-spec.ts'
import { seededRandom } from '../../datasets/random.ts'
import { createFluidPlant } from './fluid/plant.ts'
import type { CreatePlant, Measured } from './plant.ts'
import { createRequestPlant } from './requests/plant.ts'
import { type Scenario, Scrape, Serving } from './scenario.ts'

const TICK_MS = 15_000

export interface Setting {
  readonly name: string
  readonly serving: object
  readonly spec?: object
  /** Of the first service, requests/s a minute; and replicas asked for a minute. */
  readonly load: readonly number[]
  readonly replicas: readonly number[]
  /** Minutes at the beginning that do not count. */
  readonly warmUp: number
  /** Further services without load of their own, and how many replicas each has. */
  readonly callees?: readonly {
    readonly name: string
    readonly serving: object
    readonly replicas: number
  }[]
}

export interface Figures {
  readonly utilization: number
  /** Mean of what waited at the ends of the intervals. */
  readonly queued: number
  readonly latencyMeanSeconds: number
  readonly latencyP95Seconds: number
  readonly violationRatio: number
  readonly failureRatio: number
  readonly cost: number
}

export function scenarioOf(setting: Setting): Scenario {
  const none = Float64Array.from(setting.load, () => 0)
  const spec = ServiceSpec.parse({ maxReplicas: 1000, ...setting.spec })
  const history = new Float64Array(0)
  return {
    name: setting.name,
    startMs: 0,
    stepMs: 60_000,
    tickMs: TICK_MS,
    costBudgetPerHour: 1000,
    services: [
      {
        name: 'web',
        spec,
        serving: Serving.parse(setting.serving),
        history,
        load: Float64Array.from(setting.load),
      },
      ...(setting.callees ?? []).map(({ name, serving }) => ({
        name,
        spec,
        serving: Serving.parse(serving),
        history,
        load: none,
      })),
    ],
    scrape: Scrape.parse({}),
    synthetic: true,
    seed: 1,
  }
}

/** Of the first service; the mean of `seeds` runs. */
export function figuresOf(setting: Setting, createPlant: CreatePlant, seeds: number): Figures {
  const scenario = scenarioOf(setting)
  const others = (setting.callees ?? []).map(({ replicas }) => replicas)
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const plant = createPlant(scenario, {
      initial: [setting.replicas[0]!, ...others],
      random: (name) => seededRandom(seed, name),
    })
    const measured: Measured[] = []
    for (let minute = 0; minute < setting.load.length; minute++) {
      for (let tick = 0; tick < 60_000 / TICK_MS; tick++) {
        const now = plant.advance([setting.replicas[minute]!, ...others])[0]!
        if (minute >= setting.warmUp) measured.push(now)
      }
    }
    return summed(measured)
  })
  return Object.fromEntries(
    Object.keys(runs[0]!).map((key) => [
      key,
      runs.reduce((sum, run) => sum + run[key as keyof Figures], 0) / seeds,
    ]),
  ) as unknown as Figures
}

function summed(measured: readonly Measured[]): Figures {
  const sum = (of: (one: Measured) => number): number =>
    measured.reduce((total, one) => total + of(one), 0)
  const arrivals = sum((one) => one.arrivals)
  const answers = (one: Measured): number =>
    Number.isNaN(one.latencyMeanSeconds) ? 0 : Math.max(0, one.arrivals - one.failures)
  const answered = sum(answers)
  const weighed = (of: (one: Measured) => number): number =>
    sum((one) => (answers(one) > 0 ? answers(one) * of(one) : 0)) / answered
  return {
    utilization: sum((one) => one.utilization) / measured.length,
    queued: sum((one) => one.queued) / measured.length,
    latencyMeanSeconds: weighed((one) => one.latencyMeanSeconds),
    latencyP95Seconds: weighed((one) => one.latencyP95Seconds),
    violationRatio: sum((one) => one.violations) / arrivals,
    failureRatio: sum((one) => one.failures) / arrivals,
    cost: sum((one) => one.cost),
  }
}

export interface Compared {
  readonly setting: Setting
  readonly fluid: Figures
  readonly requests: Figures
}

export function compare(setting: Setting, seeds: number): Compared {
  return {
    setting,
    fluid: figuresOf(setting, createFluidPlant, 1),
    requests: figuresOf(setting, createRequestPlant, seeds),
  }
}

const steady = (loadRps: number, minutes: number): number[] => Array(minutes).fill(loadRps)

/** Below, near and above saturation, few and many replicas, every balancing policy and law; backlogs that come and go. */
export const SETTINGS: readonly Setting[] = [
  ...[0.5, 0.7, 0.85, 0.95].flatMap((share) => [
    atRest(`4 × 4 places, ${share}`, share, 4, {}),
    atRest(`25 × 4 places, ${share}`, share, 25, {}),
    atRest(`8 × 1 place, ${share}`, share, 8, { concurrency: 1 }),
  ]),
  ...(['random', 'round-robin', 'two-choices'] as const).flatMap((balancing) =>
    [0.5, 0.7, 0.85].map((share) =>
      atRest(`6 × 4 places, ${balancing}, ${share}`, share, 6, { balancing }),
    ),
  ),
  ...[0.7, 0.9].flatMap((share) => [
    atRest(`6 × 4 places, exponential, ${share}`, share, 6, {
      serviceTime: { distribution: 'exponential' },
    }),
    atRest(`6 × 4 places, deterministic, ${share}`, share, 6, {
      serviceTime: { distribution: 'deterministic' },
    }),
    atRest(`6 × 4 places, cv 1.5, ${share}`, share, 6, { serviceTime: { cv: 1.5 } }),
  ]),
  atRest('1.2 times saturation, the queue full', 1.2, 5, {}),
  atRest('1.2 times saturation, clients give up', 1.2, 5, { timeoutSeconds: 1 }),
  atRest('1.2 times saturation, clients come back', 1.2, 5, {
    queueLimit: 10,
    retries: { most: 2, backoffSeconds: 1 },
  }),
  {
    name: 'a step up that is followed after 2 minutes',
    serving: {},
    load: [100, 100, 100, 260, 260, 260, 260, 260, 260, 100, 100, 100],
    replicas: [4, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 4],
    warmUp: 1,
  },
  {
    name: 'a wave that is followed',
    serving: {},
    load: Array.from({ length: 40 }, (_, minute) => 200 + 120 * Math.sin(minute / 6)),
    replicas: Array.from({ length: 40 }, (_, minute) =>
      Math.ceil((200 + 120 * Math.sin(minute / 6)) / 34),
    ),
    warmUp: 1,
  },
  {
    name: 'calls: order to payment and to stock twice',
    serving: {
      calls: [{ service: 'payment' }, { service: 'stock', perRequest: 2 }],
    },
    spec: { slo: { latencySeconds: 0.8 } },
    load: steady(50, 15),
    replicas: steady(8, 15),
    warmUp: 2,
    callees: [
      { name: 'payment', serving: {}, replicas: 2 },
      { name: 'stock', serving: { serviceTime: { meanSeconds: 0.05 } }, replicas: 2 },
    ],
  },
  {
    name: 'calls: a callee at saturation holds its caller back',
    serving: { calls: [{ service: 'payment' }] },
    load: [...steady(50, 5), ...steady(95, 3), ...steady(50, 6)],
    replicas: steady(6, 14),
    warmUp: 2,
    callees: [{ name: 'payment', serving: {}, replicas: 2 }],
  },
]

/** At a share of what the replicas carry at most. */
function atRest(name: string, share: number, replicas: number, serving: object): Setting {
  const { concurrency, serviceTime } = Serving.parse(serving)
  const loadRps = (share * replicas * concurrency) / serviceTime.meanSeconds
  // about as many requests in every setting
  const minutes = Math.max(12, Math.ceil(60_000 / loadRps / 60)) + 2
  return {
    name,
    serving,
    load: steady(loadRps, minutes),
    replicas: steady(replicas, minutes),
    warmUp: 2,
  }
}
