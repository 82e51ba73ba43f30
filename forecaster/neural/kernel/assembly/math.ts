/**
 * Elementary functions on four floats at once, without libraries, so that every machine gives the same bits.
 * e^x = 2^n · 2^f with n whole and |f| ≤ ½, 2^f by its Taylor series to the seventh power (error below a float's own).
 */

/** Adding it rounds to a whole number, which then stands in the low bits of the mantissa. */
const ROUNDER: f32 = 12582912.0
const LARGEST_EXPONENT: f32 = 87.0

// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const limited = f32x4.min(
    f32x4.max(x, f32x4.splat(-LARGEST_EXPONENT)),
    f32x4.splat(LARGEST_EXPONENT),
  )
  const y = f32x4.mul(limited, f32x4.splat(1.44269504088896))
  const rounded = f32x4.add(y, f32x4.splat(ROUNDER))
  const f = f32x4.sub(y, f32x4.sub(rounded, f32x4.splat(ROUNDER)))
  let p = f32x4.splat(1.5252733804059841e-5)
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(1.5403530393381608e-4))
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(1.3333558146428443e-3))
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(9.618129107628477e-3))
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(5.5504108664821576e-2))
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(2.402265069591007e-1))
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(6.931471805599453e-1))
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(1.0))
  return i32x4.add(p, i32x4.shl(rounded, 23))
}

// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))))
}

// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1)
  const e = exp4(f32x4.mul(x, f32x4.splat(-2)))
  return f32x4.sub(f32x4.div(f32x4.splat(2), f32x4.add(one, e)), one)
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + t), t = e^−|x|; ln(1 + t) = 2·artanh(t / (2 + t)) by its series. */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  const t = exp4(f32x4.neg(f32x4.abs(x)))
  const s = f32x4.div(t, f32x4.add(f32x4.splat(2), t))
  const s2 = f32x4.mul(s, s)
  let p = f32x4.splat(2.0 / 11.0)
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 9.0))
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 7.0))
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 5.0))
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 3.0))
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0))
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), f32x4.mul(p, s))
}

/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sum4(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  )
}

/** The sums of the lanes of a, b, c and d, as four lanes. */
// @ts-ignore: decorator
@inline
export function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(f32x4.shuffle(a, b, 0, 4, 1, 5), f32x4.shuffle(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(f32x4.shuffle(c, d, 0, 4, 1, 5), f32x4.shuffle(c, d, 2, 6, 3, 7))
  return f32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3))
}
