import { expect, it } from 'vitest'
import { nelderMead } from './nelder-mead.ts'

it('finds the minimum of the Rosenbrock valley', () => {
  const valley = ([x, y]: readonly number[]): number => (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2
  const box = { lower: [-2, -2], upper: [2, 2] }
  const [x, y] = nelderMead(valley, [-1.2, 1], box, 400)
  expect(x).toBeCloseTo(1, 2)
  expect(y).toBeCloseTo(1, 2)
})

it('stays inside the box and away from points without a finite loss', () => {
  const loss = ([x]: readonly number[]): number => (x! < 0.2 ? Number.NaN : x!)
  const [x] = nelderMead(loss, [0.9], { lower: [0.1], upper: [1] }, 60)
  expect(x).toBeGreaterThanOrEqual(0.2)
  expect(x).toBeLessThan(0.21)
})

it('calls the loss no more often than about the allowance', () => {
  let calls = 0
  nelderMead(
    ([x]) => {
      calls++
      return x! * x!
    },
    [1],
    { lower: [-1], upper: [2] },
    30,
  )
  expect(calls).toBeLessThanOrEqual(33)
})
