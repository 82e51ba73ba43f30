/** The present rule on golden vectors of the HPA's contract, through manifests; several metrics, KEDA, and its dead band. */

import { describe, expect, it } from 'vitest'
import { smallestStep } from '../../agents/hpa/dead-band.ts'
import type { Manifest, ManifestMetric } from '../../services/kubernetes/manifests/manifest.ts'
import { unseen } from '../controllers/test-service.ts'
import { type DeclaredOptions, declaredOf } from './declared.ts'
import { aimPerReplica, createPresentRule, type Swallowed } from './present-rule.ts'

const CLUSTER = { tolerance: 0.1, syncSeconds: 15, downscaleStabilizationSeconds: 300 }
const TICK_MS = 15_000
const OPTIONS: DeclaredOptions = {
  ...{ capacity: 100, pricePerReplicaHour: 0.1, startupSeconds: 30, sloSeconds: 0.5 },
  ...{ objective: 0.99, utilizationAtCapacity: 100, signals: {} },
}
const cpu = (percent: number): ManifestMetric => ({
  ...{ label: 'Resource cpu', name: 'cpu', kind: 'resource' },
  target: { type: 'Utilization', percent },
})
const external = (average: number, name = 'requests_per_second'): ManifestMetric => ({
  ...{ label: `External ${name}`, name, kind: 'external' },
  target: { type: 'AverageValue', milli: average * 1000 },
})
const manifestOf = (
  metrics: readonly ManifestMetric[],
  more: Partial<Manifest> = {},
): Manifest => ({
  ...{ kind: 'HorizontalPodAutoscaler', place: 'hpa.yaml', name: 'web', namespace: 'shop' },
  target: { kind: 'Deployment', name: 'web' },
  ...{ minReplicas: 1, maxReplicas: 50, metrics, behavior: null, keda: null, annotations: {} },
  ...more,
})
const KEDA = { pollingSeconds: 30, cooldownSeconds: 300, idleReplicas: null, fallback: null }

/** The count asked for at the first sync, with `seen` measured of `replicas` that were there for long. */
function decide(manifest: Manifest, replicas: number, seen: object, options = OPTIONS): number {
  const declared = declaredOf(manifest, options)
  const rule = createPresentRule({ manifest, declared, cluster: CLUSTER, tickMs: TICK_MS })
  return rule(600_000, { ...unseen({ requested: replicas }), measuredAtMs: 600_000, ...seen })
}

describe('the rule of a manifest', () => {
  // CONTRACT V1–V4, derived from replica_calculator.go: 3 pods at a target of 80 %
  it.each([
    [0.9, 4],
    [0.87, 3],
    [0.889, 3],
    [0.89, 4],
  ])('at 80 % CPU and 3 replicas that use %d of what they ask for: %d', (utilization, count) => {
    expect(decide(manifestOf([cpu(80)]), 3, { utilization })).toBe(count)
  })

  it('reads utilization as the cluster would: a replica may use more than it asks for', () => {
    const twice = { ...OPTIONS, utilizationAtCapacity: 200 }
    expect(decide(manifestOf([cpu(80)]), 3, { utilization: 0.45 }, twice)).toBe(4)
    expect(aimPerReplica(manifestOf([cpu(80)]), declaredOf(manifestOf([cpu(80)]), twice))).toBe(40)
  })

  it('aims at cores where the manifest does', () => {
    const target = { type: 'AverageValue', milli: 400 } as const
    const manifest = manifestOf([{ ...cpu(1), target }])
    expect(() => declaredOf(manifest, OPTIONS)).toThrow('cpu-at-capacity')
    // 0.9 of half a core is 450 m: over the tolerance of 400 m
    const declared = { ...OPTIONS, cpuAtCapacity: '500m' }
    expect(decide(manifest, 3, { utilization: 0.9 }, declared)).toBe(4)
  })

  // CONTRACT V9, V10: External AverageValue 30, 4 replicas
  it.each([
    [150, 5],
    [125, 4],
  ])('at 30 requests/s each and 4 replicas under %d: %d', (loadRps, count) => {
    expect(decide(manifestOf([external(30)]), 4, { loadRps })).toBe(count)
  })

  // as CONTRACT V11, External Value 100 with 3 ready, within what one sync may add
  it('applies a Value target to the ready replicas', () => {
    const value = { ...external(100), target: { type: 'Value', milli: 100_000 } as const }
    expect(decide(manifestOf([value]), 3, { loadRps: 180 })).toBe(6)
  })

  it('takes the largest of several metrics', () => {
    const manifest = manifestOf([cpu(80), external(30)])
    expect(decide(manifest, 4, { utilization: 0.9, loadRps: 240 })).toBe(8)
    expect(decide(manifest, 4, { utilization: 1, loadRps: 120 })).toBe(5)
  })

  it('counts a queue where a metric is declared to be one, in its own unit', () => {
    const manifest = manifestOf([external(10, 'jobs')])
    const declare = (kind: string) => ({ ...OPTIONS, signals: { jobs: kind } })
    const seen = { queued: 30, inService: 20, loadRps: 1000 }
    expect(decide(manifest, 4, seen, declare('queue'))).toBe(5)
    expect(decide(manifest, 4, seen, declare('in-flight*4'))).toBe(8)
    expect(() => declaredOf(manifest, OPTIONS)).toThrow('what External jobs measures')
    expect(() => declaredOf(manifest, declare('money'))).toThrow('load, queue, in-flight')
  })

  it('holds what there is while nothing is measured', () => {
    expect(decide(manifestOf([cpu(80), external(30)]), 7, {})).toBe(7)
  })
})

