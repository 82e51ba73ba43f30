import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS } from './forecast.ts'
import { createNowcast, followTick, nowcastDemand } from './nowcast.ts'

const STEP_MS = 300_000
const TICKS = 5

/** Steps of five ticks each, whose loads `loadAt` gives. */
function taught(steps: number, loadAt: (step: number, tick: number) => number) {
  const nowcast = createNowcast()
  for (let step = 1; step <= steps; step++)
    for (let tick = 0; tick < TICKS; tick++)
      followTick(nowcast, loadAt(step, tick), step * STEP_MS, 2)
  return nowcast
}

describe('a nowcast', () => {
  it('takes the newest load for the rest of the step where steps are flat, however they differ', () => {
    const nowcast = taught(60, (step) => 10 + (step % 7) * 30)
    followTick(nowcast, 50, 61 * STEP_MS, 2)
    expect([...nowcastDemand(nowcast, 61 * STEP_MS)!]).toEqual(LEVELS.map(() => 50))
  })

  it('leaves room for what loads do within steps', () => {
    // the last tick of every step doubles: one in three ratios sees it (ticks 0 to 2 look two ahead)
    const nowcast = taught(60, (_, tick) => (tick === 4 ? 100 : 50))
    followTick(nowcast, 80, 61 * STEP_MS, 2)
    const demand = nowcastDemand(nowcast, 61 * STEP_MS)!
    expect(demand[LEVELS.indexOf(0.6)]).toBe(80)
    expect(demand[LEVELS.indexOf(0.7)]).toBe(160)
  })

  it('says nothing before it has seen enough, of a step in which nothing was seen, or of no load', () => {
    expect(
      nowcastDemand(
        taught(10, () => 5),
        10 * STEP_MS,
      ),
    ).toBeUndefined()
    const nowcast = taught(60, () => 5)
    expect(nowcastDemand(nowcast, 60 * STEP_MS)).toBeDefined()
    expect(nowcastDemand(nowcast, 61 * STEP_MS)).toBeUndefined()
    followTick(nowcast, Number.NaN, 61 * STEP_MS, 2)
    expect(nowcastDemand(nowcast, 61 * STEP_MS)).toBeUndefined()
    followTick(nowcast, 0, 61 * STEP_MS, 2)
    expect(nowcastDemand(nowcast, 61 * STEP_MS)).toBeUndefined()
  })

  it('has quantiles that never cross and are never negative, whatever comes', () => {
    const load = fc.double({ min: 0, max: 1e6 })
    fc.assert(
      fc.property(fc.array(load, { minLength: 300, maxLength: 600 }), (loads) => {
        const nowcast = taught(
          loads.length / TICKS,
          (step, tick) => loads[(step - 1) * TICKS + tick]!,
        )
        const demand = nowcastDemand(nowcast, nowcast.stepEndMs)
        demand?.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(i === 0 ? 0 : demand[i - 1]!)
          expect(Number.isFinite(value)).toBe(true)
        })
      }),
      { seed: 31, numRuns: 50 },
    )
  })
})
