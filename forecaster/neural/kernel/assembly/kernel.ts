/**
 * What the module offers: `configure` once, write parameters, levels and a batch to where the `…At` functions point,
 * then `forward`, `gradients`, `adam`, or `forecastOne` for a single sample. Not for use by two callers at once.
 */
import { gruBackward, gruForward } from './gru.ts'
import { headBackward, headForward } from './head.ts'
import * as layout from './layout.ts'
import { lstmBackward, lstmForward } from './lstm.ts'
import { sum4 } from './math.ts'
import { forecastOne as runOne } from './one.ts'

export function configure(
  gru: bool,
  inputs: i32,
  hidden: i32,
  window: i32,
  knotFeatures: i32,
  headHidden: i32,
  knots: i32,
  levels: i32,
  median: i32,
  lanes: i32,
): void {
  layout.configure(gru, inputs, hidden, window, knotFeatures, headHidden, knots, levels, median, lanes)
}

export function parameterCount(): i32 {
  return layout.parameterCount
}
export function parametersAt(): usize {
  return layout.parameters
}
export function gradientsAt(): usize {
  return layout.parameters + layout.toGradient
}
export function probabilitiesAt(): usize {
  return layout.probabilities
}
export function stateAt(): usize {
  return layout.z
}
export function stateRows(): i32 {
  return layout.stateRows
}
export function knotInputAt(): usize {
  return layout.knotInput
}
export function baselineAt(): usize {
  return layout.baseline
}
export function targetAt(): usize {
  return layout.target
}
export function weightAt(): usize {
  return layout.weight
}
export function quantilesAt(): usize {
  return layout.quantiles
}
export function oneInputAt(): usize {
  return layout.oneInput
}
export function oneKnotInputAt(): usize {
  return layout.oneKnotInput
}
export function oneBaselineAt(): usize {
  return layout.oneBaseline
}
export function oneQuantilesAt(): usize {
  return layout.oneQuantiles
}

export function forward(): void {
  if (layout.isGru) gruForward()
  else lstmForward()
  headForward()
}

/** Mean pinball loss of the batch; its gradient replaces the last one. */
export function gradients(): f64 {
  forward()
  memory.fill(layout.parameters + layout.toGradient, 0, (<usize>layout.parameterCount) << 2)
  const loss = headBackward()
  if (layout.isGru) gruBackward()
  else lstmBackward()
  return loss
}

export function forecastOne(): void {
  runOne()
}

/**
 * One step of Adam (Kingma & Ba 2015) with β = 0.9, 0.999 and the gradient's norm held to `clip`
 * (Pascanu et al. 2013). `rate` and `second` carry the corrections of the moments' start at zero.
 */
export function adam(rate: f32, second: f32, clip: f64): void {
  const size = ((<usize>layout.parameterCount) << 2) + 15 & ~(<usize>15)
  const gradientAt = layout.parameters + layout.toGradient
  let squares: f64 = 0
  for (let i: usize = 0; i < size; i += 16) {
    const g = v128.load(gradientAt + i)
    squares += sum4(f32x4.mul(g, g))
  }
  const norm = Math.sqrt(squares)
  const scale = f32x4.splat(norm > clip ? <f32>(clip / norm) : 1)
  const firstAt = gradientAt + layout.toGradient
  const secondAt = firstAt + layout.toGradient
  for (let i: usize = 0; i < size; i += 16) {
    const g = f32x4.mul(v128.load(gradientAt + i), scale)
    const m = f32x4.add(f32x4.mul(v128.load(firstAt + i), f32x4.splat(0.9)), f32x4.mul(g, f32x4.splat(0.1)))
    const v = f32x4.add(f32x4.mul(v128.load(secondAt + i), f32x4.splat(0.999)), f32x4.mul(f32x4.mul(g, g), f32x4.splat(0.001)))
    v128.store(firstAt + i, m)
    v128.store(secondAt + i, v)
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, f32x4.splat(second))), f32x4.splat(1e-8))
    const step = f32x4.mul(f32x4.splat(rate), f32x4.div(m, root))
    v128.store(layout.parameters + i, f32x4.sub(v128.load(layout.parameters + i), step))
  }
}
