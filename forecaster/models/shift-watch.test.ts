import { expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { isShifted, newWatch } from './shift-watch.ts'

function alarms(errors: readonly number[]): number[] {
  const watch = newWatch()
  return errors.flatMap((error, i) => (isShifted(watch, error) ? [i] : []))
}

const random = seededRandom(3)
const even = Array.from({ length: 5000 }, () => random() + random() - 1)

it('notices a shift of twice the usual error after twelve steps', () => {
  const [first] = alarms([...even.slice(0, 500), ...even.slice(500, 600).map((v) => v + 1)])
  expect(first).toBeGreaterThanOrEqual(505)
  expect(first).toBeLessThan(540)
})

it('takes even noise for a shift in less than one of a thousand steps', () => {
  expect(alarms(even).length).toBeLessThan(5)
})

it('does not take for a shift what skewed counts do: nine errors of ten small and of one sign', () => {
  const skewed = Array.from({ length: 5000 }, () => (random() < 0.1 ? 9 : -1))
  expect(alarms(skewed).length).toBeLessThan(10)
})

it('stays quiet through one spike and through silence', () => {
  expect(alarms([...even.slice(0, 300), 1e6, ...even.slice(300, 400)])).toEqual([])
  expect(alarms(new Array<number>(100).fill(0))).toEqual([])
})
