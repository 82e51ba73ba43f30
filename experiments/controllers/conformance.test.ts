/** To be a controller is to pass this suite; it walks the registry. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { knownTo, type Scraped } from './controller.ts'
import { CONTROLLER_NAMES, CONTROLLERS, type ControllerName, controllerOf } from './registry.ts'
import { drive, START_MS, testScenario, unseen } from './test-service.ts'

const TICKS_PER_HOUR = 240
const DAY_STEPS = 1440
/** Two weeks at 200 requests/s: five full replicas, of whom each carries 40. */
const HISTORY = new Array<number>(14 * DAY_STEPS).fill(200)

const figure = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 0, max: 5000, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
)
const share = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
)
const count = fc.integer({ min: 0, max: 30 })
const scrapes: fc.Arbitrary<Scraped[]> = fc.array(
  fc.record({
    loadRps: figure,
    utilization: share,
    queued: figure,
    inService: figure,
    violationRatio: share,
    errorRatio: share,
    latencyMeanSeconds: figure,
    latencyP95Seconds: figure,
    measuredAtMs: fc.constant(0),
    replicas: fc.record({ requested: count, ready: count, starting: count, terminating: count }),
  }),
  { minLength: 30, maxLength: 60 },
)

function controllerFor(
  name: ControllerName,
  params: unknown,
  bounds: { min: number; max: number },
  tickMs = 15_000,
) {
  const kind = CONTROLLERS[name]
  const scenario = testScenario({
    tickMs,
    history: HISTORY,
    load: new Array<number>(300).fill(200),
    spec: { minReplicas: bounds.min, maxReplicas: bounds.max },
  })
  const known = knownTo({ seesFuture: kind.seesFuture }, params, scenario)
  return { known, controller: kind.create(known, params, seededRandom('conformance', name)) }
}

describe('the registry', () => {
  it('knows each kind by its own name', () => {
    for (const name of CONTROLLER_NAMES) expect(controllerOf(name).kind).toBe(name)
  })

  it('refuses an unknown kind, naming it and what is allowed', () => {
    expect(() => controllerOf('hpa3')).toThrow(/"hpa3".*static.*hpa.*autopilot/)
  })
})

describe.each(CONTROLLER_NAMES)('%s', (name) => {
  const kind = CONTROLLERS[name]
  const sweep = kind.sweep()

  it('says what it is faithful to', () => {
    expect(kind.source).toMatch(/.{15,}/)
  })

  it('has a sweep of different, valid parameters that holds the defaults', () => {
    expect(sweep.length).toBeGreaterThan(1)
    expect(new Set(sweep.map((params) => JSON.stringify(params))).size).toBe(sweep.length)
    for (const params of sweep) expect(kind.parse(params)).toEqual(params)
    expect(sweep).toContainEqual(kind.parse({}))
  })

  it('refuses what it does not know, naming it', () => {
    expect(() => kind.parse({ nonsense: 1 })).toThrow(/nonsense/)
  })

  it('asks for whole counts inside the bounds, whatever it sees', () => {
    const members = fc.constantFrom(...sweep)
    fc.assert(
      fc.property(members, scrapes, fc.integer({ min: 0, max: 3 }), (params, seen, min) => {
        const { controller } = controllerFor(name, params, { min, max: 12 })
        seen.forEach((scraped, tick) => {
          const atMs = START_MS + tick * 15_000
          const counts = controller.decide(atMs, [{ ...scraped, measuredAtMs: atMs }])
          expect(counts).toHaveLength(1)
          expect(Number.isInteger(counts[0])).toBe(true)
          expect(counts[0]).toBeGreaterThanOrEqual(min)
          expect(counts[0]).toBeLessThanOrEqual(12)
        })
      }),
      { numRuns: 40, seed: 7 },
    )
  })

  it('gives one count a service, the caller and the called alike', () => {
    const scenario = testScenario({ history: HISTORY, load: new Array<number>(300).fill(200) })
    const one = scenario.services[0]!
    const calls = [{ service: 'called', perRequest: 2 }]
    const services = [
      { ...one, serving: { ...one.serving, calls } },
      { ...one, name: 'called', load: one.load.map(() => 0), history: one.history.map(() => 0) },
    ]
    for (const params of [sweep[0], sweep.at(-1)]) {
      const seesFuture = kind.seesFuture
      const known = knownTo({ seesFuture }, params, { ...scenario, services })
      const controller = kind.create(known, params, seededRandom('two'))
      const scraped = (loadRps: number, ready: number): Scraped => ({
        ...unseen({ ready }),
        measuredAtMs: START_MS,
        loadRps,
        utilization: loadRps / (40 * ready),
        queued: 0,
        inService: loadRps * 0.1,
        violationRatio: 0,
        errorRatio: 0,
      })
      const counts = controller.decide(START_MS, [scraped(200, 8), scraped(400, 16)])
      expect(counts).toHaveLength(2)
      expect(Array.from(counts, (value) => Number.isInteger(value) && value >= 1)).toEqual([
        true,
        true,
      ])
    }
  })

  it('decides the same twice', () => {
    for (const params of [sweep[0], sweep.at(-1)]) {
      const once = () => {
        const { known, controller } = controllerFor(name, params, { min: 1, max: 100 })
        const loadAt = (tick: number) => 200 + 150 * Math.sin(tick / 20)
        return drive(known, controller, { ticks: 120, initial: 5, loadAt })
      }
      expect(once()).toEqual(once())
    }
  })

  it('takes nothing away because metrics are gone', () => {
    for (const params of sweep) {
      const { known, controller } = controllerFor(name, params, { min: 1, max: 100 })
      const gone = 2 * TICKS_PER_HOUR
      const loadAt = (tick: number) => (tick < gone ? 200 : Number.NaN)
      const counts = drive(known, controller, { ticks: gone + 60, initial: 8, loadAt })
      // the decision at the tick `gone` still sees the tick before it
      const least = Math.min(...counts.slice(gone + 1))
      expect(least, JSON.stringify(params)).toBeGreaterThanOrEqual(counts[gone]!)
    }
  })

  it('says nothing before anything was measured: the count stays or rises', () => {
    for (const params of sweep) {
      const { controller } = controllerFor(name, params, { min: 1, max: 100 })
      const counts = controller.decide(START_MS, [unseen({ ready: 3 })])
      expect(Number.isInteger(counts[0])).toBe(true)
    }
  })
})