describe('a ScaledObject', () => {
  const worker = manifestOf([{ ...external(30), activation: 5 }], {
    ...{ kind: 'ScaledObject', minReplicas: 0, keda: KEDA },
  })
  it('wakes above its activation, and lets go of everything after its cooldown', () => {
    expect(decide(worker, 0, { loadRps: 5 })).toBe(0)
    expect(decide(worker, 0, { loadRps: 6 })).toBe(1)
    const declared = declaredOf(worker, OPTIONS)
    const rule = createPresentRule({
      manifest: worker,
      declared,
      cluster: CLUSTER,
      tickMs: TICK_MS,
    })
    const seen = (atMs: number, loadRps: number) => ({
      ...{ ...unseen({ requested: 1 }), measuredAtMs: atMs, loadRps },
    })
    const counts = Array.from({ length: 30 }, (_, k) =>
      rule(k * TICK_MS, seen(k * TICK_MS, k < 2 ? 9 : 0)),
    )
    // active at 0 s; inactive from 30 s on; at the first poll more than 300 s after it was active there is none
    expect(counts.indexOf(0)).toBe(330 / 15)
  })

  it('falls back after more errors in a row than it allows', () => {
    const fallback = { failureThreshold: 0, replicas: 6, behavior: 'static' } as const
    const own = { ...worker, minReplicas: 1, keda: { ...KEDA, fallback } }
    expect(decide(own, 2, {})).toBe(4) // 6, of which at most twice as many or 4 at once
  })
})

describe('the dead band', () => {
  // CONTRACT §8: the smallest executed steps of a metric with target 1
  it.each([
    [5, 1, 1],
    [9, 1, 1],
    [10, 2, 2],
    [20, 3, 3],
    [50, 6, 6],
    [100, 11, 11],
  ])('at %d replicas lets +%d and −%d through at the earliest', (replicas, up, down) => {
    const tolerance = { toleranceUp: 0.1, toleranceDown: 0.1 }
    expect(smallestStep(replicas, tolerance)).toEqual({ replicas, up, down })
    expect(smallestStep(replicas, { toleranceUp: 0, toleranceDown: 0 })).toMatchObject({ up: 1 })
  })

  it('tells what it swallowed, and nothing that was carried out or lies outside the bounds', () => {
    const tell = (utilization: number, maxReplicas = 50) => {
      const swallowed: Swallowed[] = []
      const manifest = manifestOf([cpu(80)], { maxReplicas })
      const declared = declaredOf(manifest, OPTIONS)
      const onSwallowed = (one: Swallowed) => swallowed.push(one)
      const rule = createPresentRule({
        ...{ manifest, declared, cluster: CLUSTER, tickMs: TICK_MS, onSwallowed },
      })
      rule(600_000, { ...unseen({ requested: 10 }), measuredAtMs: 600_000, utilization })
      return swallowed.map(({ wanted }) => wanted)
    }
    expect(tell(0.86)).toEqual([11])
    expect(tell(0.72)).toEqual([9])
    expect(tell(0.75)).toEqual([])
    expect(tell(0.95)).toEqual([])
    expect(tell(0.86, 10)).toEqual([])
  })
})

describe('what is declared', () => {
  const manifest = (annotations: Record<string, string>) => manifestOf([cpu(80)], { annotations })
  it('of one service wins over what is declared of all', () => {
    const declared = declaredOf(
      manifest({
        'forescale.dev/requests-per-second': '20',
        'forescale.dev/slo-objective': '0.999',
        'forescale.dev/service': 'search',
        'kubectl.kubernetes.io/other': 'x',
      }),
      OPTIONS,
    )
    expect(declared).toMatchObject({
      ...{ capacity: 20, objective: 0.999, service: 'search', sloSeconds: 0.5 },
      ...{ concurrency: 2, serviceSeconds: 0.1 },
    })
  })

  it('has whole places that carry exactly the capacity', () => {
    const places = (capacity: number, serviceSeconds?: number) => {
      const { concurrency, serviceSeconds: seconds } = declaredOf(manifest({}), {
        ...{ ...OPTIONS, capacity },
        ...(serviceSeconds === undefined ? {} : { serviceSeconds }),
      })
      expect(concurrency / seconds).toBeCloseTo(capacity, 9)
      return [concurrency, Number(seconds.toFixed(4))]
    }
    expect(places(40)).toEqual([4, 0.1])
    expect(places(5)).toEqual([1, 0.2])
    expect(places(33, 0.1)).toEqual([3, 0.0909])
    expect(() => places(5, 0.1)).toThrow('would carry more than 5 requests/s')
  })

  it.each([
    ['forescale.dev/requests-per-second', '-1', 'a number above 0'],
    ['forescale.dev/slo-objective', '1.5', '0.5 to 1'],
    ['forescale.dev/colour', 'red', 'requests-per-second'],
  ])('%s: %s is refused', (key, value, allowed) => {
    expect(() => declaredOf(manifest({ [key]: value }), OPTIONS)).toThrow(allowed)
  })

  it('must have a capacity', () => {
    const { capacity: _, ...none } = OPTIONS
    expect(() => declaredOf(manifest({}), none)).toThrow('--capacity')
  })
})
