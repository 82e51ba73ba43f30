/**
 * Plain data as JSON and back, to the bit: typed arrays as base64 of little-endian numbers (the same on a machine of
 * another byte order), and the numbers that JSON has no word for (NaN, infinities, −0) by name.
 */
const TAGS = { Float64Array: '$f64', Float32Array: '$f32', Int32Array: '$i32' } as const
const NUMBER = '$number'

type Typed = Float64Array | Float32Array | Int32Array

export const toExactJson = (value: unknown): string => JSON.stringify(plain(value))

/** Throws a SyntaxError for what is no JSON. */
export const fromExactJson = (text: string): unknown =>
  JSON.parse(text, (_key, value) => typed(value))

function plain(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? '-0' : String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const tag = TAGS[value.constructor?.name as keyof typeof TAGS]
  if (tag) return { [tag]: base64Of(value as Typed) }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

function typed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [entry, more] = Object.entries(value)
  if (!entry || more || typeof entry[1] !== 'string') return value
  const [tag, text] = entry
  switch (tag) {
    case TAGS.Float64Array:
      return numbersOf(text, Float64Array, 'getFloat64')
    case TAGS.Float32Array:
      return numbersOf(text, Float32Array, 'getFloat32')
    case TAGS.Int32Array:
      return numbersOf(text, Int32Array, 'getInt32')
    case NUMBER:
      return Number(text)
    default:
      return value
  }
}

function base64Of(numbers: Typed): string {
  const size = numbers.BYTES_PER_ELEMENT
  const view = new DataView(new ArrayBuffer(numbers.length * size))
  numbers.forEach((x, i) => {
    if (numbers instanceof Float64Array) view.setFloat64(i * size, x, true)
    else if (numbers instanceof Float32Array) view.setFloat32(i * size, x, true)
    else view.setInt32(i * size, x, true)
  })
  return Buffer.from(view.buffer).toString('base64')
}

function numbersOf<Numbers extends Typed>(
  text: string,
  make: { new (length: number): Numbers; readonly BYTES_PER_ELEMENT: number },
  get: 'getFloat64' | 'getFloat32' | 'getInt32',
): Numbers {
  const bytes = Buffer.from(text, 'base64')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new make(Math.floor(bytes.length / make.BYTES_PER_ELEMENT))
  for (let i = 0; i < out.length; i++) out[i] = view[get](i * make.BYTES_PER_ELEMENT, true)
  return out
}
