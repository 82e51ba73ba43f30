import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { seededRandom } from '../../datasets/random.ts'
import { ForecastConfig } from '../../forecaster/config.ts'
import { LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { simulate } from '../simulator/run.ts'
import { type Scenario, Scrape, Serving } from '../simulator/scenario.ts'
import { createScrape } from '../simulator/scrape.ts'
import { summarize } from '../simulator/summary.ts'
import { knownTo, type Scraped } from './controller.ts'
import { createCollector } from './forescale/collector.ts'
import { createForesight } from './forescale/foresight.ts'
import { createTapes, type ModelsInput } from './forescale/models.ts'
import { ForescaleParams } from './forescale/params.ts'
import { forescaleKind } from './forescale.ts'

const STEP_MS = 300_000
const DAY_STEPS = 288
const wave = (k: number) => 150 * (1 + 0.8 * Math.sin((2 * Math.PI * k) / DAY_STEPS))

function scenario(change: Partial<Scenario> = {}, loads = [wave]): Scenario {
  const services = loads.map((loadAt, i) => ({
    name: `s${i}`,
    spec: ServiceSpec.parse({
      ...{ maxReplicas: 20, capacityPerReplica: 32, startupSeconds: 60 },
      slo: { latencySeconds: 0.5, objective: 0.999 },
    }),
    serving: Serving.parse({}),
    history: Float64Array.from({ length: 3 * DAY_STEPS }, (_, k) => loadAt(k)),
    load: Float64Array.from({ length: DAY_STEPS }, (_, k) => loadAt(k)),
  }))
  return {
    ...{ name: 'test', startMs: 0, stepMs: STEP_MS, tickMs: 60_000, costBudgetPerHour: 1000 },
    ...{ services, scrape: Scrape.parse({}), synthetic: true, seed: 1 },
    ...change,
  }
}

function run(given: Scenario, params: unknown, tapes = createTapes()) {
  const kind = forescaleKind(tapes)
  const read = ForescaleParams.parse(params)
  const controller = kind.create(knownTo(kind, read, given), read, seededRandom('controller'))
  const plant = createFluidPlant(given, { random: (name) => seededRandom(name) })
  const record = simulate(given, {
    plant,
    controller,
    scrape: createScrape(given, seededRandom('scrape')),
  })
  return { record, total: summarize(record, given).total }
}

describe('forescale in the fluid plant', () => {
  it('follows a recurring load more cheaply than its own reactive policy at no worse quality', () => {
    const foreseen = run(scenario(), {}).total
    const followed = [0.6, 0.7, 0.8, 0.9].map((targetUtilization) => {
      return run(scenario(), { policy: 'reactive', targetUtilization }).total
    })
    const asGood = followed.filter((r) => r.violationRatio <= foreseen.violationRatio + 1e-6)
    for (const { cost } of asGood) expect(foreseen.cost).toBeLessThan(cost)
    expect(foreseen.violationRatio).toBeLessThan(1e-3)
  })

  it('says the same for the same seed, from a tape or its own models', () => {
    const tapes = createTapes()
    const first = run(scenario(), { objective: 0.99 }, tapes)
    expect(run(scenario(), { objective: 0.99 }, tapes).record).toEqual(first.record)
    expect(run(scenario(), { objective: 0.99 }).record).toEqual(first.record)
  })

  it('keeps one budget over all services', () => {
    const given = scenario({ costBudgetPerHour: 1 }, [wave, (k) => wave(k + 100)])
    const { record } = run(given, {})
    const [a, b] = record.columns
    a!.requested.forEach((replicas, tick) => {
      expect((replicas + b!.requested[tick]!) * 0.1).toBeLessThanOrEqual(1 + 1e-9)
    })
  })

  it('goes on where scrapes come late, noisy, and are lost', () => {
    const scrape = Scrape.parse({ delaySeconds: 90, noiseCv: 0.05, lossShare: 0.1 })
    const { violationRatio, cost } = run(scenario({ scrape }), {}).total
    expect(violationRatio).toBeLessThan(0.01)
    expect(cost).toBeLessThan(3 * run(scenario(), {}).total.cost)
  })

  it('knows the future of no kind unless its parameters say so', () => {
    const kind = forescaleKind(createTapes())
    const params = ForescaleParams.parse({ forecast: 'perfect' })
    expect(kind.seesFuture?.(params)).toBe(true)
    expect(() => kind.create(knownTo({}, {}, scenario()), params, seededRandom('x'))).toThrow(
      'not told the future',
    )
  })
})

describe('the collector', () => {
  const grid = { startMs: 0, stepMs: 120_000, tickMs: 60_000, delayMs: 60_000 }
  const seen = (measuredAtMs: number, loadRps: number, ready = 2): Scraped => ({
    ...{ measuredAtMs, loadRps, utilization: 0.5, queued: 0, inService: 1, violationRatio: 0.1 },
    ...{ errorRatio: 0, latencyMeanSeconds: 0.1, latencyP95Seconds: 0.2 },
    replicas: { requested: ready, ready, starting: 0, terminating: 0 },
  })

  it('makes the mean of a step’s intervals once the last of them came', () => {
    const collector = createCollector(grid)
    expect(collector.collect(0, seen(0, 5))).toEqual([])
    expect(collector.collect(60_000, seen(0, 5))).toEqual([])
    expect(collector.collect(120_000, seen(60_000, 10))).toEqual([])
    const [step] = collector.collect(180_000, seen(120_000, 20))
    expect(step).toEqual({
      ...{ loadRps: 15, violationRatio: 0.1, readyReplicas: 2, latencyP95Seconds: 0.2 },
    })
  })

  it('has the count that was ready when it was measured, not when it came', () => {
    const collector = createCollector(grid)
    collector.collect(0, seen(0, 5, 1))
    collector.collect(60_000, seen(0, 5, 2))
    collector.collect(120_000, seen(60_000, 5, 3))
    const [step] = collector.collect(180_000, seen(120_000, 5, 4))
    expect(step!.readyReplicas).toBe(2.5)
  })

  it('ends a step of which nothing came, with nothing in it', () => {
    const collector = createCollector(grid)
    for (let at = 0; at < 240_000; at += 60_000)
      expect(collector.collect(at, seen(0, 5))).toEqual([])
    const [step] = collector.collect(240_000, seen(0, 5))
    expect(step!.loadRps).toBeNaN()
  })
})

describe('tapes', () => {
  const input: ModelsInput = {
    ...{ service: 's', startMs: 0, stepMs: STEP_MS, seed: 1, reachSteps: 3 },
    history: Float64Array.from({ length: 2 * DAY_STEPS }, (_, k) => wave(k)),
    config: ForecastConfig.parse({ models: ['seasonal-naive', 'ets'] }),
  }
  const pointsOf = (tapes: ReturnType<typeof createTapes>, loads: readonly number[]) => {
    const models = tapes(input)
    return loads.map((load) => {
      models.follow(load)
      return [...models.forecast!.point]
    })
  }

  it('give those who see other loads forecasts of their own, the same as if alone', () => {
    const same = Array.from({ length: 30 }, (_, k) => wave(k))
    const other = same.map((load, k) => (k < 10 ? load : 3 * load))
    const tapes = createTapes()
    const first = pointsOf(tapes, same)
    const second = pointsOf(tapes, other)
    expect(pointsOf(tapes, same)).toEqual(first)
    expect(second).toEqual(pointsOf(createTapes(), other))
    expect(second.slice(0, 10)).toEqual(first.slice(0, 10))
    expect(second[20]).not.toEqual(first[20])
  })
})

describe('forecasts made from the future', () => {
  const load = Float64Array.from({ length: 2000 }, (_, k) => wave(k))
  const foresight = (params: Partial<ForescaleParams>) =>
    createForesight({
      ...{ service: 's', startMs: 0, stepMs: STEP_MS, reachSteps: 2, load },
      history: Float64Array.of(7, 8),
      params: ForescaleParams.parse(params),
    })

  it('are the future itself, or the future late', () => {
    const perfect = foresight({ forecast: 'perfect' })
    const late = foresight({ forecast: 'shifted', lateSteps: 2 })
    expect([...late.forecast!.point]).toEqual([7, 8])
    for (let k = 0; k < 5; k++) {
      perfect.follow(0)
      late.follow(0)
    }
    expect([...perfect.forecast!.point]).toEqual([load[5], load[6]])
    expect([...late.forecast!.point]).toEqual([load[3], load[4]])
    expect(quantileAt(perfect.forecast!, 0, 0)).toBe(load[5])
  })

  it('err as much as they say: each quantile covers its share', () => {
    const noisy = foresight({ forecast: 'noisy', errorCv: 0.3 })
    const covered = LEVELS.map(() => 0)
    load.forEach((value) => {
      const forecast = noisy.forecast!
      LEVELS.forEach((_, level) => {
        if (value <= quantileAt(forecast, level, 0)) covered[level]!++
      })
      noisy.follow(value)
    })
    LEVELS.forEach((level, i) => {
      expect(Math.abs(covered[i]! / load.length - level)).toBeLessThan(0.04)
    })
  })
})
