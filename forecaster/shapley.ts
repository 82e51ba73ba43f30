/**
 * Shapley values: how much of f(x) − E f(background) each group of inputs is answerable for, as the mean over all orders
 * in which the groups could be told (Shapley 1953; for models Štrumbelj & Kononenko 2010, Lundberg & Lee 2017). A group
 * that is not told has its values from a row of the background ("interventional", Janzing et al. 2020). Few groups:
 * exactly, by all 2^G coalitions. More: by random orders, each with its reverse (antithetic, Mitchell et al. 2022, §4.1);
 * then too the values sum to the difference, for those of each order do.
 */
import { strict as assert } from 'node:assert'

export interface FeatureGroup {
  readonly name: string
  /** Places in the feature vector; each place is in one group. */
  readonly features: readonly number[]
}

export interface ShapleyOptions {
  /** Up to so many groups every coalition is asked for. */
  readonly mostExact?: number
  /** Pairs of orders where there are more. */
  readonly orderPairs?: number
  /** Needed where there are more: seeded, in [0, 1). */
  readonly random?: () => number
}

export interface ShapleyValues {
  /** f(x). */
  readonly output: number
  /** Mean of f over the background. */
  readonly expected: number
  /** One a group; they sum to `output` − `expected`. */
  readonly values: Float64Array
}

const MOST_EXACT = 10
const ORDER_PAIRS = 64

/** f of many feature vectors at once, one number each. */
export type Together = (rows: readonly Float64Array[]) => ArrayLike<number>

export function rowByRow(f: (features: Float64Array) => number): Together {
  return (rows) => rows.map(f)
}

/** Each place of `x` that is in no group stays as it is in `x`. */
export function shapleyValues(
  f: Together,
  x: Float64Array,
  background: readonly Float64Array[],
  groups: readonly FeatureGroup[],
  options: ShapleyOptions = {},
): ShapleyValues {
  assert(background.length > 0, 'the background must have at least one row')
  const { mostExact = MOST_EXACT, orderPairs = ORDER_PAIRS, random } = options
  const worths = worthsOf(f, x, background, groups)
  const all = 2 ** groups.length - 1
  if (groups.length <= mostExact) {
    const worth = worths(Array.from({ length: all + 1 }, (_, told) => membersOf(told)))
    return { output: worth[all]!, expected: worth[0]!, values: exact(worth, groups.length) }
  }
  assert(random, 'with so many groups a source of chance is needed')
  return sampled(worths, groups.length, orderPairs, random)
}

type IsTold = (group: number) => boolean
/** What is expected of f when the groups told are as in x, the others as in the background; one a coalition. */
type Worths = (coalitions: readonly IsTold[]) => Float64Array

const ROWS_TOGETHER = 1024

function worthsOf(
  f: Together,
  x: Float64Array,
  background: readonly Float64Array[],
  groups: readonly FeatureGroup[],
): Worths {
  const chunk = Math.max(1, Math.floor(ROWS_TOGETHER / background.length))
  const mixed = (isTold: IsTold, row: Float64Array): Float64Array => {
    const out = x.slice()
    groups.forEach(({ features }, g) => {
      if (!isTold(g)) for (const i of features) out[i] = row[i]!
    })
    return out
  }
  return (coalitions) => {
    const out = new Float64Array(coalitions.length)
    for (let from = 0; from < coalitions.length; from += chunk) {
      const some = coalitions.slice(from, from + chunk)
      const values = f(some.flatMap((isTold) => background.map((row) => mixed(isTold, row))))
      for (let i = 0; i < values.length; i++)
        out[from + Math.floor(i / background.length)]! += values[i]! / background.length
    }
    return out
  }
}

const membersOf = (told: number) => (group: number) => (told & (1 << group)) !== 0

/** φ_g = Σ over coalitions S without g of |S|! (G − |S| − 1)! / G! · (worth(S ∪ g) − worth(S)). */
function exact(worths: Float64Array, count: number): Float64Array {
  const weights = new Float64Array(count)
  for (let size = 0; size < count; size++) weights[size] = 1 / (count * binomial(count - 1, size))
  const values = new Float64Array(count)
  for (let told = 0; told < worths.length; told++) {
    const weight = weights[sizeOf(told)]!
    for (let g = 0; g < count; g++) {
      const bit = 1 << g
      if ((told & bit) === 0) values[g]! += weight * (worths[told | bit]! - worths[told]!)
    }
  }
  return values
}

function sizeOf(told: number): number {
  let size = 0
  for (let rest = told; rest !== 0; rest &= rest - 1) size++
  return size
}

function binomial(n: number, k: number): number {
  let out = 1
  for (let i = 1; i <= k; i++) out = (out * (n - k + i)) / i
  return out
}

function sampled(
  worths: Worths,
  count: number,
  pairs: number,
  random: () => number,
): ShapleyValues {
  const ends = worths([() => false, () => true])
  const expected = ends[0]!
  const output = ends[1]!
  const values = new Float64Array(count)
  const walk = (order: readonly number[]): void => {
    const prefixes = order.slice(1).map((_, i) => new Set(order.slice(0, i + 1)))
    const after = [...worths(prefixes.map((told) => (group) => told.has(group))), output]
    order.forEach((group, i) => {
      values[group]! += (after[i]! - (after[i - 1] ?? expected)) / (2 * pairs)
    })
  }
  for (let pair = 0; pair < pairs; pair++) {
    const order = shuffled(count, random)
    walk(order)
    walk(order.toReversed())
  }
  return { output, expected, values }
}

/** Fisher & Yates. */
function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const moved = order[i]!
    order[i] = order[j]!
    order[j] = moved
  }
  return order
}

/** Mean |φ| of each group over several explained outputs: its importance. */
export function meanImportance(explained: readonly ShapleyValues[]): Float64Array {
  const count = explained[0]?.values.length ?? 0
  return Float64Array.from(
    { length: count },
    (_, g) => explained.reduce((sum, one) => sum + Math.abs(one.values[g]!), 0) / explained.length,
  )
}
