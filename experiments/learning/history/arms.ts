/**
 * One group: what its services tried on their past, who was chosen of it for every setting of the analytic sweep, and what
 * came of each choice in the time that is judged, under one budget.
 */

import { seededRandom } from '../../../datasets/random.ts'
import type { LibraryOptions } from '../../../datasets/traces/library.ts'
import { knownTo } from '../../controllers/controller.ts'
import { createTapes } from '../../controllers/forescale/models.ts'
import type { Block } from '../../frontier/compare-frontiers.ts'
import { oracle } from '../../oracle/oracle.ts'
import type { Scenario } from '../../simulator/scenario.ts'
import { analyticCandidates, type Candidate } from './candidate.ts'
import { chooseAlone, chooseSurely, chooseTogether, type Known, knownOf } from './choose.ts'
import type { Group, HistoryConfig } from './config.ts'
import { play, playWith } from './play.ts'
import { search } from './search.ts'
import { alone, worldOf } from './worlds.ts'

/** Steps of forecasts kept: all services of a group, rehearsed and judged. */
const STEPS_KEPT = 10_000_000
const BUSY_QUANTILE = 0.99
/** Of the oracle's prices every third is enough to see how far it is. */
const ORACLE_THIN = 3

export const ARMS = {
  analytic: 'the predictive policy, one objective for all services, swept',
  alone: 'tunings, each service for itself',
  'alone-sure': 'the same where it paid in every fold of the past, else the analytic policy',
  hierarchical: 'the upper level’s price, tunings below it',
  'hierarchical-sure': 'the same where it paid in every fold of the past, else alone-sure',
  selected: 'hierarchical-sure with the live selection over it, from both runs block by block',
  oracle: 'the optimum that knows the future (it sees it)',
} as const
export type ArmName = keyof typeof ARMS
/** The selected one is made of two that were played. */
export type PlayedArm = Exclude<ArmName, 'selected'>

/** One setting of an arm in the judged time. */
export interface JudgedSetting {
  /** `chosen[i]` acted for service i; absent: the oracle. */
  readonly chosen?: readonly Candidate[]
  readonly services: readonly (readonly Block[])[]
  readonly shortShare?: number
}

export interface GroupResult {
  readonly group: string
  readonly budgetShare: number
  readonly services: readonly string[]
  readonly steps: { readonly learned: number; readonly rehearsed: number; readonly judged: number }
  readonly stepMs: number
  readonly tickMs: number
  readonly costBudgetPerHour: number
  /** By service: what carrying a request at declared capacity costs, $. */
  readonly carryingCosts: readonly number[]
  readonly synthetic: boolean
  readonly tried: number
  readonly arms: Readonly<Record<PlayedArm, readonly JudgedSetting[]>>
}

export interface GroupInput {
  readonly config: HistoryConfig
  readonly group: Group
  readonly library: LibraryOptions
  readonly onProgress: (what: string) => void
}

/** One result a budget; what was tried on the past serves all of them. */
export async function playGroup(input: GroupInput): Promise<GroupResult[]> {
  const { config, group, library, onProgress } = input
  const { past, judged } = await worldOf(config, group, library)
  const shared = { tapes: createTapes(STEPS_KEPT), forecast: config.forecast }
  const all = past.services.map((service, i) => {
    onProgress(`${group.name}: ${service.name} tries on its past`)
    return rehearsed(config, alone(past, i), shared)
  })
  return config.budgetShares.map((budgetShare) => {
    const scenario = { ...judged, costBudgetPerHour: budgetShare * judged.costBudgetPerHour }
    const onArm = (arm: string) => onProgress(`${group.name} at ${budgetShare}: ${arm} is judged`)
    return {
      ...{ group: group.name, budgetShare, services: judged.services.map(({ name }) => name) },
      steps: stepsOf(past, judged),
      ...{ stepMs: judged.stepMs, tickMs: judged.tickMs },
      ...{ costBudgetPerHour: scenario.costBudgetPerHour, synthetic: judged.synthetic },
      carryingCosts: judged.services.map(
        ({ spec }) => spec.pricePerReplicaHour / (3600 * spec.capacityPerReplica),
      ),
      tried: all.reduce((sum, own) => sum + own.length, 0),
      arms: armsOf(scenario, all, { config, shared, onArm }),
    }
  })
}

interface ArmsInput {
  readonly config: HistoryConfig
  readonly shared: Parameters<typeof play>[2]
  readonly onArm: (arm: string) => void
}

function armsOf(
  scenario: Scenario,
  all: readonly (readonly Known[])[],
  { config, shared, onArm }: ArmsInput,
): GroupResult['arms'] {
  const { seed, blocks } = config
  const seen = new Map<string, JudgedSetting>()
  const judge = (chosen: readonly Known[]): JudgedSetting => {
    const candidates = chosen.map(({ candidate }) => candidate)
    const key = JSON.stringify(candidates)
    const known = seen.get(key)
    if (known) return known
    const setting = { chosen: candidates, ...play({ scenario, seed, blocks }, candidates, shared) }
    seen.set(key, setting)
    return setting
  }
  const settings = referencesOf(all)
  const arm = (name: PlayedArm, choose: (references: readonly Known[]) => readonly Known[]) => {
    onArm(name)
    return settings.map((references) => judge(choose(references)))
  }
  const each = (guarded: boolean) => (references: readonly Known[]) =>
    references.map((reference, i) => chooseAlone(all[i]!, reference, { guarded }))
  const free = { guarded: false }
  return {
    analytic: arm('analytic', (references) => references),
    alone: arm('alone', each(false)),
    'alone-sure': arm('alone-sure', each(true)),
    hierarchical: arm('hierarchical', (r) => chooseTogether(all, r, free).chosen),
    'hierarchical-sure': arm('hierarchical-sure', (r) => chooseSurely(all, r)),
    oracle: oracleOf(scenario, config),
  }
}

function rehearsed(
  { seed, blocks, evaluations, folds, thin }: HistoryConfig,
  scenario: Scenario,
  shared: Parameters<typeof play>[2],
): Known[] {
  const service = scenario.services[0]!
  const sorted = Float64Array.from(service.history).sort()
  const tried = search({
    tryOut: (candidate) => play({ scenario, seed, blocks }, [candidate], shared).services[0]!,
    measure: { busyRps: sorted[Math.floor(BUSY_QUANTILE * (sorted.length - 1))] ?? 0 },
    analytic: analyticCandidates().filter((_, k) => k % thin === 0),
    start: [],
    evaluations,
    random: seededRandom('history search', seed, service.name),
  })
  return tried.map((one) => knownOf(one, folds))
}

/** The analytic sweep, setting by setting: the same of every service. */
function referencesOf(all: readonly (readonly Known[])[]): Known[][] {
  const settings = all[0]!.filter(({ candidate }) => !candidate.tuning).length
  return Array.from({ length: settings }, (_, k) => all.map((own) => own[k]!))
}

function oracleOf(scenario: Scenario, { seed, blocks }: HistoryConfig): JudgedSetting[] {
  return oracle
    .sweep()
    .filter((_, k) => k % ORACLE_THIN === 0)
    .map((params) => {
      const known = knownTo({ seesFuture: () => true }, params, scenario)
      const controller = oracle.create(known, params, seededRandom('history oracle', seed))
      return { services: playWith({ scenario, seed, blocks }, controller) }
    })
}

const stepsOf = (past: Scenario, judged: Scenario): GroupResult['steps'] => ({
  learned: past.services[0]!.history.length,
  rehearsed: past.services[0]!.load.length,
  judged: judged.services[0]!.load.length,
})
