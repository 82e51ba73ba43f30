/**
 * GRU (Cho et al. 2014, in the form of cuDNN and PyTorch, where the reset gate acts after the product):
 * r, u = σ(·), m = what the hidden state adds to the candidate, n = tanh(· + r·m), h = n + u·(h₋ − n);
 * and its gradient back through time.
 */
import {
  encoderWeights,
  gates,
  gradBefore,
  gradGates,
  gradHidden,
  gradRecurrent,
  hidden,
  inputRows,
  inputs,
  lanes,
  memory_,
  recurrentWeights,
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
  reset: v128,
  update: v128,
  fromInput: v128,
  fromHidden: v128,
  gate: usize,
  row: usize,
  memoryAt: usize,
  before: usize,
  after: usize,
): void {
  const r = sigmoid4(reset)
  const u = sigmoid4(update)
  const n = tanh4(madd(fromInput, r, fromHidden))
  v128.store(gate, r)
  v128.store(gate + row, u)
  v128.store(gate + 2 * row, n)
  v128.store(memoryAt, fromHidden)
  v128.store(after, madd(n, u, f32x4.sub(v128.load(before), n)))
}

export function gruForward(): void {
  const row: usize = (<usize>lanes) << 2
  const units = hidden
  const rows = inputRows
  const weightRow: usize = (<usize>units) * 12
  const stateSize: usize = <usize>stateRows * row
  const unitsSize: usize = <usize>units * row
  for (let t = 0; t < window; t++) {
    const state = z + (<usize>t) * stateSize
    const hiddenAt = state + <usize>(inputs + 1) * row
    for (let u: usize = 0; u < <usize>units; u++) {
      for (let b: usize = 0; b < row; b += 32) {
        let r0 = f32x4.splat(0)
        let r1 = r0
        let u0 = r0
        let u1 = r0
        let n0 = r0
        let n1 = r0
        let m0 = r0
        let m1 = r0
        let w = encoderWeights + u * 12
        let x = state + b
        for (let k = 0; k < rows; k++) {
          const x0 = v128.load(x)
          const x1 = v128.load(x, 16)
          const w0 = v128.load_splat<f32>(w)
          r0 = madd(r0, w0, x0)
          r1 = madd(r1, w0, x1)
          const w1 = v128.load_splat<f32>(w, 4)
          u0 = madd(u0, w1, x0)
          u1 = madd(u1, w1, x1)
          const w2 = v128.load_splat<f32>(w, 8)
          n0 = madd(n0, w2, x0)
          n1 = madd(n1, w2, x1)
          w += weightRow
          x += row
        }
        w = recurrentWeights + u * 12
        x = hiddenAt + b
        for (let k = 0; k <= units; k++) {
          const x0 = v128.load(x)
          const x1 = v128.load(x, 16)
          const w0 = v128.load_splat<f32>(w)
          r0 = madd(r0, w0, x0)
          r1 = madd(r1, w0, x1)
          const w1 = v128.load_splat<f32>(w, 4)
          u0 = madd(u0, w1, x0)
          u1 = madd(u1, w1, x1)
          const w2 = v128.load_splat<f32>(w, 8)
          m0 = madd(m0, w2, x0)
          m1 = madd(m1, w2, x1)
          w += weightRow
          x += row
        }
        const gate = gates + ((<usize>t) * unitsSize + u * row) * 3 + b
        const at = u * row + b
        const kept = memory_ + (<usize>t) * unitsSize + at
        const before = hiddenAt + at
        finish(r0, u0, n0, m0, gate, row, kept, before, before + stateSize)
        finish(r1, u1, n1, m1, gate + 16, row, kept + 16, before + 16, before + 16 + stateSize)
      }
    }
  }
}

/** Expects `gradHidden`, the gradient of the last hidden state; adds to the gradients of the weights. */
export function gruBackward(): void {
  const row: usize = (<usize>lanes) << 2
  const unitsSize: usize = <usize>hidden * row
  const gateRows = 3 * hidden
  for (let t = window - 1; t >= 0; t--) {
    const state = z + <usize>(t * stateRows) * row
    const hiddenAt = state + <usize>(inputs + 1) * row
    const gateStep = gates + (<usize>t) * 3 * unitsSize
    const kept = memory_ + (<usize>t) * unitsSize
    for (let u: usize = 0; u < <usize>hidden; u++)
      for (let b: usize = 0; b < row; b += 16)
        gateGradients(gateStep, 3 * u * row + b, row, u * row + b, kept, hiddenAt)
    gradient(encoderWeights + toGradient, state, gradGates, inputRows, gateRows, lanes)
    gradient(recurrentWeights + toGradient, hiddenAt, gradRecurrent, hidden + 1, gateRows, lanes)
    if (t > 0) {
      multiplyBack(gradBefore, gradRecurrent, recurrentWeights, hidden, gateRows, lanes, true)
      memory.copy(gradHidden, gradBefore, unitsSize)
    }
  }
}

// @ts-ignore: decorator
@inline
function gateGradients(step: usize, gate: usize, row: usize, at: usize, kept: usize, hiddenAt: usize): void {
  const one = f32x4.splat(1)
  const r = v128.load(step + gate)
  const u = v128.load(step + gate + row)
  const n = v128.load(step + gate + 2 * row)
  const dh = v128.load(gradHidden + at)
  const keep = f32x4.mul(dh, u)
  v128.store(gradBefore + at, keep)
  const dn = f32x4.mul(f32x4.sub(dh, keep), f32x4.sub(one, f32x4.mul(n, n)))
  const du = f32x4.mul(f32x4.mul(keep, f32x4.sub(v128.load(hiddenAt + at), n)), f32x4.sub(one, u))
  const dm = f32x4.mul(dn, r)
  const dr = f32x4.mul(f32x4.mul(dm, v128.load(kept + at)), f32x4.sub(one, r))
  v128.store(gradGates + gate, dr)
  v128.store(gradGates + gate + row, du)
  v128.store(gradGates + gate + 2 * row, dn)
  v128.store(gradRecurrent + gate, dr)
  v128.store(gradRecurrent + gate + row, du)
  v128.store(gradRecurrent + gate + 2 * row, dm)
}
