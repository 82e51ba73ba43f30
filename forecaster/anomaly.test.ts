/** False alarms and power of the detector, by simulation from forecasts that are calibrated by construction. */
import { describe, expect, it } from 'vitest'
import {
  closeCalm,
  createDetector,
  type Detector,
  fleetBar,
  judgeStep,
  kindOf,
  openDeparture,
  weigh,
} from './anomaly.ts'
import { seededRandom } from './random.ts'
import { surpriseOf } from './surprise.ts'
import { logisticForecast, logit } from './test-forecasts.ts'

const STEP_MS = 15_000
/** Once in four weeks at 15 s. */
const FOUR_WEEKS = (28 * 24 * 3600 * 1000) / STEP_MS
const SCALE = 5
/** Standard deviation of the logistic distribution with that scale. */
const SIGMA = (SCALE * Math.PI) / Math.sqrt(3)
const FORECAST = logisticForecast(100, SCALE)

const normalLoad = (random: () => number): number =>
  100 + SCALE * logit(1e-12 + random() * (1 - 2e-12))

/** One tick of one step; NaN: nothing came. */
function tick(detector: Detector, n: number, load: number): number {
  judgeStep(
    detector,
    n * STEP_MS,
    load,
    Number.isNaN(load) ? undefined : surpriseOf(FORECAST, 0, load),
  )
  return weigh(detector)
}

/** A detector after a day of ordinary load, and the number of the next tick. */
function afterADay(random: () => number, load = normalLoad): { detector: Detector; n: number } {
  const detector = createDetector()
  let n = 0
  while (n < 5760) tick(detector, ++n, load(random))
  return { detector, n }
}

/** Ticks until the evidence reaches `bar`; Infinity when it does not within `most`. */
function ticksTo(bar: number, most: number, step: (k: number) => number): number {
  for (let k = 1; k <= most; k++) if (step(k) >= bar) return k
  return Number.POSITIVE_INFINITY
}

describe('while forecasts are calibrated', () => {
  it('the mean time to a false alarm is at least what was asked for', () => {
    const asked = 300
    const runs = Array.from({ length: 300 }, (_, seed) => {
      const random = seededRandom(seed + 1)
      const detector = createDetector()
      return Math.min(
        ticksTo(asked, 20_000, (k) => tick(detector, k, normalLoad(random))),
        20_000,
      )
    })
    const mean = runs.reduce((a, b) => a + b) / runs.length
    expect(mean).toBeGreaterThan(asked)
    // and the bound is no idle one: alarms do come
    expect(runs.filter((run) => run < 20_000).length).toBeGreaterThan(30)
  })

  it('a whole fleet has no more false alarms than one service would', () => {
    const asked = 300
    const fleet = 25
    const random = seededRandom(7)
    const detectors = Array.from({ length: fleet }, createDetector)
    let alarms = 0
    const ticks = 4000
    for (let n = 1; n <= ticks; n++) {
      const evidence = detectors.map((detector) => tick(detector, n, normalLoad(random)))
      const bar = fleetBar(evidence, asked)
      evidence.forEach((m, i) => {
        if (m < bar) return
        alarms++
        detectors[i] = createDetector()
      })
    }
    expect(alarms).toBeLessThanOrEqual(ticks / asked)
  })

  it('steps that come several at once, and hang together, are no reason for more alarms', () => {
    const asked = 300
    const runs = Array.from({ length: 150 }, (_, seed) => {
      const random = seededRandom(seed + 1)
      const detector = createDetector()
      return ticksTo(asked, 5000, (k) => {
        const load = normalLoad(random)
        // four steps of the same forecast, all of them off by the same
        for (let i = 0; i < 4; i++) {
          const near = load + 1e-6 * i
          judgeStep(detector, (4 * k + i) * STEP_MS, near, surpriseOf(FORECAST, 0, near))
        }
        return weigh(detector)
      })
    })
    const early = runs.filter((run) => run < asked / 4).length
    // the probability of an alarm within t ticks is at most t / asked (Ville)
    expect(early / runs.length).toBeLessThan(1 / 4)
  })

  it('a series that is often silent or idle is not anomalous for being so', () => {
    const random = seededRandom(3)
    const patchy = (r: () => number) => (r() < 0.3 ? Number.NaN : normalLoad(r))
    const { detector, n } = afterADay(random, patchy)
    expect(ticksTo(FOUR_WEEKS, 20_000, (k) => tick(detector, n + k, patchy(random)))).toBe(
      Number.POSITIVE_INFINITY,
    )
    const idle = createDetector()
    // nights of nothing, as foreseen, and days of something, for a week
    const [night, day] = [
      { atLeast: 1, atMost: 0.95 },
      { atLeast: 0.5, atMost: 0.5 },
    ]
    for (let k = 0; k < 7 * 2880; k++) {
      const isNight = k % 2880 < 1000
      judgeStep(idle, k * STEP_MS, isNight ? 0 : random(), isNight ? night : day)
      expect(weigh(idle)).toBeLessThan(FOUR_WEEKS)
    }
  })
})

