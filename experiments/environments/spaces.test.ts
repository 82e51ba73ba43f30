import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import {
  box,
  contains,
  discrete,
  fromJson,
  multiDiscrete,
  Space,
  sample,
  toJson,
} from './spaces.ts'

const leaf: fc.Arbitrary<Space> = fc.oneof(
  fc
    .record({ n: fc.integer({ min: 1, max: 50 }), start: fc.integer({ min: -9, max: 9 }) })
    .map(({ n, start }) => discrete(n, start)),
  fc
    .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })
    .map((counts) => multiDiscrete(...counts)),
  fc
    .array(
      fc.tuple(
        fc.double({ min: -9, max: 9, noNaN: true }),
        fc.double({ min: 0, max: 9, noNaN: true }),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((bounds) =>
      box(bounds.map(([low, width], i) => ({ name: `${i}`, low, high: low + width }))),
    ),
)
const anySpace: fc.Arbitrary<Space> = fc.oneof(
  leaf,
  fc
    .dictionary(fc.stringMatching(/^[a-z]{1,3}$/), leaf, { maxKeys: 3 })
    .map((spaces) => ({ kind: 'dict' as const, spaces })),
)

describe('a space', () => {
  it('contains what is sampled from it, also after a journey as JSON', () => {
    fc.assert(
      fc.property(anySpace, fc.nat(), (space, seed) => {
        const random = seededRandom(seed)
        for (let draw = 0; draw < 5; draw++) {
          const member = sample(space, random)
          expect(contains(space, member)).toBe(true)
          const sent = JSON.parse(JSON.stringify(toJson(member)))
          expect(fromJson(space, sent)).toEqual(member)
        }
      }),
    )
  })

  it('is plain data: sent as JSON it comes back the same', () => {
    fc.assert(
      fc.property(anySpace, (space) => {
        expect(Space.parse(JSON.parse(JSON.stringify(space)))).toEqual(space)
      }),
    )
  })

  it('draws every member of a small discrete space, evenly', () => {
    const random = seededRandom('even')
    const counts = new Map<unknown, number>()
    for (let i = 0; i < 3000; i++) {
      const action = sample(discrete(3, -1), random)
      counts.set(action, (counts.get(action) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([-1, 0, 1])
    // 1000 ± 5 standard deviations of a binomial with p = 1/3
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130)
  })

  it.each([
    ['a fraction', discrete(3), 0.5],
    ['a number below its start', discrete(3, -1), -2],
    ['a number behind its end', discrete(3, -1), 2],
    ['text', discrete(3), '1'],
    ['numbers of another type', box([{ name: 'a', low: 0, high: 1 }]), new Float64Array([0.5])],
    ['another length', box([{ name: 'a', low: 0, high: 1 }]), new Float32Array(2)],
    ['NaN', box([{ name: 'a', low: 0, high: 1 }]), new Float32Array([Number.NaN])],
    ['a number above its bound', multiDiscrete(3, 2), new Int32Array([2, 2])],
    ['a dict without a name', { kind: 'dict', spaces: { a: discrete(2) } } as const, {}],
    ['a dict with another', { kind: 'dict', spaces: {} } as const, { b: 1 }],
  ])('does not contain %s', (_, space, value) => {
    expect(contains(space, value)).toBe(false)
  })
})
