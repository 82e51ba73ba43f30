/**
 * LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000): i, f, o = σ(·), g = tanh(·),
 * c = f·c₋ + i·g, h = o·tanh c; and its gradient back through time.
 */
import {
  bent,
  encoderWeights,
  gates,
  gradHidden,
  gradMemory,
  hidden,
  inputRows,
  inputs,
  lanes,
  memory_,
  stateRows,
  toGradient,
  window,
  z,
} from './layout.ts'
import { sigmoid4, tanh4 } from './math.ts'
import { gradient, multiplyBack } from './matrix.ts'

// @ts-ignore: decorator
@inline
function madd(acc: v128, a: v128, b: v128): v128 {
  return f32x4.add(acc, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function finish(
  a0: v128,
  a1: v128,
  a2: v128,
  a3: v128,
  gate: usize,
  row: usize,
  before: usize,
  after: usize,
  bentAt: usize,
  hiddenAt: usize,
): void {
  const i = sigmoid4(a0)
  const f = sigmoid4(a1)
  const g = tanh4(a2)
  const o = sigmoid4(a3)
  v128.store(gate, i)
  v128.store(gate + row, f)
  v128.store(gate + 2 * row, g)
  v128.store(gate + 3 * row, o)
  const c = madd(f32x4.mul(f, v128.load(before)), i, g)
  v128.store(after, c)
  const t = tanh4(c)
  v128.store(bentAt, t)
  v128.store(hiddenAt, f32x4.mul(o, t))
}

export function lstmForward(): void {
  const row: usize = (<usize>lanes) << 2
  const units = hidden
  const rows = inputRows
  const weightRow: usize = (<usize>units) << 4
  const stateSize: usize = <usize>stateRows * row
  const unitsSize: usize = <usize>units * row
  for (let t = 0; t < window; t++) {
    const state = z + (<usize>t) * stateSize
    const gateStep = gates + (<usize>t) * 4 * unitsSize
    const cellStep = memory_ + (<usize>t) * unitsSize
    const bentStep = bent + (<usize>t) * unitsSize
    const next = state + stateSize + <usize>(inputs + 1) * row
    for (let u = 0; u < units; u++) {
      for (let b: usize = 0; b < row; b += 32) {
        let a00 = f32x4.splat(0)
        let a01 = a00
        let a10 = a00
        let a11 = a00
        let a20 = a00
        let a21 = a00
        let a30 = a00
        let a31 = a00
        let w = encoderWeights + ((<usize>u) << 4)
        let x = state + b
        for (let k = 0; k < rows; k++) {
          const x0 = v128.load(x)
          const x1 = v128.load(x, 16)
          const w0 = v128.load_splat<f32>(w)
          a00 = madd(a00, w0, x0)
          a01 = madd(a01, w0, x1)
          const w1 = v128.load_splat<f32>(w, 4)
          a10 = madd(a10, w1, x0)
          a11 = madd(a11, w1, x1)
          const w2 = v128.load_splat<f32>(w, 8)
          a20 = madd(a20, w2, x0)
          a21 = madd(a21, w2, x1)
          const w3 = v128.load_splat<f32>(w, 12)
          a30 = madd(a30, w3, x0)
          a31 = madd(a31, w3, x1)
          w += weightRow
          x += row
        }
        const gate = gateStep + ((<usize>u) << 2) * row + b
        const at = (<usize>u) * row + b
        const cell = cellStep + at
        finish(a00, a10, a20, a30, gate, row, cell, cell + unitsSize, bentStep + at, next + at)
        finish(a01, a11, a21, a31, gate + 16, row, cell + 16, cell + 16 + unitsSize, bentStep + at + 16, next + at + 16)
      }
    }
  }
}

/** Expects `gradHidden`, the gradient of the last hidden state; adds to the gradients of the weights. */
export function lstmBackward(): void {
  const row: usize = (<usize>lanes) << 2
  const unitsSize: usize = <usize>hidden * row
  const gateRows = hidden << 2
  const hiddenWeights = encoderWeights + ((<usize>((inputs + 1) * gateRows)) << 2)
  memory.fill(gradMemory, 0, unitsSize)
  for (let t = window - 1; t >= 0; t--) {
    const gateStep = gates + (<usize>t) * 4 * unitsSize
    const before = memory_ + (<usize>t) * unitsSize
    const bentStep = bent + (<usize>t) * unitsSize
    for (let u: usize = 0; u < <usize>hidden; u++)
      for (let b: usize = 0; b < row; b += 16)
        gateGradients(gateStep + (u << 2) * row + b, row, u * row + b, before, bentStep)
    gradient(encoderWeights + toGradient, z + <usize>(t * stateRows) * row, gateStep, inputRows, gateRows, lanes)
    if (t > 0) multiplyBack(gradHidden, gateStep, hiddenWeights, hidden, gateRows, lanes, false)
  }
}

/** Replaces the gates of one unit by the gradients of what went into them. */
// @ts-ignore: decorator
@inline
function gateGradients(gate: usize, row: usize, at: usize, before: usize, bentStep: usize): void {
  const one = f32x4.splat(1)
  const i = v128.load(gate)
  const f = v128.load(gate + row)
  const g = v128.load(gate + 2 * row)
  const o = v128.load(gate + 3 * row)
  const t = v128.load(bentStep + at)
  const dh = v128.load(gradHidden + at)
  const dho = f32x4.mul(dh, o)
  const dc = madd(v128.load(gradMemory + at), dho, f32x4.sub(one, f32x4.mul(t, t)))
  const dci = f32x4.mul(dc, i)
  const dcf = f32x4.mul(dc, f)
  v128.store(gradMemory + at, dcf)
  v128.store(gate, f32x4.mul(f32x4.mul(dci, g), f32x4.sub(one, i)))
  v128.store(gate + row, f32x4.mul(f32x4.mul(dcf, v128.load(before + at)), f32x4.sub(one, f)))
  v128.store(gate + 2 * row, f32x4.mul(dci, f32x4.sub(one, f32x4.mul(g, g))))
  v128.store(gate + 3 * row, f32x4.mul(f32x4.mul(dho, t), f32x4.sub(one, o)))
}
