/**
 * Seeded chance: the same parts give the same stream, on any machine. The parts are hashed to the 32-bit seed of
 * xoroshiro128+ (package pure-rand), so that streams named differently are independent of one another.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export type SeedPart = string | number

/** A stream of numbers in [0, 1), named by `parts`. */
export function seededRandom(...parts: readonly SeedPart[]): () => number {
  const generator = xoroshiro128plus(hash32(parts.join('\u0000')))
  return () => uniformFloat64(generator)
}

/** One number in [0, 1) that depends on `parts` alone. */
export function hashUnit(...parts: readonly SeedPart[]): number {
  return (hash32(parts.join('\u0000')) >>> 0) / 2 ** 32
}

/** FNV-1a over UTF-16 units, finished as in MurmurHash3 so that neighbouring inputs differ in every bit. */
function hash32(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}