/**
 * Parameters of kinds that follow the load within the hour; the others size for days. Vendors' defaults where these can
 * settle: KEDA's five requests a replica are more than its four places, and Autothrottle's Tower keeps on exploring.
 */
const FOLLOWING: Partial<Record<ControllerName, object>> = {
  thresholds: {},
  hpa: {},
  knative: {},
  keda: { queueLength: 0.7, per: 'place' },
  phpa: {},
  'aws-predictive': {},
  autothrottle: { fixedTarget: 0.1 },
}

const following = Object.entries(FOLLOWING) as [ControllerName, object][]
const cases = following.flatMap(([name, params]) =>
  [5, 15, 60].map((tickSeconds) => ({ name, params, tickSeconds })),
)

describe.each(cases)('$name at ticks of $tickSeconds s', ({ name, params, tickSeconds }) => {
  const hour = 3600 / tickSeconds
  const run = (
    bounds: { min: number; max: number },
    hours: number,
    initial: number,
    loadAt: (hours: number) => number,
  ): number[] => {
    const { known, controller } = controllerFor(name, params, bounds, tickSeconds * 1000)
    return drive(known, controller, {
      ticks: hours * hour,
      initial,
      loadAt: (tick) => loadAt(tick / hour),
    })
  }

  it('settles under a constant load, with enough to carry it', () => {
    const counts = run({ min: 1, max: 100 }, 4, 3, () => 200)
    const settled = [...new Set(counts.slice(-hour))]
    expect(settled).toHaveLength(1)
    expect(settled[0]).toBeGreaterThanOrEqual(5)
    expect(settled[0]).toBeLessThanOrEqual(13)
  })

  it('comes back from a night without requests, though it may have no replica then', () => {
    const counts = run({ min: 0, max: 100 }, 5, 5, (hours) => (hours < 2 ? 0 : 200))
    expect(counts[2 * hour]).toBeLessThanOrEqual(10)
    expect(counts.at(-1)).toBeGreaterThanOrEqual(5)
  })

  it('reaches what a step of the load needs', () => {
    const counts = run({ min: 1, max: 100 }, 3, 8, (hours) => (hours < 1 ? 200 : 1000))
    expect(counts.at(-1)).toBeGreaterThanOrEqual(25)
  })
})
