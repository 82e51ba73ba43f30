import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashUnit, seededRandom } from './random.ts'

const take = (random: () => number, n: number) => Array.from({ length: n }, random)
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length

describe('seeded chance', () => {
  it('repeats itself for the same name', () => {
    expect(take(seededRandom('a', 1), 5)).toEqual(take(seededRandom('a', 1), 5))
  })

  it('keeps the parts of a name apart', () => {
    expect(seededRandom('a', 11)()).not.toBe(seededRandom('a1', 1)())
  })

  it('is uniform, and uncorrelated between neighbouring names', () => {
    const n = 20_000
    const [a, b] = [take(seededRandom('x', 1), n), take(seededRandom('x', 2), n)]
    expect(mean(a)).toBeCloseTo(0.5, 2)
    // standard deviation of the mean product is (1/12)/√n = 0.0006
    expect(Math.abs(mean(a.map((v, i) => (v - 0.5) * (b[i]! - 0.5))))).toBeLessThan(0.0025)
  })

  it('draws single numbers that fill [0, 1)', () => {
    const values = Array.from({ length: 5000 }, (_, i) => hashUnit('knot', 7, i))
    expect(mean(values)).toBeCloseTo(0.5, 1)
    expect(Math.min(...values)).toBeLessThan(0.01)
    expect(Math.max(...values)).toBeGreaterThan(0.99)
  })
})

const part = fc.oneof(
  fc.string(),
  fc.nat(),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 1e21),
)

describe('hashUnit', () => {
  it('hangs on the text of its parts with a zero between them, however they are given', () => {
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        expect(hashUnit(...parts)).toBe(hashUnit(parts.join('\u0000')))
      }),
    )
  })

  // FNV-1a of "foobar" is 0xbf9cf968 (draft-eastlake-fnv); MurmurHash3's finisher of that, worked out apart
  it('is what it was when recorded results were made', () => {
    expect(hashUnit('foobar') * 2 ** 32).toBe(finished(0xbf9cf968))
    expect(hashUnit('wander', 1, 'search', 24)).toBe(
      finished(fnv('wander\u00001\u0000search\u000024')) / 2 ** 32,
    )
  })
})

/** In arithmetic of 64 bits, to be read beside the definitions. */
function fnv(text: string): number {
  let h = 0x811c9dc5n
  for (const unit of text) h = ((h ^ BigInt(unit.charCodeAt(0))) * 0x01000193n) % 2n ** 32n
  return Number(h)
}

function finished(hash: number): number {
  let h = BigInt(hash)
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) % 2n ** 32n
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) % 2n ** 32n
  return Number(h ^ (h >> 16n))
}