describe('with one false alarm in four weeks', () => {
  /** Median over seeds of the ticks that it takes to see what `load` does to an ordinary service. */
  function delay(load: (random: () => number, k: number) => number, most = 2000): number {
    const delays = Array.from({ length: 21 }, (_, seed) => {
      const random = seededRandom(100 + seed)
      const { detector, n } = afterADay(random)
      return ticksTo(FOUR_WEEKS, most, (k) => tick(detector, n + k, load(random, k)))
    }).sort((a, b) => a - b)
    return delays[10]!
  }

  it('a spike of ten times the spread is seen within three steps', () => {
    expect(delay((random) => normalLoad(random) + 10 * SIGMA)).toBeLessThanOrEqual(3)
  })

  it('a shift by one standard deviation is seen within fifteen minutes', () => {
    expect(delay((random) => normalLoad(random) + SIGMA)).toBeLessThanOrEqual(60)
  })

  it('a small departure that lasts is seen too', () => {
    expect(delay((random) => normalLoad(random) + SIGMA / 2)).toBeLessThanOrEqual(400)
    expect(delay((random) => normalLoad(random) - SIGMA / 2)).toBeLessThanOrEqual(400)
  })

  it('silence and a metric that is stuck are seen within five minutes', () => {
    expect(delay(() => Number.NaN)).toBeLessThanOrEqual(20)
    expect(delay(() => 101.25)).toBeLessThanOrEqual(20)
  })
})

describe('an anomaly', () => {
  const opened = (load: (k: number) => number, random = seededRandom(5)) => {
    const { detector, n } = afterADay(random)
    const k = ticksTo(FOUR_WEEKS, 500, (i) => tick(detector, n + i, load(i)))
    return { detector, departure: openDeparture(detector), n: n + k, from: n, random }
  }

  it('says what it is, which way, and since when', () => {
    const up = opened(() => 200)
    expect(up.departure).toMatchObject({ aspect: 'load', direction: 'up' })
    expect(up.departure.sinceMs).toBe(up.from * STEP_MS)
    expect(kindOf(up.departure, up.n * STEP_MS, STEP_MS)).toBe('spike')
    expect(kindOf(up.departure, (up.from + 20) * STEP_MS, STEP_MS)).toBe('level-shift')
    const down = opened((k) => 20 + (k % 7))
    expect(kindOf(down.departure, down.n * STEP_MS, STEP_MS)).toBe('drop')
    const silent = opened(() => Number.NaN)
    expect(kindOf(silent.departure, silent.n * STEP_MS, STEP_MS)).toBe('silent')
    const stuck = opened(() => 101.25)
    expect(kindOf(stuck.departure, stuck.n * STEP_MS, STEP_MS)).toBe('stuck')
    expect(stuck.departure.direction).toBeNull()
  })

  it('is open once, closes after twenty calm steps, and then may come again', () => {
    const { detector, n, random } = opened((k) => 200 + (k % 3))
    expect(tick(detector, n + 1, 203)).toBeLessThan(FOUR_WEEKS)
    for (let k = 2; k < 12; k++) tick(detector, n + k, 100 + (k % 5) / 10)
    tick(detector, n + 12, 204) // back once more: still the same
    expect(closeCalm(detector)).toEqual([])
    let k = 13
    while (detector.open.load && k < 300) {
      tick(detector, n + k++, normalLoad(random))
      closeCalm(detector)
    }
    expect(detector.open).toEqual({})
    expect(k).toBeGreaterThanOrEqual(33)
    expect(ticksTo(FOUR_WEEKS, 5, (i) => tick(detector, n + k + i, 200 + i))).toBeLessThanOrEqual(4)
  })

  it('of one aspect does not hide another', () => {
    const { detector, n } = opened((k) => 200 + (k % 3))
    expect(ticksTo(FOUR_WEEKS, 20, (k) => tick(detector, n + k, Number.NaN))).toBeLessThanOrEqual(
      20,
    )
    expect(openDeparture(detector).aspect).toBe('silence')
  })
})

describe('the bar of a fleet', () => {
  it('is c for one service, c·n for one of n, and lower the more depart at once', () => {
    expect(fleetBar([500], 400)).toBe(400)
    expect(fleetBar([399], 400)).toBe(Number.POSITIVE_INFINITY)
    expect(fleetBar([500, 0, 0, 0], 400)).toBe(Number.POSITIVE_INFINITY)
    expect(fleetBar([1600, 0, 0, 0], 400)).toBe(1600)
    // worked out by hand: the second largest, 900, reaches 400 · 4 / 2
    expect(fleetBar([1700, 900, 0, 0], 400)).toBe(800)
    expect(fleetBar([500, 500, 500, 500], 400)).toBe(400)
  })
})
