/** The report as data: what was assumed, who did how well, and what it is worth. Printed, plotted and judged from here. */

import type { Manifest, ManifestMetric } from '../../services/kubernetes/manifests/manifest.ts'
import { type FrontierPoint, paretoFront } from '../frontier/frontier.ts'
import type { Summary } from '../simulator/summary.ts'
import { type Arm, peakSpend } from './arms.ts'
import { type Compared, compareDays, type Figures, figuresOf } from './compare-days.ts'
import { type DeadBand, deadBands } from './dead-band.ts'
import type { Declared, Signal } from './declared.ts'
import type { Verdict } from './fail-on.ts'
import type { Replayed } from './scenario.ts'
import { missedSlo, type Whatif } from './whatif.ts'

export const FORMAT = 'forescale-whatif/1'
/** Load that varies less than this, standard deviation ÷ mean, leaves nothing to an autoscaler. */
const CONSTANT_CV = 0.01

export interface Scope {
  /** null: all services together. */
  readonly service: string | null
  readonly present: Figures
  readonly forescale: Figures
  readonly baseline: Figures | null
  /** Forescale against the present rule, and the present rule against the baseline. */
  readonly forescaleVersusPresent: Compared
  readonly presentVersusBaseline: Compared | null
  readonly saving: Saving
}

export interface Setting extends FrontierPoint {
  readonly label: string
  readonly onFront: boolean
}

/**
 * Where the difference to the present rule comes from: another target in the own manifest, which anybody can have, and
 * what only Forescale gives. The target is chosen knowing the replayed days, which favours the rule.
 */
export interface Saving {
  /** The cheapest targets with which a service violates no more than under Forescale, or else the least. */
  readonly targets: readonly string[]
  /** All of them are so good. */
  readonly isAsGood: boolean
  readonly rule: Figures
  /** Present rule → its best targets → Forescale. */
  readonly byTarget: Compared
  readonly beyondTarget: Compared
  /** Nothing for an autoscaler to do. */
  readonly isConstantLoad: boolean
}

/** What the figures of a service rest on. */
export interface Assumed extends Declared {
  readonly manifest: Pick<
    Manifest,
    'kind' | 'name' | 'namespace' | 'minReplicas' | 'maxReplicas' | 'behavior' | 'keda'
  >
  readonly capacityWithinSlo: number
  readonly metrics: readonly {
    readonly label: string
    readonly target: ManifestMetric['target']
    readonly follows: 'utilization' | Signal
  }[]
}

export interface WhatifDocument {
  readonly format: typeof FORMAT
  readonly seed: number
  readonly replay: {
    readonly fromMs: number
    readonly toMs: number
    readonly stepMs: number
    readonly tickMs: number
    readonly learningDays: number
    readonly replayDays: number
  }
  readonly warnings: readonly string[]
  readonly assumptions: readonly Assumed[]
  readonly scopes: readonly Scope[]
  readonly frontier: {
    readonly present: FrontierPoint
    readonly tuned: readonly Setting[]
    readonly forescale: readonly Setting[]
  } | null
  readonly budget: {
    readonly tried: readonly {
      readonly perHour: number
      readonly costPerHour: number
      readonly violationRatio: number
      readonly missed: readonly string[]
    }[]
    /** Least $/hour tried that met every SLO; null: not even without a limit. */
    readonly least: number | null
    readonly presentPeakPerHour: number
  } | null
  readonly missedSlo: {
    readonly present: readonly string[]
    readonly forescale: readonly string[]
    readonly baseline: readonly string[] | null
  }
  readonly deadBands: readonly DeadBand[]
  readonly verdicts: readonly Verdict[]
}

export function documentOf(whatif: Whatif, warnings: readonly string[]): WhatifDocument {
  const { input, scenario, present, baseline, forescale } = whatif
  const { history, services, seed, cluster } = input
  const { startMs, stepMs, tickMs } = scenario
  return {
    format: FORMAT,
    seed,
    replay: {
      fromMs: startMs,
      toMs: startMs + history.replayDays * 86_400_000,
      ...{ stepMs, tickMs, learningDays: history.learningDays, replayDays: history.replayDays },
    },
    warnings: [...history.warnings, ...warnings],
    assumptions: services.map((one) => assumedOf(one)),
    scopes: [
      scopeOf(whatif, null),
      ...(services.length > 1 ? services : []).map((_, i) => scopeOf(whatif, i)),
    ],
    frontier: whatif.swept.length > 0 ? frontierOf(whatif) : null,
    budget: whatif.budgets.length > 0 ? budgetOf(whatif) : null,
    missedSlo: {
      present: missedSlo(present, scenario),
      forescale: missedSlo(forescale, scenario),
      baseline: baseline ? missedSlo(baseline, scenario) : null,
    },
    deadBands: deadBands({ services, present, forescale, cluster, tickMs }),
    verdicts: [],
  }
}

function assumedOf({ manifest, declared, capacityWithinSlo, history }: Replayed): Assumed {
  return {
    ...declared,
    service: history.service,
    manifest: ruleOf(manifest),
    capacityWithinSlo,
    metrics: manifest.metrics.map(({ label, target }) => ({
      ...{ label, target },
      follows: declared.signals[label] ?? 'utilization',
    })),
  }
}

