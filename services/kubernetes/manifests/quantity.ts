/**
 * Kubernetes quantities: "500m", "2", "1.5k", "1Gi", "1e3". Source: kubernetes/apimachinery pkg/api/resource/quantity.go
 * (grammar above type Quantity); like `MilliValue` the whole milli-units are rounded up.
 */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}
const QUANTITY =
  /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/

/** NaN where `text` is no quantity. */
export function quantityOf(text: string | number): number {
  if (typeof text === 'number') return Number.isFinite(text) ? text : Number.NaN
  const [, digits, exponent = '', suffix = ''] = QUANTITY.exec(text.trim()) ?? []
  if (digits === undefined) return Number.NaN
  return Number(`${digits}${exponent}`) * SUFFIXES[suffix]!
}

/** Whole milli-units, rounded up; NaN where `text` is no quantity. A binary fraction must not add one: 0.7 is 700. */
export function milliQuantityOf(text: string | number): number {
  return Math.ceil(Number((quantityOf(text) * 1000).toPrecision(15)))
}
