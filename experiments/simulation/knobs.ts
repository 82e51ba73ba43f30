/**
 * What a seed chooses beside its faults: lengths of ticks and steps, services with their bounds, prices and scaling
 * policies, budgets, time-outs, speeds. Values far from the usual ones come up often, as bugs live there (FoundationDB
 * calls it buggification).
 */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import { AppConfig } from '../../services/config.ts'
import { type Chance, chanceOf } from './chance.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export interface Knobs {
  readonly seed: number
  readonly config: AppConfig
  readonly controllers: number
  readonly services: readonly string[]
  readonly startReplicas: ReadonlyMap<string, number>
  /** Mean load of each service, requests/s. */
  readonly loads: ReadonlyMap<string, number>
  readonly startupMs: ReadonlyMap<string, number>
  readonly drainMs: number
  /** How long each kind of call waits for its answer, ms. */
  readonly timeoutMs: number
  readonly wayMs: number
  readonly ledgerWorkMs: number
  /** From the end of a step until its samples are stored, ms. */
  readonly collectMs: number
  /** Wall clocks of controllers, ms off; drift of their clocks. */
  readonly skewsMs: readonly number[]
  readonly drifts: readonly number[]
  /** Length of the part with faults, ms. */
  readonly lengthMs: number
}

export interface KnobChoice {
  readonly controllers?: number | undefined
  readonly lengthMs?: number | undefined
  readonly tickMs?: number | undefined
  /** Wall clocks may be off by so much, ms. */
  readonly skewMs?: number | undefined
}

type Behavior = Record<string, unknown>

const BEHAVIORS: readonly Behavior[] = [
  {},
  { scaleDown: { stabilizationWindowSeconds: 0 } },
  {
    scaleDown: {
      stabilizationWindowSeconds: 60,
      policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
    },
  },
  { scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } },
  {
    scaleUp: {
      stabilizationWindowSeconds: 60,
      policies: [{ type: 'Percent', value: 50, periodSeconds: 120 }],
    },
    scaleDown: { policies: [{ type: 'Percent', value: 30, periodSeconds: 120 }] },
  },
]

function specOf(chance: Chance): Record<string, unknown> {
  const minReplicas = chance.pick([0, 1, 1, 1, 2, 3])
  return {
    minReplicas,
    maxReplicas: Math.max(1, minReplicas) + chance.pick([0, 3, 10, 20, 30]),
    pricePerReplicaHour: chance.pick([0.05, 0.1, 0.1, 0.37]),
    weight: chance.pick([1, 1, 3, 10]),
    fairShare: chance.pick([0, 0, 0, 0.5]),
    policy: chance.pick(['predictive', 'predictive', 'predictive', 'reactive']),
    capacityPerReplica: 10,
    startupSeconds: chance.pick([0, 10, 30, 120]),
    targetUtilization: chance.pick([0.6, 0.8, 1]),
    behavior: chance.pick(BEHAVIORS),
  }
}

/** Most ticks are long, so that many days fit in a minute; [s, share of seeds]. */
const TICKS: readonly (readonly [number, number])[] = [
  [15, 0.01],
  [30, 0.02],
  [60, 0.12],
  [120, 0.25],
  [300, 0.6],
]

function tickOf(unit: number): number {
  let below = 0
  const chosen = TICKS.find(([, share]) => {
    below += share
    return unit < below
  })
  return (chosen ?? TICKS.at(-1)!)[0] * SECOND_MS
}

export function knobsOf(seed: number, choice: KnobChoice = {}): Knobs {
  const chance = chanceOf(seed, 'knobs')
  const tickMs = choice.tickMs ?? tickOf(chance.unit())
  const stepMs = tickMs * chance.pick([0.5, 1, 1, 1, 2])
  const names = Array.from({ length: chance.whole(1, 5) }, (_, i) => `s${i}`)
  const specs = Object.fromEntries(names.map((name) => [name, specOf(chance)]))
  const seasonSteps = chance.pick([12, 20, 30])
  const controllers = choice.controllers ?? 1
  const draft = AppConfig.parse({
    // what several share, for the rule that an election needs it; the ledger itself is simulated
    ledger: controllers > 1 ? { kind: 'postgresql', urlEnv: 'SIMULATED' } : { kind: 'embedded' },
    ...{ tickMs, stepMs, mode: 'enforce', seed, services: specs },
    leader: {
      election: controllers > 1,
      ...{ durationMs: tickMs / 2, renewDeadlineMs: tickMs / 3, retryMs: tickMs / 15 },
    },
    retentionMs: chance.pick([3, 8, 30]) * HOUR_MS,
    forecast: {
      seasonsMs: chance.pick([[seasonSteps * stepMs], [seasonSteps * stepMs], []]),
      models: ['seasonal-naive'],
      horizonSteps: chance.pick([5, 10, 20]),
      historySteps: chance.pick([100, 150]),
      expirySteps: chance.pick([1, 3, 5]),
      origins: 3,
      refitMs: chance.pick([3, 6, 12]) * HOUR_MS,
    },
    freshness: chance.pick([{}, { lateAfterSteps: 1, staleAfterSteps: 2, deadAfterSteps: 4 }]),
  })
  const cost = (count: (spec: ServiceSpec) => number) =>
    Object.values(draft.services).reduce((sum, s) => sum + count(s) * s.pricePerReplicaHour, 0)
  const least = cost((s) => s.minReplicas)
  const most = cost((s) => s.maxReplicas)
  const share = chance.pick([0.05, 0.3, 0.5, 0.7, 1.1])
  const costBudgetPerHour = Math.max(
    0.05,
    least * chance.pick([0.7, 1, 1, 1]) + (most - least) * share,
  )
  const skewMs = choice.skewMs ?? 500
  return {
    ...{ seed, controllers, services: names },
    config: { ...draft, costBudgetPerHour },
    startReplicas: new Map(
      names.map((name) => [name, Math.max(1, draft.services[name]!.minReplicas)]),
    ),
    loads: new Map(
      names.map((name) => [name, draft.services[name]!.maxReplicas * chance.between(2, 9)]),
    ),
    startupMs: new Map(names.map((name) => [name, chance.pick([0, 5, 30, 150]) * SECOND_MS])),
    drainMs: chance.pick([0, 2, 10, 30]) * SECOND_MS,
    timeoutMs: chance.pick([0.5, 1, 2]) * SECOND_MS,
    wayMs: chance.pick([1, 5, 20]),
    ledgerWorkMs: chance.pick([1, 5, 40]),
    collectMs: chance.pick([20, 200, 1000]),
    skewsMs: Array.from({ length: controllers }, () => Math.round(chance.between(-skewMs, skewMs))),
    drifts: Array.from({ length: controllers }, () => 1 + chance.between(-1, 1) * 1e-3),
    lengthMs: choice.lengthMs ?? DAY_MS,
  }
}
