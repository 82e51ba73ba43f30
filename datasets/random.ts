/**
 * Seeded chance: the same parts give the same stream, on any machine. The parts are hashed to the 32-bit seed of
 * xoroshiro128+ (package pure-rand), so that streams named differently are independent of one another.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export type SeedPart = string | number

/** A stream of numbers in [0, 1), named by `parts`. */
export function seededRandom(...parts: readonly SeedPart[]): () => number {
  const generator = xoroshiro128plus(hash32(parts))
  return () => uniformFloat64(generator)
}

/** One number in [0, 1) that depends on `parts` alone. */
export function hashUnit(...parts: readonly SeedPart[]): number {
  return (hash32(parts) >>> 0) / 2 ** 32
}

const PRIME = 0x01000193
const ZERO = 48
const LARGEST_WRITTEN_OUT = 999_999_999

/**
 * FNV-1a over the UTF-16 units of the parts with a zero between them, finished as in MurmurHash3 so that neighbouring
 * inputs differ in every bit. A year of synthetic load asks for it a million times: no text is put together for it.
 */
function hash32(parts: readonly SeedPart[]): number {
  let h = 0x811c9dc5
  for (let i = 0; i < parts.length; i++) {
    if (i > 0) h = Math.imul(h, PRIME)
    const part = parts[i]!
    h = typeof part === 'number' ? withNumber(h, part) : withText(h, part)
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}

function withText(hash: number, text: string): number {
  let h = hash
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), PRIME)
  return h
}

/** Its decimal digits, as they would be written. */
function withNumber(hash: number, value: number): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= LARGEST_WRITTEN_OUT))
    return withText(hash, String(value))
  let h = hash
  let unit = 1
  while (unit * 10 <= value) unit *= 10
  for (let left = value; unit >= 1; unit /= 10) {
    const digit = Math.floor(left / unit)
    h = Math.imul(h ^ (ZERO + digit), PRIME)
    left -= digit * unit
  }
  return h
}
