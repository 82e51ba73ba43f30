import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from './random.ts'
import { detectSeasons } from './seasons.ts'

interface Chance {
  readonly random: () => number
  readonly gauss: () => number
}

function chance(seed: number): Chance {
  const random = seededRandom(seed)
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return { random, gauss }
}

const load = (length: number, at: (i: number) => number): Float64Array =>
  Float64Array.from({ length }, (_, i) => Math.max(0, at(i)))

/** A bump of a sixth of the season, its height 1, beside a wave. */
function shape(i: number, season: number): number {
  const phase = (i % season) / season
  return Math.sin(2 * Math.PI * phase) + (phase > 0.5 && phase < 0.67 ? 1 : 0)
}

function poisson(mean: number, { random }: Chance): number {
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > floor; product *= random()) count++
  return count
}

describe('one season', () => {
  it('is found to the step, whatever its length, from three seasons on, without a calendar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 400 }),
        fc.integer({ min: 3, max: 9 }),
        fc.integer({ min: 1, max: 1e6 }),
        (season, seasons, seed) => {
          const { gauss } = chance(seed)
          const history = load(season * seasons, (i) => 100 + 30 * shape(i, season) + 4 * gauss())
          fc.pre(history.length >= 60)
          const [found] = detectSeasons(history)
          expect(Math.abs((found ?? 0) - season)).toBeLessThanOrEqual(1 + season / 100)
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })

  it.each([288, 1440])(
    'of %i steps is exactly that with a calendar: no 287, no 510, no harmonic',
    (day) => {
      const stepMs = 86_400_000 / day
      for (let seed = 1; seed <= 5; seed++) {
        const { gauss } = chance(seed)
        const history = load(9 * day, (i) => 100 + 30 * shape(i, day) + 20 * gauss())
        expect(detectSeasons(history, { calendar: { stepMs } })).toEqual([day])
      }
    },
  )

  it('is found, give or take a fiftieth, under flash crowds, gaps and a level that wanders', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { gauss, random } = chance(seed)
      let level = 100
      const history = load(10 * 96, (i) => {
        level += gauss()
        return level + 30 * shape(i, 96) + 5 * gauss() + (random() < 0.01 ? 5000 : 0)
      }).map((v) => (random() < 0.1 ? Number.NaN : v))
      history.fill(Number.NaN, 300, 360)
      const found = detectSeasons(history)
      expect(found.length).toBe(1)
      expect(Math.abs(found[0]! - 96)).toBeLessThanOrEqual(2)
    }
  })

  it('is found in small counts that are mostly zero', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const source = chance(seed)
      const history = load(20 * 96, (i) => poisson(0.3 * Math.max(0, shape(i, 96)), source))
      expect(detectSeasons(history)).toEqual([96])
    }
  })

  it('of a short peak that comes back is found although most steps are alike', () => {
    const { gauss } = chance(3)
    const history = load(2000, (i) => 50 + gauss() + (i % 60 < 3 ? 30 : 0))
    expect(detectSeasons(history)).toEqual([60])
  })

  it('that doubles with the level is found all the same', () => {
    const { gauss } = chance(4)
    const history = load(8 * 120, (i) => (20 + i / 8) * (2 + shape(i, 120)) + 5 * gauss())
    expect(detectSeasons(history)).toEqual([120])
  })

  it('of which less than two were seen is not claimed', () => {
    const history = load(180, (i) => 100 + 30 * Math.sin((2 * Math.PI * i) / 100))
    expect(detectSeasons(history)).toEqual([])
  })
})

describe('several seasons', () => {
  const weekend = (i: number, day: number) => (Math.floor(i / day) % 7 >= 5 ? 0.4 : 1)

  it.each([
    { day: 24, weeks: 5 },
    { day: 288, weeks: 3 },
  ])('day ($day steps) and week are both found, with and without a calendar', ({ day, weeks }) => {
    for (let seed = 1; seed <= 4; seed++) {
      const { gauss } = chance(seed)
      const history = load(
        weeks * 7 * day,
        (i) => weekend(i, day) * (100 + 40 * shape(i, day)) + 8 * gauss(),
      )
      const stepMs = 86_400_000 / day
      expect(detectSeasons(history, { calendar: { stepMs } })).toEqual([day, 7 * day])
      expect(detectSeasons(history)).toEqual([day, 7 * day])
      expect(detectSeasons(history, { most: 1 }).length).toBe(1)
    }
  })

  it('a week without weekends is not claimed beside its days', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { gauss } = chance(seed)
      const history = load(35 * 48, (i) => 100 + 30 * shape(i, 48) + 10 * gauss())
      expect(detectSeasons(history, { calendar: { stepMs: 1_800_000 } })).toEqual([48])
    }
  })

  it('a rhythm of the hour is found within the day', () => {
    const { gauss } = chance(9)
    const history = load(
      14 * 288,
      (i) => 100 + 40 * shape(i, 288) + (i % 12 < 2 ? 25 : 0) + 4 * gauss(),
    )
    expect(detectSeasons(history, { calendar: { stepMs: 300_000 } })).toEqual([12, 288])
  })
})

