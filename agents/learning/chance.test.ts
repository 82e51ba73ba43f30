import { describe, expect, it } from 'vitest'
import { createChance } from './chance.ts'

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
const covariance = (a: readonly number[], b: readonly number[]) =>
  mean(a.map((value, i) => (value - mean(a)) * (b[i]! - mean(b))))

describe('chance', () => {
  it('has nothing in common between neighbouring seeds, from the first number on', () => {
    const seeds = Array.from({ length: 2000 }, (_, seed) => createChance(seed))
    for (let draw = 0; draw < 5; draw++) {
      const drawn = seeds.map((chance) => chance.uniform())
      expect(mean(drawn)).toBeCloseTo(0.5, 1)
      const correlation = covariance(drawn.slice(1), drawn.slice(0, -1)) / covariance(drawn, drawn)
      // standard error 0.022
      expect(Math.abs(correlation)).toBeLessThan(0.1)
      expect(covariance(drawn, drawn)).toBeCloseTo(1 / 12, 2)
    }
  })

  it('goes on from what was saved', () => {
    const chance = createChance(7)
    for (let i = 0; i < 5; i++) chance.normal()
    const again = createChance(JSON.parse(JSON.stringify(chance.save())))
    const draw = (from: typeof chance) =>
      Array.from({ length: 20 }, () => [from.uniform(), from.normal(), from.below(9)])
    expect(draw(again)).toEqual(draw(chance))
  })

  it('has normal numbers with the moments of such', () => {
    const chance = createChance(1)
    const drawn = Array.from({ length: 20_000 }, () => chance.normal())
    // five standard errors each
    expect(Math.abs(mean(drawn))).toBeLessThan(5 / Math.sqrt(20_000))
    expect(Math.abs(mean(drawn.map((x) => x ** 2)) - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000))
    expect(Math.abs(mean(drawn.map((x) => x ** 3)))).toBeLessThan(5 * Math.sqrt(15 / 20_000))
    expect(Math.abs(mean(drawn.map((x) => x ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / 20_000))
  })

  it('puts items into every order equally often', () => {
    const chance = createChance(3)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const items = Int32Array.of(0, 1, 2)
      chance.shuffle(items)
      counts.set(items.join(), (counts.get(items.join()) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // five standard deviations
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145)
  })
})
