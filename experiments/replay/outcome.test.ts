/** Two runs held against one another: what is found when they are alike, and when they are not. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { workloadCurve } from '../../services/load/replay/curve.ts'
import { busiestDay, followedCounts, tickMeans } from './counts.ts'
import { blocksOf, compareRuns, merge, type Request } from './outcome.ts'

const OPTIONS = { durationMs: 120_000, blockMs: 10_000, sloSeconds: 0.3 }

/** Exponential latencies of mean 0.1 s × `slower`; blocks differ, as load does. */
function requestsOf(seed: number, slower = 1): Request[] {
  const random = seededRandom('outcome', seed)
  return Array.from({ length: 4000 }, (_, i) => {
    const arrivedAtMs = (i / 4000) * OPTIONS.durationMs
    const busy = 1 + 0.5 * Math.sin(arrivedAtMs / 9000)
    return { arrivedAtMs, seconds: -0.1 * slower * busy * Math.log(1 - random()), isGood: true }
  })
}
const simulated = (slower = 1) =>
  Array.from({ length: 20 }, (_, run) => blocksOf(requestsOf(100 + run, slower), OPTIONS))
const compare = (seed: number, slower = 1) =>
  compareRuns(blocksOf(requestsOf(seed), OPTIONS), simulated(slower), seededRandom('b', seed))

describe('blocks', () => {
  it('count failures and late answers as violations; failures have no latency', () => {
    const block = merge(
      blocksOf(
        [
          { arrivedAtMs: 0, seconds: 0.1, isGood: true },
          { arrivedAtMs: 9999, seconds: 0.4, isGood: true },
          { arrivedAtMs: 10_000, seconds: 0.001, isGood: false },
          { arrivedAtMs: 120_000, seconds: 0.1, isGood: true },
        ],
        OPTIONS,
      ),
    )
    expect(block).toMatchObject({ requests: 3, failures: 1, violations: 2 })
    expect(block.latencies.reduce((sum, n) => sum + n, 0)).toBe(2)
  })

  it('give the quantiles of what is in them within half a per cent', () => {
    const requests = Array.from({ length: 2000 }, (_, i) => ({
      ...{ arrivedAtMs: 0, isGood: true },
      seconds: (i + 1) / 2000,
    }))
    const { p50, p95 } = compareRuns(
      blocksOf(requests, OPTIONS),
      [blocksOf(requests, OPTIONS)],
      seededRandom('b', 1),
    )
    expect(Math.abs(p50.real / 0.5 - 1)).toBeLessThan(0.0055)
    expect(Math.abs(p95.real / 0.95 - 1)).toBeLessThan(0.0055)
    expect(p95.difference).toBe(0)
  })
})

describe('a comparison', () => {
  it('of runs of one kind holds no difference, in nearly all of thirty', () => {
    const results = Array.from({ length: 30 }, (_, seed) => compare(seed))
    for (const name of ['p50', 'p95', 'violations'] as const) {
      const covered = results.filter(({ [name]: c }) => c.interval.low <= 0 && c.interval.high >= 0)
      // 95 % intervals of twelve blocks: a little too narrow; fewer than 23 of 30 would have probability < 0.003 at 90 %
      expect(covered.length, name).toBeGreaterThanOrEqual(23)
      const inRange = results.filter(
        ({ [name]: c }) => c.real >= c.runs.low && c.real <= c.runs.high,
      )
      expect(inRange.length, name).toBeGreaterThanOrEqual(22)
    }
  })

  it('of a simulation that is a fifth too slow says so', () => {
    const { p50, p95, violations } = compare(1, 1.2)
    for (const { difference, interval } of [p50, p95]) {
      expect(difference).toBeGreaterThan(0.12)
      expect(difference).toBeLessThan(0.28)
      expect(interval.low).toBeGreaterThan(0)
    }
    expect(violations.difference).toBeGreaterThan(0)
    expect(violations.interval.low).toBeGreaterThan(0)
  })
})

describe('replica counts', () => {
  it('follow the load a tick late, and go down only when several ticks agree', () => {
    const means = Float64Array.from([10, 10, 50, 50, 10, 10, 10, 10, 10, 10])
    expect(followedCounts(means, { rpsPerReplica: 20, most: 12 })).toEqual([
      1, 1, 1, 3, 3, 3, 3, 3, 1, 1,
    ])
    expect(followedCounts(means, { rpsPerReplica: 20, most: 2 })[3]).toBe(2)
  })

  it('are made of the mean of each tick', () => {
    const curve = workloadCurve('weekday', 1, { peakRps: 100, compress: 360, skipMs: 0 })
    const fine = tickMeans(curve, 1000, 240)
    tickMeans(curve, 4000, 60).forEach((mean, tick) => {
      const four = fine.slice(4 * tick, 4 * tick + 4).reduce((sum, rps) => sum + rps, 0) / 4
      expect(mean).toBeCloseTo(four, 1)
    })
  })

  it('are asked for on a day on which something happens', () => {
    for (const seed of [1, 2, 3, 4]) {
      const day = busiestDay('bot-attack', seed)
      const options = { peakRps: 1, compress: 1, skipMs: day * 86_400_000 }
      const curve = workloadCurve('bot-attack', seed, options)
      const most = Math.max(...tickMeans(curve, 600_000, 144))
      // people alone ask for 0.4 at most
      expect(most).toBeGreaterThan(0.44)
    }
  })
})
