/**
 * What a perceptron is made of, on tables of floats, row by row, at addresses that the caller lays out. All sums run in
 * the same order on every machine, and no fused operation is used: the same bits everywhere.
 */
import { tanh4 } from './tanh.ts'

export { adam, squares } from './adam.ts'

// @ts-ignore: decorator
@inline
function madd(acc: v128, a: v128, b: v128): v128 {
  return f32x4.add(acc, f32x4.mul(a, b))
}

/** The first byte that tables may take. */
export function freeFrom(): usize {
  return (__heap_base + 15) & ~(<usize>15)
}

/**
 * out[i][j] += Σ_k a[i · rowStride + k · innerStride] · b[k][j]; strides in bytes. So it is the product of a layer, and,
 * with the strides changed about, of a transposed table.
 */
export function addProduct(
  out: usize,
  a: usize,
  b: usize,
  rows: i32,
  inner: i32,
  columns: i32,
  rowStride: usize,
  innerStride: usize,
): void {
  const row: usize = (<usize>columns) << 2
  let i = 0
  for (; i + 4 <= rows; i += 4) {
    fourRows(out, a, b, inner, columns, rowStride, innerStride)
    out += 4 * row
    a += 4 * rowStride
  }
  for (; i < rows; i++) {
    oneRow(out, a, b, inner, columns, innerStride)
    out += row
    a += rowStride
  }
}

/** Tiles of four by eight: as many as 16 registers hold. */
function fourRows(
  out: usize,
  a: usize,
  b: usize,
  inner: i32,
  columns: i32,
  rowStride: usize,
  innerStride: usize,
): void {
  const row: usize = (<usize>columns) << 2
  const a2 = a + 2 * rowStride
  let j = 0
  for (; j + 8 <= columns; j += 8) {
    const at = out + ((<usize>j) << 2)
    let c00 = v128.load(at)
    let c01 = v128.load(at, 16)
    let c10 = v128.load(at + row)
    let c11 = v128.load(at + row, 16)
    let c20 = v128.load(at + 2 * row)
    let c21 = v128.load(at + 2 * row, 16)
    let c30 = v128.load(at + 3 * row)
    let c31 = v128.load(at + 3 * row, 16)
    let x = a
    let y = a2
    let w = b + ((<usize>j) << 2)
    for (let k = 0; k < inner; k++) {
      const w0 = v128.load(w)
      const w1 = v128.load(w, 16)
      const x0 = v128.load_splat<f32>(x)
      c00 = madd(c00, x0, w0)
      c01 = madd(c01, x0, w1)
      const x1 = v128.load_splat<f32>(x + rowStride)
      c10 = madd(c10, x1, w0)
      c11 = madd(c11, x1, w1)
      const x2 = v128.load_splat<f32>(y)
      c20 = madd(c20, x2, w0)
      c21 = madd(c21, x2, w1)
      const x3 = v128.load_splat<f32>(y + rowStride)
      c30 = madd(c30, x3, w0)
      c31 = madd(c31, x3, w1)
      x += innerStride
      y += innerStride
      w += row
    }
    v128.store(at, c00)
    v128.store(at, c01, 16)
    v128.store(at + row, c10)
    v128.store(at + row, c11, 16)
    v128.store(at + 2 * row, c20)
    v128.store(at + 2 * row, c21, 16)
    v128.store(at + 3 * row, c30)
    v128.store(at + 3 * row, c31, 16)
  }
  for (; j + 4 <= columns; j += 4) {
    const at = out + ((<usize>j) << 2)
    let c0 = v128.load(at)
    let c1 = v128.load(at + row)
    let c2 = v128.load(at + 2 * row)
    let c3 = v128.load(at + 3 * row)
    let x = a
    let y = a2
    let w = b + ((<usize>j) << 2)
    for (let k = 0; k < inner; k++) {
      const w0 = v128.load(w)
      c0 = madd(c0, v128.load_splat<f32>(x), w0)
      c1 = madd(c1, v128.load_splat<f32>(x + rowStride), w0)
      c2 = madd(c2, v128.load_splat<f32>(y), w0)
      c3 = madd(c3, v128.load_splat<f32>(y + rowStride), w0)
      x += innerStride
      y += innerStride
      w += row
    }
    v128.store(at, c0)
    v128.store(at + row, c1)
    v128.store(at + 2 * row, c2)
    v128.store(at + 3 * row, c3)
  }
  for (; j < columns; j++) {
    const at = out + ((<usize>j) << 2)
    let c0 = load<f32>(at)
    let c1 = load<f32>(at + row)
    let c2 = load<f32>(at + 2 * row)
    let c3 = load<f32>(at + 3 * row)
    let x = a
    let y = a2
    let w = b + ((<usize>j) << 2)
    for (let k = 0; k < inner; k++) {
      const w0 = load<f32>(w)
      c0 += load<f32>(x) * w0
      c1 += load<f32>(x + rowStride) * w0
      c2 += load<f32>(y) * w0
      c3 += load<f32>(y + rowStride) * w0
      x += innerStride
      y += innerStride
      w += row
    }
    store<f32>(at, c0)
    store<f32>(at + row, c1)
    store<f32>(at + 2 * row, c2)
    store<f32>(at + 3 * row, c3)
  }
}

function oneRow(
  out: usize,
  a: usize,
  b: usize,
  inner: i32,
  columns: i32,
  innerStride: usize,
): void {
  const row: usize = (<usize>columns) << 2
  let j = 0
  for (; j + 16 <= columns; j += 16) {
    const at = out + ((<usize>j) << 2)
    let c0 = v128.load(at)
    let c1 = v128.load(at, 16)
    let c2 = v128.load(at, 32)
    let c3 = v128.load(at, 48)
    let x = a
    let w = b + ((<usize>j) << 2)
    for (let k = 0; k < inner; k++) {
      const x0 = v128.load_splat<f32>(x)
      c0 = madd(c0, x0, v128.load(w))
      c1 = madd(c1, x0, v128.load(w, 16))
      c2 = madd(c2, x0, v128.load(w, 32))
      c3 = madd(c3, x0, v128.load(w, 48))
      x += innerStride
      w += row
    }
    v128.store(at, c0)
    v128.store(at, c1, 16)
    v128.store(at, c2, 32)
    v128.store(at, c3, 48)
  }
  for (; j + 4 <= columns; j += 4) {
    const at = out + ((<usize>j) << 2)
    let c0 = v128.load(at)
    let x = a
    let w = b + ((<usize>j) << 2)
    for (let k = 0; k < inner; k++) {
      c0 = madd(c0, v128.load_splat<f32>(x), v128.load(w))
      x += innerStride
      w += row
    }
    v128.store(at, c0)
  }
  for (; j < columns; j++) {
    const at = out + ((<usize>j) << 2)
    let c0 = load<f32>(at)
    let x = a
    let w = b + ((<usize>j) << 2)
    for (let k = 0; k < inner; k++) {
      c0 += load<f32>(x) * load<f32>(w)
      x += innerStride
      w += row
    }
    store<f32>(at, c0)
  }
}

export function clear(at: usize, count: i32): void {
  memory.fill(at, 0, (<usize>count) << 2)
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
