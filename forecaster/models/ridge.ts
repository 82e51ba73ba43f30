/**
 * Ridge regression by normal equations (Hoerl & Kennard 1970): sums over rows are gathered one row at a time, the
 * columns are put on one scale, and the penalty keeps columns that say the same from cancelling each other.
 */

export interface Sums {
  /** Rows seen. */
  count: number
  readonly features: number
  /** Upper triangle of Σ z zᵀ with z = (features, target), row by row. */
  readonly products: Float64Array
  readonly totals: Float64Array
}

export function newSums(features: number): Sums {
  const width = features + 1
  return {
    count: 0,
    features,
    products: new Float64Array((width * (width + 1)) / 2),
    totals: new Float64Array(width),
  }
}

/** `row` holds the features and, last, the target. */
export function addRow(sums: Sums, row: Float64Array): void {
  const { products, totals } = sums
  const width = sums.features + 1
  sums.count++
  let cell = 0
  for (let i = 0; i < width; i++) {
    const value = row[i]!
    totals[i]! += value
    for (let j = i; j < width; j++) products[cell++]! += value * row[j]!
  }
}

/** Intercept first, then one coefficient a feature; undefined when the equations cannot be solved. */
export function solveRidge(sums: Sums, penalty: number): Float64Array | undefined {
  const { count, features: n, totals } = sums
  if (count < 2) return undefined
  const means = totals.map((total) => total / count)
  const scales = scalesOf(sums, means)
  if (!scales) return interceptOnly(n, means[n]!)
  const { matrix, right } = equations(sums, means, scales, penalty)
  if (!factor(matrix, n)) return undefined
  substitute(matrix, right)
  const out = new Float64Array(n + 1)
  out[0] = means[n]!
  for (let i = 0; i < n; i++) {
    if (scales[i] === 0) continue
    out[i + 1] = right[i]! / scales[i]!
    out[0] = out[0]! - out[i + 1]! * means[i]!
  }
  return out.every(Number.isFinite) ? out : undefined
}

function covariance(
  { count, features, products }: Sums,
  means: Float64Array,
  i: number,
  j: number,
): number {
  const [a, b] = i <= j ? [i, j] : [j, i]
  const cell = a * (features + 1) - (a * (a - 1)) / 2 + b - a
  return products[cell]! / count - means[a]! * means[b]!
}

/** Standard deviations of the features, 0 for one that hardly moves; undefined when none does. */
function scalesOf(sums: Sums, means: Float64Array): Float64Array | undefined {
  const scales = Float64Array.from({ length: sums.features }, (_, i) =>
    Math.sqrt(Math.max(covariance(sums, means, i, i), 0)),
  )
  const most = Math.max(...scales)
  if (!(most > 0) || !Number.isFinite(most)) return undefined
  return scales.map((scale) => (scale < 1e-9 * most ? 0 : scale))
}

/** (R + penalty/n · I) b = r on standardised columns; a column that hardly moves stands alone. */
function equations(
  sums: Sums,
  means: Float64Array,
  scales: Float64Array,
  penalty: number,
): { matrix: Float64Array; right: Float64Array } {
  const n = sums.features
  const matrix = new Float64Array(n * n)
  const right = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = 1 + penalty / sums.count
    if (scales[i] === 0) continue
    right[i] = covariance(sums, means, i, n) / scales[i]!
    for (let j = 0; j < n; j++)
      if (j !== i && scales[j] !== 0)
        matrix[i * n + j] = covariance(sums, means, i, j) / (scales[i]! * scales[j]!)
  }
  return { matrix, right }
}

function interceptOnly(features: number, mean: number): Float64Array | undefined {
  if (!Number.isFinite(mean)) return undefined
  const out = new Float64Array(features + 1)
  out[0] = mean
  return out
}

/** Cholesky's lower triangle in place; false when `matrix` is not positive definite. */
function factor(matrix: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = matrix[i * n + j]!
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!
      if (i === j && !(sum > 1e-12)) return false
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j]!
    }
  }
  return true
}

/** The solution of L Lᵀ x = right, in its place. */
function substitute(lower: Float64Array, right: Float64Array): void {
  const n = right.length
  for (let i = 0; i < n; i++) {
    let sum = right[i]!
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * right[k]!
    right[i] = sum / lower[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = right[i]!
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * right[k]!
    right[i] = sum / lower[i * n + i]!
  }
}
