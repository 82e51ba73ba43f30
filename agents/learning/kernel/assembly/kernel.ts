/**
 * What a perceptron is made of, on tables of floats, row by row, at addresses that the caller lays out. All sums run in
 * the same order on every machine, and no fused operation is used: the same bits everywhere.
 */
import { product as sharedProduct } from '../../../../forecaster/neural/kernel/assembly/product.ts'
import { step, sumOfSquares } from './adam.ts'
import { tanh4 } from './tanh.ts'

/** The first byte that tables may take. */
export function freeFrom(): usize {
  return (__heap_base + 15) & ~(<usize>15)
}

/** out[i][j] (+)= Σ_k a[i · rowStride + k · innerStride] · b[k][j]; strides in bytes. */
export function product(
  out: usize,
  a: usize,
  b: usize,
  rows: i32,
  inner: i32,
  columns: i32,
  rowStride: usize,
  innerStride: usize,
  add: bool,
): void {
  sharedProduct(out, a, b, rows, inner, columns, rowStride, innerStride, add)
}

export function squares(at: usize, count: i32): f64 {
  return sumOfSquares(at, count)
}

export function adam(
  weights: usize,
  gradients: usize,
  means: usize,
  squares: usize,
  count: i32,
  scale: f64,
  first: f64,
  second: f64,
  rate: f64,
  correction: f64,
  epsilon: f64,
): void {
  step(weights, gradients, means, squares, count, scale, first, second, rate, correction, epsilon)
}

/** out[i] = values, for each row. */
export function spread(out: usize, values: usize, rows: i32, columns: i32): void {
  const row: usize = (<usize>columns) << 2
  for (let i = 0; i < rows; i++) {
    memory.copy(out, values, row)
    out += row
  }
}

/** out[j] += Σ_i table[i][j] */
export function addColumns(out: usize, table: usize, rows: i32, columns: i32): void {
  const row: usize = (<usize>columns) << 2
  const end = table + (<usize>rows) * row
  let j = 0
  for (; j + 4 <= columns; j += 4) {
    const offset = (<usize>j) << 2
    let sum = v128.load(out + offset)
    for (let at = table + offset; at < end; at += row) sum = f32x4.add(sum, v128.load(at))
    v128.store(out + offset, sum)
  }
  for (; j < columns; j++) {
    const offset = (<usize>j) << 2
    let sum = load<f32>(out + offset)
    for (let at = table + offset; at < end; at += row) sum += load<f32>(at)
    store<f32>(out + offset, sum)
  }
}

/** out[j][i] = table[i][j] */
export function transpose(out: usize, table: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      store<f32>(
        out + ((<usize>(j * rows + i)) << 2),
        load<f32>(table + ((<usize>(i * columns + j)) << 2)),
      )
}

/** Tables from here on are taken four numbers at a time, and have room for it. */
export function tanh(at: usize, count: i32): void {
  const end = at + ((<usize>count) << 2)
  for (; at < end; at += 16) v128.store(at, tanh4(v128.load(at)))
}

/** NaN stays NaN. */
export function relu(at: usize, count: i32): void {
  const end = at + ((<usize>count) << 2)
  const zero = f32x4.splat(0)
  for (; at < end; at += 16) v128.store(at, f32x4.pmax(v128.load(at), zero))
}

/** slopes · (1 − values²) */
export function throughTanh(slopes: usize, values: usize, count: i32): void {
  const end = slopes + ((<usize>count) << 2)
  const one = f32x4.splat(1)
  for (; slopes < end; slopes += 16) {
    const y = v128.load(values)
    v128.store(slopes, f32x4.mul(v128.load(slopes), f32x4.sub(one, f32x4.mul(y, y))))
    values += 16
  }
}

/** 0 where values are. */
export function throughRelu(slopes: usize, values: usize, count: i32): void {
  const end = slopes + ((<usize>count) << 2)
  const zero = f32x4.splat(0)
  for (; slopes < end; slopes += 16) {
    v128.store(slopes, v128.and(v128.load(slopes), f32x4.gt(v128.load(values), zero)))
    values += 16
  }
}
