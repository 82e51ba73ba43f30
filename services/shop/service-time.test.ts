import { expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { lognormalServiceMs } from './service-time.ts'

it.each([
  { meanMs: 100, cv: 0.5 },
  { meanMs: 60, cv: 1 },
])('service times have the declared mean and variation ($meanMs ms, cv $cv)', ({ meanMs, cv }) => {
  const next = lognormalServiceMs(meanMs, cv, seededRandom('test', cv))
  const times = Array.from({ length: 50_000 }, next)
  const mean = times.reduce((sum, t) => sum + t, 0) / times.length
  const deviation = Math.sqrt(times.reduce((sum, t) => sum + (t - mean) ** 2, 0) / times.length)
  expect(mean / meanMs).toBeCloseTo(1, 1)
  expect(Math.abs(deviation / mean - cv)).toBeLessThan(0.05 * cv)
  expect(Math.min(...times.slice(0, 1000))).toBeGreaterThan(0)
})

it('is constant without variation', () => {
  const next = lognormalServiceMs(80, 0, seededRandom('test'))
  for (let i = 0; i < 10; i++) expect(next()).toBeCloseTo(80, 9)
})