describe('no season', () => {
  type Noise = (length: number, source: Chance) => Float64Array
  const autoregressive =
    (phi: number, scale: number): Noise =>
    (length, { gauss }) => {
      let x = 0
      return load(length, () => {
        x = phi * x + gauss()
        return 1000 + scale * x
      })
    }
  const NOISES: Record<string, Noise> = {
    white: autoregressive(0, 30),
    'AR(1), φ 0.5': autoregressive(0.5, 30),
    'AR(1), φ 0.9': autoregressive(0.9, 20),
    'AR(1), φ 0.99': autoregressive(0.99, 10),
    'random walk': autoregressive(1, 2),
    'random walk under noise': (length, source) => {
      const walk = autoregressive(1, 2)(length, source)
      return walk.map((v) => Math.max(0, v + 6 * source.gauss()))
    },
    trend: (length, { gauss }) => load(length, (i) => 100 + (300 * i) / length + 10 * gauss()),
    'pseudo-cycles, AR(2)': (length, { gauss }) => {
      let x = 0
      let before = 0
      return load(length, () => {
        const next = 1.6 * x - 0.7 * before + gauss()
        before = x
        x = next
        return 100 + 3 * x
      })
    },
    'level shifts': (length, { gauss, random }) => {
      let level = 100
      return load(length, () => {
        if (random() < 0.01) level = 50 + 200 * random()
        return level + 5 * gauss()
      })
    },
    'bursts that fade': (length, { gauss, random }) => {
      let burst = 0
      return load(length, () => {
        burst = random() < 0.01 ? 100 * random() : 0.9 * burst
        return 50 + burst + 5 * gauss()
      })
    },
    'small counts': (length, source) => load(length, () => poisson(1, source)),
  }

  it('is claimed in at most 3 % of 330 series of eleven kinds of noise, with a calendar', () => {
    const claimed: string[] = []
    let series = 0
    for (const [name, noise] of Object.entries(NOISES)) {
      for (let seed = 1; seed <= 15; seed++) {
        for (const [length, stepMs] of [
          [400, 2000],
          [1250, 3_600_000],
        ] as const) {
          series++
          const found = detectSeasons(noise(length, chance(seed)), { calendar: { stepMs } })
          if (found.length > 0) claimed.push(`${name}, ${length} steps: ${found}`)
        }
      }
    }
    expect(series).toBe(330)
    expect(claimed.length / series, claimed.join('; ')).toBeLessThanOrEqual(0.03)
  }, 60_000)

  it.each([
    ['constant', () => 7],
    ['zeros', () => 0],
    ['nothing seen', () => Number.NaN],
    ['one value', (i: number) => (i === 50 ? 3 : Number.NaN)],
    ['broken', () => Number.POSITIVE_INFINITY],
    ['growth', (i: number) => 1.01 ** i],
  ])('is claimed in: %s', (_, at) => {
    for (const length of [0, 1, 2, 15, 16, 17, 100, 1000])
      expect(detectSeasons(Float64Array.from({ length }, (_, i) => at(i)))).toEqual([])
  })
})

describe('whatever comes', () => {
  it('periods ascend, differ, and at least two of each were seen', () => {
    const value = fc.oneof(
      { weight: 5, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
      { weight: 1, arbitrary: fc.double() },
    )
    const series = fc
      .array(value, { minLength: 0, maxLength: 60 })
      .chain((part) =>
        fc.integer({ min: 1, max: 8 }).map((times) => Array(times).fill(part).flat()),
      )
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 4 }), (values, most) => {
        const found = detectSeasons(Float64Array.from(values), { most, calendar: { stepMs: 6e5 } })
        expect(found.length).toBeLessThanOrEqual(most)
        found.forEach((period, i) => {
          expect(period).toBeGreaterThan(i === 0 ? 1 : found[i - 1]!)
          expect(2 * period).toBeLessThanOrEqual(values.length)
        })
      }),
      { numRuns: 300, seed: 2 },
    )
  })

  it('two weeks of minutes take bounded time', () => {
    const { gauss } = chance(1)
    const history = load(20_160, (i) => 100 + 30 * shape(i, 1440) + 10 * gauss())
    const took = [0, 1, 2].map(() => {
      const before = performance.now()
      expect(detectSeasons(history, { calendar: { stepMs: 60_000 } })).toEqual([1440])
      return performance.now() - before
    })
    // a few tens of milliseconds; the rest is room for a busy machine
    expect(Math.min(...took)).toBeLessThan(200)
  })

  it('the history stays as it was', () => {
    const history = load(300, (i) => 10 + shape(i, 30))
    const before = history.slice()
    detectSeasons(history)
    expect(history).toEqual(before)
  })
})

/** The demo's day of 120 steps, as recorded: three days of it. */
function recordedLoads(workload: string): Map<string, number[]> {
  const text = readFileSync(
    new URL(`../datasets/recordings/${workload}.csv`, import.meta.url),
    'utf8',
  )
  const loads = new Map<string, number[]>()
  for (const line of text.split('\n')) {
    const [step, service, value] = line.split(',')
    if (!/^\d+$/.test(step ?? '') || service === undefined) continue
    const values = loads.get(service) ?? []
    values[Number(step)] = Number(value)
    loads.set(service, values)
  }
  return loads
}

it.each(['weekday', 'recurring-peak'])('recorded load %s: its day of 120 steps', (workload) => {
  for (const values of recordedLoads(workload).values()) {
    const history = Float64Array.from(values, (v) => v ?? Number.NaN)
    const [day, ...others] = detectSeasons(history, { calendar: { stepMs: 2000 } })
    expect(others).toEqual([])
    expect(Math.abs((day ?? 0) - 120)).toBeLessThanOrEqual(1)
  }
})
