/**
 * Products of a weight matrix W[k][j] with batches: rows of `lanes` floats, one lane a sample (a multiple of 8), so
 * that a vector instruction works on four samples with the same weight. Tiles are as large as 16 registers allow.
 */
import { sum4, sums4 } from './math.ts'
import { product } from './product.ts'

// @ts-ignore: decorator
@inline
function madd(acc: v128, a: v128, b: v128): v128 {
  return f32x4.add(acc, f32x4.mul(a, b))
}

/** out[j][·] (+)= Σ_k W[k][j] · input[k][·] */
// @ts-ignore: decorator
@inline
export function multiply(
  out: usize,
  input: usize,
  weights: usize,
  rowsIn: i32,
  rowsOut: i32,
  lanes: i32,
  add: bool,
): void {
  product(out, weights, input, rowsOut, rowsIn, lanes, 4, (<usize>rowsOut) << 2, add)
}

/** gradIn[k][·] (+)= Σ_j W[k][j] · gradOut[j][·] */
// @ts-ignore: decorator
@inline
export function multiplyBack(
  gradIn: usize,
  gradOut: usize,
  weights: usize,
  rowsIn: i32,
  rowsOut: i32,
  lanes: i32,
  add: bool,
): void {
  product(gradIn, weights, gradOut, rowsIn, rowsOut, lanes, (<usize>rowsOut) << 2, 4, add)
}

/** gradWeights[k][j] += Σ_lanes input[k][·] · gradOut[j][·] */
export function gradient(
  gradWeights: usize,
  input: usize,
  gradOut: usize,
  rowsIn: i32,
  rowsOut: i32,
  lanes: i32,
): void {
  const row: usize = (<usize>lanes) << 2
  const weightRow: usize = (<usize>rowsOut) << 2
  let j = 0
  for (; j + 4 <= rowsOut; j += 4) {
    const g = gradOut + (<usize>j) * row
    let k = 0
    for (; k + 2 <= rowsIn; k += 2) {
      let x = input + (<usize>k) * row
      let g0 = g
      let a0 = f32x4.splat(0)
      let a1 = a0
      let a2 = a0
      let a3 = a0
      let b0 = a0
      let b1 = a0
      let b2 = a0
      let b3 = a0
      const end = g + row
      while (g0 < end) {
        const xa = v128.load(x)
        const xb = v128.load(x + row)
        const v0 = v128.load(g0)
        a0 = madd(a0, xa, v0)
        b0 = madd(b0, xb, v0)
        const v1 = v128.load(g0 + row)
        a1 = madd(a1, xa, v1)
        b1 = madd(b1, xb, v1)
        const v2 = v128.load(g0 + 2 * row)
        a2 = madd(a2, xa, v2)
        b2 = madd(b2, xb, v2)
        const v3 = v128.load(g0 + 3 * row)
        a3 = madd(a3, xa, v3)
        b3 = madd(b3, xb, v3)
        x += 16
        g0 += 16
      }
      const at = gradWeights + (<usize>k) * weightRow + ((<usize>j) << 2)
      v128.store(at, f32x4.add(v128.load(at), sums4(a0, a1, a2, a3)))
      const next = at + weightRow
      v128.store(next, f32x4.add(v128.load(next), sums4(b0, b1, b2, b3)))
    }
    for (; k < rowsIn; k++)
      for (let i = 0; i < 4; i++)
        addDot(gradWeights + (<usize>k) * weightRow + ((<usize>(j + i)) << 2), input + (<usize>k) * row, g + (<usize>i) * row, row)
  }
  for (; j < rowsOut; j++)
    for (let k = 0; k < rowsIn; k++)
      addDot(gradWeights + (<usize>k) * weightRow + ((<usize>j) << 2), input + (<usize>k) * row, gradOut + (<usize>j) * row, row)
}

function addDot(at: usize, a: usize, b: usize, bytes: usize): void {
  let sum = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) sum = madd(sum, v128.load(a + i), v128.load(b + i))
  store<f32>(at, load<f32>(at) + sum4(sum))
}

/** out[j] (+)= Σ_k W[k][j] · input[k] for one sample. */
// @ts-ignore: decorator
@inline
export function multiplyOne(
  out: usize,
  input: usize,
  weights: usize,
  rowsIn: i32,
  rowsOut: i32,
  add: bool,
): void {
  product(out, input, weights, 1, rowsIn, rowsOut, 0, 4, add)
}
