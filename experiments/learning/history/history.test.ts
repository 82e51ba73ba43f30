/** From a service's own past to who acts for it: cut, search, choice, document. */
import { describe, expect, it } from 'vitest'
import { learnedActor } from '../../../agents/policies/learned/act.ts'
import { PolicyDocument, policyVersion } from '../../../agents/policies/learned/document.ts'
import { ServiceSpec } from '../../../agents/service-spec.ts'
import { seededRandom } from '../../../datasets/random.ts'
import { syntheticSeries } from '../../../datasets/synthetic.ts'
import { createTapes } from '../../controllers/forescale/models.ts'
import { type Block, pointOf } from '../../frontier/compare-frontiers.ts'
import { type Scenario, Scrape, Serving } from '../../simulator/scenario.ts'
import { analyticCandidates, candidateOf, genesOf } from './candidate.ts'
import { chooseAlone, chooseSurely, chooseTogether, knownOf } from './choose.ts'
import { play } from './play.ts'
import { search } from './search.ts'
import { documentOf, tuneService } from './tune.ts'
import { alone, cut } from './worlds.ts'

const HOUR = 3_600_000
const stepMs = 300_000
const spec = ServiceSpec.parse({ capacityPerReplica: 28, maxReplicas: 24 })

function scenarioOf(days: number, names: readonly string[] = ['a', 'b']): Scenario {
  const series = names.map((service) =>
    syntheticSeries('bursty', { seed: 1, days, stepMs, service }),
  )
  const most = Math.max(...series[0]!.values)
  const services = names.map((name, i) => {
    const values = series[i]!.values.map((value) => (200 * value) / most)
    const half = Math.floor(values.length / 2)
    const parts = { spec, serving: Serving.parse({}) }
    return { name, ...parts, history: values.slice(0, half), load: values.slice(half) }
  })
  const rest = { stepMs, tickMs: stepMs, scrape: Scrape.parse({}), synthetic: true, seed: 1 }
  return { name: 'test', startMs: 0, costBudgetPerHour: 9.6, services, ...rest }
}

const mostDays = { learned: 1, rehearsed: 1, judged: 1 }

describe('a cut', () => {
  it('parts the series in time: nothing of what is judged is in the past', () => {
    const scenario = scenarioOf(4)
    const { past, judged } = cut(scenario, { judgedShare: 0.25, mostDays })
    const whole = Float64Array.of(...scenario.services[0]!.history, ...scenario.services[0]!.load)
    const [before, after] = [past.services[0]!, judged.services[0]!]
    expect([before.history.length, before.load.length, after.load.length]).toEqual([288, 288, 288])
    expect([...after.load]).toEqual([...whole.slice(-288)])
    expect([...before.load]).toEqual([...whole.slice(-576, -288)])
    expect([...after.history]).toEqual([...whole.slice(-864, -288)])
    expect(judged.startMs - past.startMs).toBe(24 * HOUR)
    expect(judged.startMs + after.load.length * stepMs).toBe(scenario.startMs + 576 * stepMs)
  })
})

describe('genes', () => {
  it('of an analytic candidate are that candidate', () => {
    const scenario = alone(cut(scenarioOf(2), { judgedShare: 0.25, mostDays }).past, 0)
    const shared = { tapes: createTapes(), forecast: { models: ['seasonal-naive' as const] } }
    const of = (candidate: Parameters<typeof genesOf>[0]) =>
      candidateOf(genesOf(candidate), { busyRps: 100 })
    for (const analytic of analyticCandidates().filter(({ objective }) => objective === 0.99)) {
      if (analytic.policy !== 'predictive' || analytic.targetUtilization !== 1) continue
      const run = (candidate: typeof analytic) =>
        pointOf(play({ scenario, seed: 1, blocks: 3 }, [candidate], shared).services[0]!)
      const [plain, tuned] = [run(analytic), run(of(analytic))]
      // weights are rounded, so that people can read them
      expect(tuned.cost / plain.cost).toBeCloseTo(1, 2)
    }
  })

  it('anywhere make a tuning that a document takes', () => {
    const random = seededRandom('genes')
    for (let k = 0; k < 200; k++) {
      const genes = genesOf({ objective: 0.99 }).map(() => random())
      const { tuning } = candidateOf(genes, { busyRps: 123 })
      expect(documentWith({ a: tuning }).tunings).toEqual({ a: tuning })
    }
  })
})

const block = (cost: number, violations: number): Block => ({
  ...{ hours: 1, requests: 1000, cost, violations },
})
const tuning = candidateOf(genesOf({ objective: 0.99 }), { busyRps: 1 })
const knownAs = (tuned: boolean, ...blocks: Block[]) =>
  knownOf(
    { candidate: tuned ? tuning : { ...tuning, policy: 'predictive', tuning: undefined }, blocks },
    3,
  )

