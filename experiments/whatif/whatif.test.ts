/** Whole replays: nothing is gained where nothing changes, the same seed gives the same bytes, the future is not known. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Manifest } from '../../services/kubernetes/manifests/manifest.ts'
import { compareDays, drawDays, figuresOf } from './compare-days.ts'
import { type DeclaredOptions, declaredOf } from './declared.ts'
import { documentOf, type WhatifDocument } from './document.ts'
import { historyOf } from './history.ts'
import { loadTest, type Replayed } from './scenario.ts'
import { runWhatif, SHARES, type Share, type Whatif } from './whatif.ts'

const STEP_MS = 600_000
const STEPS_A_DAY = 144
const DAYS = 8
const OPTIONS: DeclaredOptions = {
  ...{ capacity: 40, pricePerReplicaHour: 0.1, startupSeconds: 30, sloSeconds: 0.5 },
  ...{ objective: 0.99, utilizationAtCapacity: 100, signals: {} },
}
const manifest = (percent: number, more: Partial<Manifest> = {}): Manifest => ({
  ...{ kind: 'HorizontalPodAutoscaler', place: 'hpa.yaml', name: 'web', namespace: 'shop' },
  target: { kind: 'Deployment', name: 'web' },
  ...{ minReplicas: 1, maxReplicas: 30, behavior: null, keda: null, annotations: {} },
  metrics: [
    {
      ...{ label: 'Resource cpu', name: 'cpu', kind: 'resource' },
      target: { type: 'Utilization', percent },
    },
  ],
  ...more,
})
const day = (step: number) => 200 + 120 * Math.sin((2 * Math.PI * step) / STEPS_A_DAY)

interface Run {
  readonly own: Manifest
  readonly before?: Manifest
  readonly shares?: readonly Share[]
}

function run(loadAt: (step: number) => number, { own, before, shares }: Run): Whatif {
  const values = Float64Array.from({ length: DAYS * STEPS_A_DAY }, (_, step) => loadAt(step))
  const series = {
    service: 'web',
    metric: 'requests_per_second',
    startMs: 0,
    stepMs: STEP_MS,
    values,
  }
  const history = historyOf([series])
  const replayed = (one: Manifest): Replayed => {
    const declared = declaredOf(one, OPTIONS)
    const service = history.services[0]!
    return {
      ...{ manifest: one, declared, history: service },
      capacityWithinSlo: loadTest(one, declared, service),
    }
  }
  return runWhatif({
    ...{ history, services: [replayed(own)], baseline: before && [replayed(before)] },
    cluster: { tolerance: 0.1, syncSeconds: 15, downscaleStabilizationSeconds: 300 },
    // one fit is enough for what is tested here
    ...{ seed: 1, quick: true, refitMs: 30 * 86_400_000 },
    ...(shares ? { shares } : {}),
  })
}

describe('a constant load', () => {
  // once against every other target, once against those that its rule is compared with at last
  const few = [0.65, 'within-slo'] as const
  it.each([
    [60, SHARES],
    [80, few],
  ])(
    'saves nobody anything, whatever the present target: %d percent',
    (percent, shares) => {
      const whatif = run(() => 200, { own: manifest(percent), shares })
      const { scopes } = documentOf(whatif, [])
      const { saving, present, forescale } = scopes[0]!
      expect(saving.isConstantLoad).toBe(true)
      for (const figure of ['cost', 'replica-hours', 'shortage', 'events'] as const) {
        const { value, low, high } = saving.beyondTarget.difference[figure]
        expect([value, low, high].map((x) => Math.abs(x) < 1e-9)).toEqual([true, true, true])
      }
      for (const { shortage, events } of [present, forescale])
        expect([shortage.value, events.value]).toEqual([0, 0])
    },
    60_000,
  )
})

describe('a load with a day in it', () => {
  let whatif: Whatif
  let document: WhatifDocument
  const edited: Run = {
    ...{ own: manifest(60), before: manifest(40) },
    shares: [0.65, 0.8, 'within-slo'],
  }
  beforeAll(() => {
    whatif = run(day, edited)
    document = documentOf(whatif, [])
  }, 60_000)

  it('gives the same bytes for the same seed', () => {
    expect(JSON.stringify(documentOf(run(day, edited), []))).toBe(JSON.stringify(document))
  }, 60_000)

  it('costs what its replicas cost, and every request is counted', () => {
    const { present } = document.scopes[0]!
    expect(present.cost.value).toBeCloseTo(0.1 * present['replica-hours'].value, 9)
    const requests = whatif.present.total.reduce((sum, one) => sum + one.requests, 0)
    const load = whatif.scenario.services[0]!.load
    expect(requests).toBeCloseTo(
      load.reduce((sum, rps) => sum + rps * (STEP_MS / 1000), 0),
      3,
    )
  })

  it('charges a thriftier edit less than its baseline, on every day', () => {
    const { presentVersusBaseline } = document.scopes[0]!
    expect(presentVersusBaseline!.difference.cost.high).toBeLessThan(0)
    // 40 % to 60 %: a third fewer replicas, up to whole ones
    expect(presentVersusBaseline!.ratio.cost!.value).toBeCloseTo(-1 / 3, 1)
  })

  it('parts the difference into another target and the rest, which add up', () => {
    const { saving, forescaleVersusPresent } = document.scopes[0]!
    const cost = (compared: typeof forescaleVersusPresent) => compared.difference.cost.value
    expect(cost(saving.byTarget) + cost(saving.beyondTarget)).toBeCloseTo(
      cost(forescaleVersusPresent),
      9,
    )
    expect(saving.isConstantLoad).toBe(false)
  })

  it('knows nothing of what is still to come', () => {
    const last = (DAYS - 1) * STEPS_A_DAY
    const other = run((step) => (step < last ? day(step) : 30), { own: edited.own, shares: [] })
    const ticks = whatif.present.record.columns[0]!.requested.length
    const before = ticks - 86_400_000 / whatif.scenario.tickMs
    for (const arm of ['present', 'forescale'] as const) {
      const [a, b] = [whatif, other].map((one) => one[arm].record.columns[0]!.requested)
      expect(String(a!.subarray(0, before)) === String(b!.subarray(0, before)), arm).toBe(true)
      expect(String(a!.subarray(before)) === String(b!.subarray(before)), arm).toBe(false)
    }
  }, 60_000)
})

describe('a load test', () => {
  const history = new Float64Array(10).fill(200)
  const test = (more: Partial<DeclaredOptions>) => {
    const own = manifest(60)
    return loadTest(own, declaredOf(own, { ...OPTIONS, ...more }), { history })
  }
  it('finds less for a stricter SLO, and never more than leaves room before saturation', () => {
    const [strict, usual] = [test({ objective: 0.9995 }), test({ objective: 0.9 })]
    expect(strict).toBeLessThanOrEqual(usual)
    expect(usual).toBeLessThanOrEqual(32)
    expect(strict).toBeGreaterThan(20)
  })
  it('refuses an SLO that nobody can keep', () => {
    expect(() => test({ sloSeconds: 0.05 })).toThrow('whoever scales')
  })
})

describe('intervals', () => {
  const days = (costs: readonly number[]) =>
    costs.map((cost) => ({
      ...{ hours: 24, requests: 1000, violations: 1, violationRatio: 0.001, failures: 0 },
      ...{ cost, costPerHour: cost / 24, replicaHours: 10 * cost, shortageMinutes: 0 },
      scalingEvents: 2,
    }))
  let state = 1
  const random = () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647
  }
  const draws = drawDays(8, 500, random)

  it('of a difference are paired: what a day does to both falls out', () => {
    const a = days([1, 5, 2, 8, 3, 9, 4, 7])
    const b = days([1, 5, 2, 8, 3, 9, 4, 7].map((cost) => cost + 1))
    const { low, high } = figuresOf(a, draws).cost
    expect(high - low).toBeGreaterThan(1)
    const { difference } = compareDays(a, b, draws)
    expect([difference.cost.low, difference.cost.high].map((x) => x.toFixed(9))).toEqual([
      '1.000000000',
      '1.000000000',
    ])
  })

  it('hold the value, and have no ratio to nothing', () => {
    const a = days([1, 5, 2, 8, 3, 9, 4, 7])
    const { value, low, high } = figuresOf(a, draws).cost
    expect(low).toBeLessThanOrEqual(value)
    expect(high).toBeGreaterThanOrEqual(value)
    expect(value).toBe(39 / 8)
    expect(compareDays(a, a, draws).ratio.shortage).toBeNull()
  })
})
