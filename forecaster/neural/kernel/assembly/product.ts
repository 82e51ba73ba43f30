/**
 * The matrix product of all kernels, here and in agents/learning/kernel. All sums run in the same order on every machine, and no
 * fused operation is used: the same bits everywhere.
 */

// @ts-ignore: decorator
@inline
function madd(acc: v128, a: v128, b: v128): v128 {
  return f32x4.add(acc, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function first(at: usize, add: bool): v128 {
  return add ? v128.load(at) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function firstOne(at: usize, add: bool): f32 {
  return add ? load<f32>(at) : 0
}

/**
 * out[i][j] (+)= Σ_k a[i · rowStride + k · innerStride] · b[k][j]; strides in bytes. So it is the product of a layer, and,
 * with the strides changed about, of a transposed table.
 */
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
  const row: usize = (<usize>columns) << 2
  let i = 0
  for (; i + 4 <= rows; i += 4) {
    fourRows(out, a, b, inner, columns, rowStride, innerStride, add)
    out += 4 * row
    a += 4 * rowStride
  }
  for (; i < rows; i++) {
    oneRow(out, a, b, inner, columns, innerStride, add)
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
  add: bool,
): void {
  const row: usize = (<usize>columns) << 2
  const a2 = a + 2 * rowStride
  let j = 0
  for (; j + 8 <= columns; j += 8) {
    const at = out + ((<usize>j) << 2)
    let c00 = first(at, add)
    let c01 = first(at + 16, add)
    let c10 = first(at + row, add)
    let c11 = first(at + row + 16, add)
    let c20 = first(at + 2 * row, add)
    let c21 = first(at + 2 * row + 16, add)
    let c30 = first(at + 3 * row, add)
    let c31 = first(at + 3 * row + 16, add)
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
    let c0 = first(at, add)
    let c1 = first(at + row, add)
    let c2 = first(at + 2 * row, add)
    let c3 = first(at + 3 * row, add)
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
    let c0 = firstOne(at, add)
    let c1 = firstOne(at + row, add)
    let c2 = firstOne(at + 2 * row, add)
    let c3 = firstOne(at + 3 * row, add)
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
  add: bool,
): void {
  const row: usize = (<usize>columns) << 2
  let j = 0
  for (; j + 16 <= columns; j += 16) {
    const at = out + ((<usize>j) << 2)
    let c0 = first(at, add)
    let c1 = first(at + 16, add)
    let c2 = first(at + 32, add)
    let c3 = first(at + 48, add)
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
    let c0 = first(at, add)
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
    let c0 = firstOne(at, add)
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