describe('a choice', () => {
  const reference = knownAs(false, block(10, 5), block(10, 5), block(10, 5))
  const steady = knownAs(true, block(9, 5), block(9, 4), block(9, 5))
  const lucky = knownAs(true, block(1, 0), block(1, 0), block(11, 14))
  const loose = knownAs(true, block(5, 9), block(5, 9), block(5, 9))

  it('takes the least cost at no more violations', () => {
    const all = [reference, steady, lucky, loose]
    expect(chooseAlone(all, reference, { guarded: false })).toBe(lucky)
  })

  it('when guarded takes what pays in every fold, else leaves the analytic policy', () => {
    expect(chooseAlone([reference, steady, lucky, loose], reference, { guarded: true })).toBe(
      steady,
    )
    expect(chooseAlone([reference, lucky, loose], reference, { guarded: true })).toBe(reference)
  })

  it('together spends where a violation is avoided for least: all lose no more than they did', () => {
    // a saves eight violations for a dollar, b one: at one price a spends and b saves
    const a = [reference, knownAs(false, block(11, 0), block(11, 0), block(11, 0))]
    const b = [reference, knownAs(false, block(5, 9), block(5, 9), block(5, 9))]
    const { chosen } = chooseTogether([a, b], [reference, reference], { guarded: false })
    expect(chosen).toEqual([a[1], b[1]])
    expect(chooseSurely([a, b], [reference, reference])).toEqual([a[1], b[1]])
  })
})

describe('a search', () => {
  it('tries what it was told to, the analytic first, and the same again with the same seed', () => {
    const analytic = analyticCandidates().slice(0, 4)
    const run = () => {
      let tries = 0
      const tried = search({
        tryOut: () => [block(10 + (tries % 7), tries++ % 5)],
        ...{ measure: { busyRps: 5 }, analytic, start: [], evaluations: 20 },
        random: seededRandom('search'),
      })
      expect(tries).toBe(24)
      return tried
    }
    const tried = run()
    expect(tried.slice(0, 4).map(({ candidate }) => candidate)).toEqual(analytic)
    expect(tried).toEqual(run())
  })
})

describe('tuning a service', () => {
  const [service] = ['shop']
  const series = syntheticSeries('noisy', { seed: 2, days: 2, stepMs, service: service! })
  const input = {
    ...{ series: { ...series, service: service! }, tickMs: stepMs, evaluations: 6, seed: 1 },
    spec: ServiceSpec.parse({
      capacityPerReplica: Math.max(...series.values) / 8,
      maxReplicas: 16,
    }),
    forecast: { models: ['seasonal-naive' as const] },
    errorBudgetShare: 0.5,
  }

  it('keeps what was declared, and gives the same again', () => {
    const tuned = tuneService(input)
    expect(tuned).toEqual(tuneService(input))
    expect(tuned.decisions).toBe(7 * 288)
    if (tuned.tuned === undefined) expect(tuned.why).toMatch(/^no tuning held/)
    else {
      expect(tuned.tuned.costPerHour).toBeLessThan(tuned.predictive.costPerHour)
      expect(tuned.tuned.violationRatio).toBeLessThanOrEqual(
        Math.max(tuned.predictive.violationRatio, 0.005),
      )
    }
  })

  it('names what is too short', () => {
    const short = { ...input.series, values: input.series.values.slice(0, 20) }
    expect(() => tuneService({ ...input, series: short })).toThrow('shop: 20 steps of load')
  })

  it('is written as a policy that acts for that service, whose version tells its tunings apart', () => {
    const document = documentWith({ shop: tuning.tuning })
    const actor = learnedActor(PolicyDocument.parse(JSON.parse(JSON.stringify(document))))
    expect(actor.tuningOf?.('shop')).toEqual(tuning.tuning)
    expect(actor.tuningOf?.('constructor')).toBeUndefined()
    expect(actor.stretch(Float32Array.of(0.3))).toBe(1)
    const other = documentWith({ shop: { ...tuning.tuning!, stretch: 1.5 } })
    expect(policyVersion(other)).not.toBe(policyVersion(document))
    const { tunings: _, ...without } = document
    expect(policyVersion(without)).not.toBe(policyVersion(document))
  })

  it('is no policy where nothing pays', () => {
    const point = { costPerHour: 1, violationRatio: 0 }
    const none = { service: 'x', rehearsedDays: 1, decisions: 1, predictive: point, why: '' }
    expect(documentOf([none], origin)).toBeUndefined()
  })
})

const origin = { name: 'own-past', command: 'x', revision: 'x', seed: 1 }

function documentWith(tunings: Readonly<Record<string, (typeof tuning)['tuning']>>) {
  const point = { costPerHour: 1, violationRatio: 0 }
  const all = Object.entries(tunings).map(([service, own]) => ({
    ...{ service, rehearsedDays: 1, decisions: 1, predictive: point, why: '' },
    ...(own ? { tuning: own, tuned: point } : {}),
  }))
  return documentOf(all, origin)!
}
