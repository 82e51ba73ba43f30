/**
 * From what was tried on the past to who acts in the future, at every setting of the analytic sweep: what has no more
 * violations than the analytic policy had there, for the least money.
 *
 *   alone       each service for itself
 *   together    the upper level sets one price of violations for all services, so that all of them together have no more
 *               than under the analytic policy; each service takes what is best at that price
 *
 * The guard takes a tuning for none unless it pays in every fold of the past: a lucky day is not enough. Where no tuning
 * passes, the analytic policy acts.
 */
import type { Block } from '../../frontier/compare-frontiers.ts'
import type { Tried } from './search.ts'

/** Further violations that are no difference: a share of those, and of the requests. */
const SLACK = { share: 0.02, ofRequests: 1e-6 }
/** Of the cost: to change who acts for less is not worth it. */
const LEAST_SAVING = 0.01
const BISECTIONS = 60
const PRICES = { low: 1e-9, high: 1e3 } as const

interface Sums {
  readonly cost: number
  readonly violations: number
  readonly requests: number
}

/** A candidate's sums over the whole past and over its folds. */
export interface Known extends Tried {
  readonly whole: Sums
  readonly folds: readonly Sums[]
}

export function knownOf(tried: Tried, folds: number): Known {
  const { blocks } = tried
  const edge = (fold: number) => Math.round((fold * blocks.length) / folds)
  return {
    ...tried,
    whole: sumOf(blocks),
    folds: Array.from({ length: folds }, (_, f) => sumOf(blocks.slice(edge(f), edge(f + 1)))),
  }
}

function sumOf(blocks: readonly Block[]): Sums {
  const sum = (field: keyof Sums) => blocks.reduce((all, block) => all + block[field], 0)
  return { cost: sum('cost'), violations: sum('violations'), requests: sum('requests') }
}

export interface Options {
  readonly guarded: boolean
}

/** For one service beside `reference`, an analytic candidate. */
export function chooseAlone(all: readonly Known[], reference: Known, { guarded }: Options): Known {
  let best = reference
  let least = reference.whole.cost * (1 - LEAST_SAVING)
  for (const one of all) {
    // another analytic setting is on the same frontier: to change to it by luck gains nothing
    if (one.candidate.tuning === undefined) continue
    if (one.whole.cost >= least || !holds(one.whole, reference.whole)) continue
    if (guarded && !paysEverywhere(one, reference)) continue
    best = one
    least = one.whole.cost
  }
  return best
}

/** No more violations, and in no fold dearer. */
function paysEverywhere(one: Known, reference: Known): boolean {
  return one.folds.every((sums, f) => {
    const than = reference.folds[f]!
    return holds(sums, than) && sums.cost <= than.cost
  })
}

function holds(sums: Sums, than: Sums): boolean {
  return sums.violations <= than.violations * (1 + SLACK.share) + than.requests * SLACK.ofRequests
}

/** `all[i]`: what was tried of service i; `references[i]`: who acts for it under the analytic policy. */
export function chooseTogether(
  all: readonly (readonly Known[])[],
  references: readonly Known[],
  options: Options,
): { readonly price: number; readonly chosen: readonly Known[] } {
  const allowed = references.reduce(
    (sum, { whole }) =>
      sum + whole.violations * (1 + SLACK.share) + whole.requests * SLACK.ofRequests,
    0,
  )
  const at = (price: number) => all.map((own) => bestAt(own, price, options))
  const lost = (chosen: readonly Known[]) =>
    chosen.reduce((sum, one) => sum + one.whole.violations, 0)
  let { low, high }: { low: number; high: number } = PRICES
  for (let k = 0; k < BISECTIONS && high / low > 1.001; k++) {
    const middle = Math.sqrt(low * high)
    if (lost(at(middle)) <= allowed) high = middle
    else low = middle
  }
  return { price: high, chosen: at(high) }
}

/** The least of cost and priced violations; $ a violating request. */
function bestAt(own: readonly Known[], price: number, { guarded }: Options): Known {
  const worthOf = ({ cost, violations }: Sums) => cost + price * violations
  const least = (some: readonly Known[]) =>
    some.reduce((best, one) => (worthOf(one.whole) < worthOf(best.whole) ? one : best))
  const analytic = least(own.filter(({ candidate }) => candidate.tuning === undefined))
  const bar = worthOf(analytic.whole) * (1 - LEAST_SAVING)
  const tuned = own.filter(
    (one) =>
      one.candidate.tuning !== undefined &&
      worthOf(one.whole) < bar &&
      (!guarded || one.folds.every((sums, f) => worthOf(sums) <= worthOf(analytic.folds[f]!))),
  )
  return tuned.length > 0 ? least(tuned) : analytic
}

/**
 * The upper level's choice where in every fold of the past it has no more violations of all services together for no more
 * money than the analytic policy had; else each service's own, which has that of each.
 */
export function chooseSurely(
  all: readonly (readonly Known[])[],
  references: readonly Known[],
): readonly Known[] {
  const { chosen } = chooseTogether(all, references, { guarded: true })
  const folds = references[0]?.folds.length ?? 0
  const total = (some: readonly Known[], fold: number): Sums => {
    const sum = (field: keyof Sums) => some.reduce((all, one) => all + one.folds[fold]![field], 0)
    return { cost: sum('cost'), violations: sum('violations'), requests: sum('requests') }
  }
  const pays = Array.from({ length: folds }, (_, f) => {
    const [own, than] = [total(chosen, f), total(references, f)]
    return holds(own, than) && own.cost <= than.cost
  }).every(Boolean)
  if (pays) return chosen
  return references.map((reference, i) => chooseAlone(all[i]!, reference, { guarded: true }))
}
