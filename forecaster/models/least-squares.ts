/** Ordinary least squares by normal equations, for a handful of columns. */

/** Coefficients of least squares of `target` on `columns` from row `skip` on, without an intercept; undefined when singular. */
export function leastSquares(
  columns: readonly Float64Array[],
  target: Float64Array,
  skip: number,
): readonly number[] | undefined {
  const k = columns.length
  const matrix = Array.from({ length: k }, () => new Float64Array(k + 1))
  for (let i = 0; i < k; i++) {
    for (let j = i; j <= k; j++) {
      const other = j < k ? columns[j]! : target
      let sum = 0
      for (let t = skip; t < target.length; t++) sum += columns[i]![t]! * other[t]!
      matrix[i]![j] = sum
      if (j < k) matrix[j]![i] = sum
    }
    matrix[i]![i]! *= 1 + 1e-9
  }
  return solve(matrix)
}

/** Gauss–Jordan elimination with pivoting of rows [A | b]; undefined when singular. */
function solve(rows: Float64Array[]): number[] | undefined {
  for (let i = 0; i < rows.length; i++) {
    const row = takePivot(rows, i)
    if (!(Math.abs(row[i]!) > 1e-12)) return undefined
    for (const other of rows) {
      if (other === row) continue
      const factor = other[i]! / row[i]!
      for (let c = i; c < row.length; c++) other[c]! -= factor * row[c]!
    }
  }
  return rows.map((row, i) => row.at(-1)! / row[i]!)
}

/** Puts the row from `i` on that is largest in column `i` in its place. */
function takePivot(rows: Float64Array[], i: number): Float64Array {
  let at = i
  for (let r = i + 1; r < rows.length; r++)
    if (Math.abs(rows[r]![i]!) > Math.abs(rows[at]![i]!)) at = r
  const row = rows[at]!
  rows[at] = rows[i]!
  rows[i] = row
  return row
}
