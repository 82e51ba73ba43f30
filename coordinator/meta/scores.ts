/**
 * One service's scores: its strategies in the shadow, whom the selection has act, and what was spent and lost beside what
 * HPA and static thresholds would have. Plain data, one step a tick; all of it is carried over restarts.
 */
import type { PolicyKind } from '../../agents/service-spec.ts'
import type { ServiceInput } from '../tick-input.ts'
import { type Hedge, openHedge, playRound } from './hedge.ts'
import { judgeOf, openTracks, type ShadowCounts, type ShadowTracks, shadowTick } from './shadow.ts'

const HOUR_MS = 3_600_000

/** Sums since the service is known. */
export interface Account {
  /** $ spent, and that the load would have cost at its capacity: the least that carries it. */
  readonly cost: number
  readonly neededCost: number
  readonly requests: number
  /** By the violation curve, of the count that ran; so the baselines' are comparable. */
  readonly violations: number
  readonly hpa: Baseline
  readonly thresholds: Baseline
  readonly hours: number
}

export interface Baseline {
  readonly cost: number
  readonly violations: number
}

interface Pending {
  readonly dueMs: number
  readonly counts: ShadowCounts
}

export interface Scores {
  readonly policies: readonly PolicyKind[]
  readonly hedge: Hedge
  readonly tracks: ShadowTracks
  readonly pending: readonly Pending[]
  /** Losses of the round under way, and how many ticks were judged. */
  readonly round: {
    readonly beganMs: number
    readonly losses: readonly number[]
    readonly ticks: number
  }
  readonly account: Account
  readonly lastMs: number
}

export interface SelectionRates {
  /** A round of the selection, ms. */
  readonly roundMs: number
  readonly memoryRounds: number
}

export function openScores(
  policies: readonly PolicyKind[],
  acting: PolicyKind,
  input: ServiceInput,
): Scores {
  const none = { cost: 0, violations: 0 }
  const { nowMs, replicas } = input.observation
  return {
    policies,
    hedge: openHedge(policies.length, Math.max(0, policies.indexOf(acting))),
    tracks: openTracks(replicas.requested),
    pending: [],
    round: { beganMs: nowMs, losses: policies.map(() => 0), ticks: 0 },
    account: {
      ...{ cost: 0, neededCost: 0, requests: 0, violations: 0, hours: 0 },
      ...{ hpa: none, thresholds: none },
    },
    lastMs: nowMs,
  }
}

/** One tick further. `draw`: two numbers in [0, 1) for the selection, asked for once a round. */
export function scoreTick(
  scores: Scores,
  input: ServiceInput,
  rates: SelectionRates,
  draw: () => readonly [number, number],
): Scores {
  const { nowMs, leadTimeMs } = input.observation
  const due = scores.pending.filter(({ dueMs }) => dueMs <= nowMs).at(-1)
  const { tracks, counts } = shadowTick(scores.tracks, input, scores.policies)
  const judged = due ? judgeAll(scores, input, due.counts) : scores
  const pending = [
    ...scores.pending.filter(({ dueMs }) => dueMs > nowMs),
    { dueMs: nowMs + leadTimeMs, counts },
  ]
  const next = { ...judged, tracks, pending, lastMs: nowMs }
  const { round } = next
  if (nowMs - round.beganMs < rates.roundMs || round.ticks === 0) return next
  const losses = round.losses.map((loss) => loss / round.ticks)
  const { memoryRounds } = rates
  return {
    ...next,
    hedge: playRound(next.hedge, losses, { memoryRounds, draw: draw() }),
    round: { beganMs: nowMs, losses: losses.map(() => 0), ticks: 0 },
  }
}

function judgeAll(scores: Scores, input: ServiceInput, counts: ShadowCounts): Scores {
  const { spec, observation } = input
  const { ready, starting, terminating } = observation.replicas
  const judge = judgeOf(input)
  if (!judge) return scores
  const real = judge(ready)
  const { account, round } = scores
  const hours = (observation.nowMs - scores.lastMs) / HOUR_MS
  const [seconds, price] = [hours * 3600, spec.pricePerReplicaHour]
  const lost = (count: number) => judge(count).violationsRps * seconds
  const baseline = (known: Baseline, count: number): Baseline => ({
    cost: known.cost + count * price * hours,
    violations: known.violations + lost(count),
  })
  return {
    ...scores,
    round: {
      ...round,
      losses: round.losses.map((loss, k) => loss + judge(counts.policies[k]!).loss),
      ticks: round.ticks + 1,
    },
    account: {
      cost: account.cost + (ready + starting + terminating) * price * hours,
      neededCost:
        account.neededCost + (observation.loadRps / observation.capacityPerReplica) * price * hours,
      requests: account.requests + observation.loadRps * seconds,
      violations: account.violations + real.violationsRps * seconds,
      hours: account.hours + hours,
      hpa: baseline(account.hpa, counts.hpa),
      thresholds: baseline(account.thresholds, counts.thresholds),
    },
  }
}

export interface Savings {
  /** $ that the baseline would have cost more; negative: less. */
  readonly saved: number
  /** As a share of the baseline's cost; null before anything was spent. */
  readonly savedShare: number | null
  /** Violating requests that the baseline would have had more. */
  readonly violationsAvoided: number
}

export function savingsOf({ cost, violations }: Account, baseline: Baseline): Savings {
  const saved = baseline.cost - cost
  return {
    saved,
    savedShare: baseline.cost > 0 ? saved / baseline.cost : null,
    violationsAvoided: baseline.violations - violations,
  }
}

/** Cost of what the load needed ÷ what was spent, times the share of good requests; 1 is perfect, null: nothing spent. */
export function efficiencyOf({ cost, neededCost, requests, violations }: Account): number | null {
  if (cost <= 0 || requests <= 0) return null
  return Math.min(1, neededCost / cost) * (1 - Math.min(1, violations / requests))
}

/**
 * Return on what is spent beyond a baseline: violating requests avoided for each further $; null where nothing more is
 * spent than the baseline would.
 */
export function returnOf({ cost, violations }: Account, baseline: Baseline): number | null {
  const further = cost - baseline.cost
  return further > 0 ? (baseline.violations - violations) / further : null
}
