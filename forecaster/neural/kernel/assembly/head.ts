/**
 * From the last hidden state and what is known of each knot (a step ahead) to quantiles at the knots:
 *
 *   a = tanh(hidden·W + features·V);  raw = a·O + features·S
 *   median = baseline + raw;  away from it each quantile is the one before ± softplus(raw), so that they never cross
 *
 * and the gradient of the pinball loss, averaged over levels and over the targets that are there.
 */
import {
  activation,
  baseline,
  context,
  contextWeights,
  gradActivation,
  gradContext,
  gradHidden,
  gradRaw,
  headHidden,
  hidden,
  inputs,
  knotFeatures,
  knotInput,
  knots,
  knotWeights,
  lanes,
  levels,
  medianLevel,
  outputWeights,
  probabilities,
  quantiles,
  raw,
  skipWeights,
  stateRows,
  target,
  toGradient,
  weight,
  window,
  z,
} from './layout.ts'
import { sigmoid4, softplus4, sum4, tanh4 } from './math.ts'
import { gradient, multiply, multiplyBack } from './matrix.ts'

function lastHidden(): usize {
  return z + ((<usize>((window * stateRows + inputs + 1) * lanes)) << 2)
}

/** One knot of a batch, or all knots of one sample: whatever the lanes are. */
export function knotForward(
  contextRows: usize,
  features: usize,
  base: usize,
  hiddenOut: usize,
  rawOut: usize,
  out: usize,
  width: i32,
): void {
  const row: usize = (<usize>width) << 2
  const size = <usize>headHidden * row
  memory.copy(hiddenOut, contextRows, size)
  multiply(hiddenOut, features, knotWeights, knotFeatures, headHidden, width, true)
  for (let i: usize = 0; i < size; i += 16)
    v128.store(hiddenOut + i, tanh4(v128.load(hiddenOut + i)))
  multiply(rawOut, hiddenOut, outputWeights, headHidden, levels, width, false)
  multiply(rawOut, features, skipWeights, knotFeatures, levels, width, true)
  for (let b: usize = 0; b < row; b += 16) {
    const middle = f32x4.add(v128.load(base + b), v128.load(rawOut + <usize>medianLevel * row + b))
    v128.store(out + <usize>medianLevel * row + b, middle)
    let q = middle
    for (let j = medianLevel + 1; j < levels; j++) {
      q = f32x4.add(q, softplus4(v128.load(rawOut + <usize>j * row + b)))
      v128.store(out + <usize>j * row + b, q)
    }
    q = middle
    for (let j = medianLevel - 1; j >= 0; j--) {
      q = f32x4.sub(q, softplus4(v128.load(rawOut + <usize>j * row + b)))
      v128.store(out + <usize>j * row + b, q)
    }
  }
}

export function headForward(): void {
  const row: usize = (<usize>lanes) << 2
  multiply(context, lastHidden(), contextWeights, hidden, headHidden, lanes, false)
  for (let k: usize = 0; k < <usize>knots; k++)
    knotForward(
      context,
      knotInput + k * <usize>knotFeatures * row,
      baseline + k * row,
      activation + k * <usize>headHidden * row,
      raw + k * <usize>levels * row,
      quantiles + k * <usize>levels * row,
      lanes,
    )
}

/** Mean pinball loss; leaves the gradient of the last hidden state in `gradHidden`. */
export function headBackward(): f64 {
  const row: usize = (<usize>lanes) << 2
  let present: f64 = 0
  for (let i: usize = 0; i < <usize>knots * row; i += 16) present += sum4(v128.load(weight + i))
  const share: f32 = present > 0 ? <f32>(1.0 / (present * <f64>levels)) : 0
  const size = <usize>headHidden * row
  memory.fill(gradContext, 0, size)
  let loss: f64 = 0
  for (let k: usize = 0; k < <usize>knots; k++) {
    const features = knotInput + k * <usize>knotFeatures * row
    const hiddenOut = activation + k * <usize>headHidden * row
    loss += pinball(k, share)
    gradient(outputWeights + toGradient, hiddenOut, gradRaw, headHidden, levels, lanes)
    gradient(skipWeights + toGradient, features, gradRaw, knotFeatures, levels, lanes)
    multiplyBack(gradActivation, gradRaw, outputWeights, headHidden, levels, lanes, false)
    for (let i: usize = 0; i < size; i += 16) {
      const a = v128.load(hiddenOut + i)
      const slope = f32x4.sub(f32x4.splat(1), f32x4.mul(a, a))
      const g = f32x4.mul(v128.load(gradActivation + i), slope)
      v128.store(gradActivation + i, g)
      v128.store(gradContext + i, f32x4.add(v128.load(gradContext + i), g))
    }
    gradient(knotWeights + toGradient, features, gradActivation, knotFeatures, headHidden, lanes)
  }
  gradient(contextWeights + toGradient, lastHidden(), gradContext, hidden, headHidden, lanes)
  multiplyBack(gradHidden, gradContext, contextWeights, hidden, headHidden, lanes, false)
  return loss
}

/** Loss of a knot, and its gradient by the raw outputs: what is further out hangs on everything between it and the median. */
function pinball(k: usize, share: f32): f64 {
  const row: usize = (<usize>lanes) << 2
  const rawRows = raw + k * <usize>levels * row
  const rows = quantiles + k * <usize>levels * row
  let loss: f64 = 0
  for (let b: usize = 0; b < row; b += 16) {
    const y = v128.load(target + k * row + b)
    const w = f32x4.mul(v128.load(weight + k * row + b), f32x4.splat(share))
    let sum = f32x4.splat(0)
    for (let j = 0; j < levels; j++) {
      const error = f32x4.sub(y, v128.load(rows + <usize>j * row + b))
      const level = v128.load_splat<f32>(probabilities + ((<usize>j) << 2))
      const over = f32x4.sub(level, f32x4.splat(1))
      const above = f32x4.gt(error, f32x4.splat(0))
      const slope = v128.bitselect(level, over, above)
      sum = f32x4.add(sum, f32x4.mul(slope, error))
      v128.store(gradRaw + <usize>j * row + b, f32x4.neg(f32x4.mul(w, slope)))
    }
    loss += sum4(f32x4.mul(w, sum))
    outward(b, rawRows, row)
  }
  return loss
}

function outward(b: usize, rawRows: usize, row: usize): void {
  let above = f32x4.splat(0)
  for (let j = levels - 1; j > medianLevel; j--) {
    const at = <usize>j * row + b
    above = f32x4.add(above, v128.load(gradRaw + at))
    v128.store(gradRaw + at, f32x4.mul(above, sigmoid4(v128.load(rawRows + at))))
  }
  let below = f32x4.splat(0)
  for (let j = 0; j < medianLevel; j++) {
    const at = <usize>j * row + b
    below = f32x4.add(below, v128.load(gradRaw + at))
    v128.store(gradRaw + at, f32x4.neg(f32x4.mul(below, sigmoid4(v128.load(rawRows + at)))))
  }
  const middle = gradRaw + <usize>medianLevel * row + b
  v128.store(middle, f32x4.add(v128.load(middle), f32x4.add(above, below)))
}
