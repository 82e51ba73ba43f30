/** The forecast of a single sample: lanes are neighbouring units instead of samples, then knots. */
import {
  contextWeights,
  encoderWeights,
  headHidden,
  hidden,
  inputRows,
  inputs,
  isGru,
  knotLanes,
  oneActivation,
  oneBaseline,
  oneContext,
  oneContextRows,
  oneGates,
  oneInput,
  oneKnotInput,
  oneMemory,
  oneQuantiles,
  oneRaw,
  oneRecurrent,
  oneState,
  recurrentWeights,
  window,
} from './layout.ts'
import { knotForward } from './head.ts'
import { sigmoid4, tanh4 } from './math.ts'
import { multiplyOne } from './matrix.ts'

/** Four floats, `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function gather(at: usize, stride: usize): v128 {
  let v = v128.load_splat<f32>(at)
  v = v128.load_lane<f32>(at + stride, v, 1)
  v = v128.load_lane<f32>(at + 2 * stride, v, 2)
  return v128.load_lane<f32>(at + 3 * stride, v, 3)
}

function lstmStep(hiddenAt: usize): void {
  multiplyOne(oneGates, oneState, encoderWeights, inputRows, hidden << 2, false)
  for (let u: usize = 0; u < (<usize>hidden) << 2; u += 16) {
    const gate = oneGates + (u << 2)
    const i = sigmoid4(gather(gate, 16))
    const f = sigmoid4(gather(gate + 4, 16))
    const g = tanh4(gather(gate + 8, 16))
    const o = sigmoid4(gather(gate + 12, 16))
    const c = f32x4.add(f32x4.mul(f, v128.load(oneMemory + u)), f32x4.mul(i, g))
    v128.store(oneMemory + u, c)
    v128.store(hiddenAt + u, f32x4.mul(o, tanh4(c)))
  }
}

function gruStep(hiddenAt: usize): void {
  multiplyOne(oneGates, oneState, encoderWeights, inputRows, 3 * hidden, false)
  multiplyOne(oneRecurrent, hiddenAt, recurrentWeights, hidden + 1, 3 * hidden, false)
  for (let at: usize = 0; at < (<usize>hidden) << 2; at += 16) {
    const gate = oneGates + 3 * at
    const own = oneRecurrent + 3 * at
    const r = sigmoid4(f32x4.add(gather(gate, 12), gather(own, 12)))
    const u = sigmoid4(f32x4.add(gather(gate + 4, 12), gather(own + 4, 12)))
    const n = tanh4(f32x4.add(gather(gate + 8, 12), f32x4.mul(r, gather(own + 8, 12))))
    const h = v128.load(hiddenAt + at)
    v128.store(hiddenAt + at, f32x4.add(n, f32x4.mul(u, f32x4.sub(h, n))))
  }
}

export function forecastOne(): void {
  const hiddenAt = oneState + (<usize>(inputs + 1) << 2)
  const inputSize: usize = (<usize>inputs) << 2
  memory.fill(hiddenAt, 0, (<usize>hidden) << 2)
  memory.fill(oneMemory, 0, (<usize>hidden) << 2)
  for (let t: usize = 0; t < <usize>window; t++) {
    memory.copy(oneState, oneInput + t * inputSize, inputSize)
    if (isGru) gruStep(hiddenAt)
    else lstmStep(hiddenAt)
  }
  multiplyOne(oneContext, hiddenAt, contextWeights, hidden, headHidden, false)
  const row: usize = (<usize>knotLanes) << 2
  for (let d: usize = 0; d < <usize>headHidden; d++) {
    const value = v128.load_splat<f32>(oneContext + (d << 2))
    for (let b: usize = 0; b < row; b += 16) v128.store(oneContextRows + d * row + b, value)
  }
  knotForward(oneContextRows, oneKnotInput, oneBaseline, oneActivation, oneRaw, oneQuantiles, knotLanes)
}
