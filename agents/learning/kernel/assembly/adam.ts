/**
 * Adam on tables of floats, in doubles, two at a time: what agents/learning/adam-part.ts does in plain TypeScript, to the
 * bit. Tables are taken four numbers at a time; what lies behind their last number is 0 and stays 0.
 */

// @ts-ignore: decorator
@inline
function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x)
}

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0))
}

// @ts-ignore: decorator
@inline
function joined(low: v128, high: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
}

/** Σ values²: four sums, of every fourth number each, then (first + second) + (third + fourth). */
export function sumOfSquares(at: usize, count: i32): f64 {
  const end = at + ((<usize>count) << 2)
  let first = f64x2.splat(0)
  let second = first
  for (; at < end; at += 16) {
    const x = v128.load(at)
    const a = low(x)
    const b = high(x)
    first = f64x2.add(first, f64x2.mul(a, a))
    second = f64x2.add(second, f64x2.mul(b, b))
  }
  return (
    f64x2.extract_lane(first, 0) +
    f64x2.extract_lane(first, 1) +
    (f64x2.extract_lane(second, 0) + f64x2.extract_lane(second, 1))
  )
}

// @ts-ignore: decorator
@inline
function meanAfter(mean: v128, gradient: v128, share: v128): v128 {
  return f64x2.add(mean, f64x2.mul(share, f64x2.sub(gradient, mean)))
}

// @ts-ignore: decorator
@inline
function squareAfter(square: v128, gradient: v128, decay: v128, share: v128): v128 {
  return f64x2.add(f64x2.mul(decay, square), f64x2.mul(f64x2.mul(share, gradient), gradient))
}

// @ts-ignore: decorator
@inline
function weightAfter(
  weight: v128,
  mean: v128,
  square: v128,
  rate: v128,
  correction: v128,
  epsilon: v128,
): v128 {
  const size = f64x2.add(f64x2.mul(f64x2.sqrt(square), correction), epsilon)
  return f64x2.sub(weight, f64x2.div(f64x2.mul(rate, mean), size))
}

/** One step for `count` weights; gradients are 0 then. */
export function step(
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
  const scales = f64x2.splat(scale)
  const meanShare = f64x2.splat(1 - first)
  const decay = f64x2.splat(second)
  const squareShare = f64x2.splat(1 - second)
  const rates = f64x2.splat(rate)
  const corrections = f64x2.splat(correction)
  const epsilons = f64x2.splat(epsilon)
  const zero = f32x4.splat(0)
  const end = weights + ((<usize>count) << 2)
  for (; weights < end; weights += 16) {
    const g = v128.load(gradients)
    const g0 = f64x2.mul(low(g), scales)
    const g1 = f64x2.mul(high(g), scales)
    const m = v128.load(means)
    const m0 = meanAfter(low(m), g0, meanShare)
    const m1 = meanAfter(high(m), g1, meanShare)
    const v = v128.load(squares)
    const v0 = squareAfter(low(v), g0, decay, squareShare)
    const v1 = squareAfter(high(v), g1, decay, squareShare)
    const w = v128.load(weights)
    const w0 = weightAfter(low(w), m0, v0, rates, corrections, epsilons)
    const w1 = weightAfter(high(w), m1, v1, rates, corrections, epsilons)
    v128.store(means, joined(m0, m1))
    v128.store(squares, joined(v0, v1))
    v128.store(weights, joined(w0, w1))
    v128.store(gradients, zero)
    gradients += 16
    means += 16
    squares += 16
  }
}
