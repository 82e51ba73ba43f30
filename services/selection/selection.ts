/**
 * Scores of all services live: every strategy in the shadow, the selection that may choose among them, and the accounts
 * beside the baselines. Kept in the ledger; an open rollout of a service stands over the selection's choice for it.
 */
import { z } from 'zod'
import type { LearnedActor } from '../../agents/policies/learned/act.ts'
import type { PolicyKind, ServiceSpec } from '../../agents/service-spec.ts'
import { regretOf } from '../../coordinator/meta/hedge.ts'
import {
  type Account,
  type Baseline,
  efficiencyOf,
  openScores,
  returnOf,
  type Scores,
  savingsOf,
  scoreTick,
} from '../../coordinator/meta/scores.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { hashUnit } from '../../datasets/random.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { AccountView, Scoreboard, ServiceScore } from './view.ts'

const KEY = 'scores'
/** Scores are written so often: what is lost in a crash is a few minutes of an account. */
const KEPT_EVERY_TICKS = 20
const VERSION = 1

/** Written by this program and read back by it; another version begins anew. */
const Kept = z.object({
  version: z.literal(VERSION),
  services: z.array(z.tuple([z.string(), z.custom<Scores>((value) => typeof value === 'object')])),
})

export interface Acts {
  specOf(service: ServiceId): ServiceSpec
  actorOf(service: ServiceId): LearnedActor | undefined
}

export interface SelectionDeps {
  readonly ledger: Pick<Ledger, 'checkpoint' | 'restore'>
  readonly config: () => Pick<AppConfig, 'selection' | 'seed'>
  /** The policy that settings or configuration name for a service. */
  readonly policyOf: (service: ServiceId) => PolicyKind
  /** Whether a rollout has a say in who acts for it. */
  readonly isInRollout: (service: ServiceId) => boolean
}

export interface Selection {
  /** What acts, the selection's choice laid over it. */
  over(acts: Acts): Acts
  /** After the tick was recorded. */
  follow(input: TickInput): Promise<void>
  view(): Scoreboard
}

export async function openSelection(deps: SelectionDeps): Promise<Selection> {
  const { ledger, config, policyOf, isInRollout } = deps
  const kept = Kept.safeParse(await ledger.restore(KEY)).data
  const scores = new Map<ServiceId, Scores>(kept?.services)
  const made = new Map<ServiceId, { readonly of: ServiceSpec; readonly spec: ServiceSpec }>()

  const choiceFor = (service: ServiceId): PolicyKind | undefined => {
    const known = scores.get(service)
    const isFree = config().selection.enabled && !isInRollout(service)
    return isFree && known ? known.policies[known.hedge.acting] : undefined
  }

  function specOf(of: ServiceSpec, service: ServiceId): ServiceSpec {
    const policy = choiceFor(service) ?? of.policy
    if (policy === of.policy) return of
    const known = made.get(service)
    if (known?.of === of && known.spec.policy === policy) return known.spec
    const spec = { ...of, policy }
    made.set(service, { of, spec })
    return spec
  }

  return {
    over: (acts) => ({
      specOf: (service) => specOf(acts.specOf(service), service),
      // the actor is there for its shadow too, whoever acts
      actorOf: acts.actorOf,
    }),
    async follow({ tick, services }) {
      const { selection, seed } = config()
      for (const input of services) {
        const { service, nowMs } = input.observation
        const policies = candidatesOf(policyOf(service))
        const known = scores.get(service)
        const isSame = known !== undefined && areSame(known.policies, policies)
        const before = isSame ? known : openScores(policies, policyOf(service), input)
        const draw = () =>
          [
            hashUnit('selection', seed, service, nowMs),
            hashUnit('selection-whom', seed, service, nowMs),
          ] as const
        scores.set(service, scoreTick(before, input, selection, draw))
      }
      if (tick % KEPT_EVERY_TICKS !== 0) return
      const atMs = services[0]?.observation.nowMs ?? 0
      await ledger.checkpoint(KEY, { version: VERSION, services: [...scores] }, atMs)
    },
    view() {
      const rows = [...scores].map(([service, score]) =>
        scoreView(service, score, choiceFor(service) ?? policyOf(service)),
      )
      const fleet = [...scores.values()].map(({ account }) => account).reduce(addAccounts, NOTHING)
      return { enabled: config().selection.enabled, fleet: accountView(fleet), services: rows }
    },
  }
}

const candidates = new Map<PolicyKind, readonly PolicyKind[]>()

/** The configured one first; a learned policy has a shadow only where it is configured, for only then is it loaded. */
function candidatesOf(configured: PolicyKind): readonly PolicyKind[] {
  const known = candidates.get(configured)
  if (known) return known
  const made = [...new Set<PolicyKind>([configured, 'predictive', 'reactive'])]
  candidates.set(configured, made)
  return made
}

const areSame = (a: readonly PolicyKind[], b: readonly PolicyKind[]): boolean =>
  a === b || (a.length === b.length && a.every((kind, i) => kind === b[i]))

function scoreView(service: ServiceId, scores: Scores, acting: PolicyKind): ServiceScore {
  const { hedge, policies, account } = scores
  return {
    service,
    acting,
    chosen: policies[hedge.acting]!,
    rounds: hedge.rounds,
    changes: hedge.changes,
    regret: regretOf(hedge),
    strategies: policies.map((policy, k) => ({
      policy,
      weight: hedge.weights[k]!,
      meanLoss: hedge.rounds > 0 ? hedge.losses[k]! / hedge.rounds : null,
    })),
    account: accountView(account),
  }
}

function accountView(account: Account): AccountView {
  const { hours, cost, requests, violations } = account
  const baseline = (one: Baseline) => ({
    ...one,
    ...savingsOf(account, one),
    violationsAvoidedPerDollar: returnOf(account, one),
  })
  return {
    ...{ hours, cost, requests, violations },
    efficiency: efficiencyOf(account),
    hpa: baseline(account.hpa),
    staticThresholds: baseline(account.thresholds),
  }
}

const NO_BASELINE = { cost: 0, violations: 0 }
const NOTHING: Account = {
  ...{ cost: 0, neededCost: 0, requests: 0, violations: 0, hours: 0 },
  ...{ hpa: NO_BASELINE, thresholds: NO_BASELINE },
}

function addAccounts(a: Account, b: Account): Account {
  const both = (one: Baseline, other: Baseline): Baseline => ({
    cost: one.cost + other.cost,
    violations: one.violations + other.violations,
  })
  return {
    cost: a.cost + b.cost,
    neededCost: a.neededCost + b.neededCost,
    requests: a.requests + b.requests,
    violations: a.violations + b.violations,
    hours: Math.max(a.hours, b.hours),
    hpa: both(a.hpa, b.hpa),
    thresholds: both(a.thresholds, b.thresholds),
  }
}
