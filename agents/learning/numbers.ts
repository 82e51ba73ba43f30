/** Tables of float32 as plain data that JSON keeps to the bit: base64 of the little-endian bytes. */
import { z } from 'zod'

export const StoredFloats = z.base64()
export type StoredFloats = z.infer<typeof StoredFloats>

export function storeFloats(values: Float32Array): StoredFloats {
  const bytes = Buffer.alloc(4 * values.length)
  for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i]!, 4 * i)
  return bytes.toString('base64')
}

/** Throws a RangeError unless they are `length` numbers; without `length`, however many they are. */
export function readFloats(stored: StoredFloats, length?: number): Float32Array {
  const bytes = Buffer.from(stored, 'base64')
  const count = bytes.length / 4
  if (!Number.isInteger(count) || (length !== undefined && count !== length))
    throw new RangeError(
      `stored numbers are ${count}, must be ${length ?? 'a whole number of them'}`,
    )
  return Float32Array.from({ length: count }, (_, i) => bytes.readFloatLE(4 * i))
}

/** Throws a RangeError that names the first number that is not finite. */
export function checkFinite(name: string, values: ArrayLike<number>, count = values.length): void {
  for (let i = 0; i < count; i++)
    if (!Number.isFinite(values[i]!))
      throw new RangeError(`${name}[${i}] is ${values[i]}, must be a finite number`)
}