function ruleOf({ kind, name, namespace, minReplicas, maxReplicas, behavior, keda }: Manifest) {
  return { kind, name, namespace, minReplicas, maxReplicas, behavior, keda }
}

/** Days of one service, or of all together. */
const daysOf = (arm: Arm, service: number | null): readonly Summary[] =>
  service === null ? arm.total : arm.services[service]!

function scopeOf(whatif: Whatif, i: number | null): Scope {
  const { present, forescale, baseline, draws, scenario } = whatif
  const own = daysOf(present, i)
  const before = baseline && daysOf(baseline, i)
  return {
    service: i === null ? null : scenario.services[i]!.name,
    present: figuresOf(own, draws),
    forescale: figuresOf(daysOf(forescale, i), draws),
    baseline: before ? figuresOf(before, draws) : null,
    forescaleVersusPresent: compareDays(own, daysOf(forescale, i), draws),
    presentVersusBaseline: before ? compareDays(before, own, draws) : null,
    saving: savingOf(whatif, i),
  }
}

function pointOf(days: readonly Summary[]): FrontierPoint {
  let [cost, hours, requests, violations] = [0, 0, 0, 0]
  for (const day of days) {
    cost += day.cost
    hours += day.hours
    requests += day.requests
    violations += day.violations
  }
  return { cost: cost / hours, violationRatio: requests > 0 ? violations / requests : 0 }
}

/** Ratios closer than this are one and the same sum, added in another order. */
const SAME = 1e-9

function savingOf(whatif: Whatif, i: number | null): Saving {
  const { scenario, present, forescale, draws } = whatif
  const services = i === null ? scenario.services.map((_, k) => k) : [i]
  const best = services.map((k) => bestRule(whatif, k))
  const rule = best.map(({ arm }, k) => arm.services[services[k]!]!).reduce(addDays)
  const own = daysOf(present, i)
  return {
    targets: best.map(({ arm }) => arm.label),
    isAsGood: best.every(({ isAsGood }) => isAsGood),
    rule: figuresOf(rule, draws),
    byTarget: compareDays(own, rule, draws),
    beyondTarget: compareDays(rule, daysOf(forescale, i), draws),
    isConstantLoad: services.every((k) => isConstant(scenario.services[k]!.load)),
  }
}

/** Services do not hang on one another under their rules, so each may have its own target. */
function bestRule(
  { present, tuned, forescale }: Whatif,
  i: number,
): { readonly arm: Arm; readonly isAsGood: boolean } {
  const most = pointOf(forescale.services[i]!).violationRatio * (1 + SAME)
  const points = [present, ...tuned].map((arm) => ({ arm, ...pointOf(arm.services[i]!) }))
  const good = points.filter(({ violationRatio }) => violationRatio <= most)
  if (good.length > 0) return { arm: least(good, ({ cost }) => cost).arm, isAsGood: true }
  return { arm: least(points, ({ violationRatio }) => violationRatio).arm, isAsGood: false }
}

const least = <Row>(rows: readonly Row[], of: (row: Row) => number): Row =>
  rows.reduce((best, row) => (of(row) < of(best) ? row : best))

function addDays(a: readonly Summary[], b: readonly Summary[]): readonly Summary[] {
  return a.map((day, k) => {
    const other = b[k]!
    const sums = {
      requests: day.requests + other.requests,
      violations: day.violations + other.violations,
      failures: day.failures + other.failures,
      cost: day.cost + other.cost,
      replicaHours: day.replicaHours + other.replicaHours,
      shortageMinutes: day.shortageMinutes + other.shortageMinutes,
      scalingEvents: day.scalingEvents + other.scalingEvents,
    }
    const violationRatio = sums.requests > 0 ? sums.violations / sums.requests : 0
    return { ...sums, hours: day.hours, violationRatio, costPerHour: sums.cost / day.hours }
  })
}

function isConstant(load: Float64Array): boolean {
  const mean = load.reduce((sum, value) => sum + value, 0) / load.length
  const square = load.reduce((sum, value) => sum + (value - mean) ** 2, 0) / load.length
  return Math.sqrt(square) < CONSTANT_CV * mean
}

function frontierOf({ present, tuned, swept, forescale }: Whatif): WhatifDocument['frontier'] {
  const settings = (arms: readonly Arm[]): Setting[] => {
    const points = arms.map((arm) => ({ label: arm.label, ...pointOf(arm.total) }))
    const front = new Set(paretoFront(points))
    return points.map((point) => ({ ...point, onFront: front.has(point) }))
  }
  return {
    present: pointOf(present.total),
    tuned: settings(tuned),
    forescale: settings([forescale, ...swept]),
  }
}

function budgetOf({ budgets, present, scenario }: Whatif): WhatifDocument['budget'] {
  return {
    tried: budgets.map(({ perHour, arm }) => {
      const { cost, violationRatio } = pointOf(arm.total)
      return { perHour, costPerHour: cost, violationRatio, missed: missedSlo(arm, scenario) }
    }),
    least: budgets.find(({ meetsSlo }) => meetsSlo)?.perHour ?? null,
    presentPeakPerHour: peakSpend(present, scenario),
  }
}
