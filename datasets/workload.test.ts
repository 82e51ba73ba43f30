import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MOST_RATE, rateAt, WORKLOADS, WorkloadName } from './workload.ts'

const SERVICES = ['search', 'recommendation', 'payment', 'auth']
const moment = fc.record({
  name: fc.constantFrom(...WorkloadName.options),
  service: fc.constantFrom(...SERVICES),
  fraction: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  day: fc.integer({ min: -3, max: 400 }),
  seed: fc.integer({ min: 0, max: 1000 }),
})
const day = (name: WorkloadName, service: string, dayIndex: number, points = 1000) =>
  Array.from({ length: points }, (_, i) => rateAt(name, service, i / points, dayIndex, 1))
const indexOfMax = (values: readonly number[]) => values.indexOf(Math.max(...values))

describe('every workload', () => {
  it('stays within [0, 1.1] and depends on its arguments alone', () => {
    fc.assert(
      fc.property(moment, ({ name, service, fraction, day, seed }) => {
        const rate = rateAt(name, service, fraction, day, seed)
        expect(rate).toBeGreaterThanOrEqual(0)
        expect(rate).toBeLessThanOrEqual(MOST_RATE)
        expect(rateAt(name, service, fraction, day, seed)).toBe(rate)
      }),
    )
  })

  it('has no edge at midnight', () => {
    for (const name of WorkloadName.options) {
      for (const service of SERVICES) {
        const before = rateAt(name, service, 1 - 1e-6, 4, 1)
        expect(Math.abs(rateAt(name, service, 0, 5, 1) - before)).toBeLessThan(1e-3)
      }
    }
  })

  it('is said in a line', () => {
    expect(Object.keys(WORKLOADS)).toEqual(WorkloadName.options)
  })
})

describe('the workloads of an undisturbed day', () => {
  it('are another day on another day, but not by much', () => {
    for (const name of ['weekday', 'recurring-peak', 'steady', 'diurnal'] as const) {
      const [one, two] = [day(name, 'search', 1), day(name, 'search', 2)]
      const apart = one.map((rate, i) => Math.abs(rate - two[i]!))
      expect(Math.max(...apart)).toBeGreaterThan(0.001)
      expect(Math.max(...apart)).toBeLessThan(0.2)
    }
  })
})

describe('weekday', () => {
  it('has a morning peak and a higher evening peak with a lull between them', () => {
    for (const service of SERVICES) {
      const rates = day('weekday', service, 3)
      const [morning, lull, evening] = [
        rates.slice(350, 500),
        rates.slice(500, 700),
        rates.slice(700, 900),
      ]
      expect(Math.max(...evening)).toBeGreaterThan(Math.max(...morning))
      expect(Math.max(...morning)).toBeGreaterThan(1.3 * Math.min(...lull))
      expect(Math.max(...evening)).toBeGreaterThan(0.9)
    }
  })

  it('peaks at another hour for each service', () => {
    const peaks = SERVICES.map((service) => indexOfMax(day('weekday', service, 3)))
    expect(new Set(peaks).size).toBe(SERVICES.length)
  })
})

describe('recurring-peak', () => {
  it('climbs at the same time every day, from a low base, within a thirtieth of a day', () => {
    for (let d = 0; d < 5; d++) {
      const rates = day('recurring-peak', 'search', d)
      expect(Math.max(...rates.slice(0, 490))).toBeLessThan(0.3)
      expect(Math.min(...rates.slice(530, 650))).toBeGreaterThan(0.9)
      expect(Math.max(...rates.slice(700))).toBeLessThan(0.3)
    }
  })
})

describe('steady', () => {
  it('stays within a few percent of its level', () => {
    for (const rate of day('steady', 'auth', 2)) expect(Math.abs(rate - 0.6)).toBeLessThan(0.03)
  })
})
