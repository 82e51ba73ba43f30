/** The whole pass; cases in brackets are those of upstream horizontal_test.go (inputs and expected counts). */
import { describe, expect, it } from 'vitest'
import { Behavior } from '../service-spec.ts'
import { emptyMemory } from './normalize.ts'
import type { Pod } from './pods.ts'
import { type HpaMetric, type HpaSpec, type ReconcileInput, reconcile } from './reconcile.ts'

const NOW_MS = 10_000_000

const podsUsing = (...milli: number[]): Pod[] =>
  milli.map((m) => ({
    phase: 'Running',
    deleting: false,
    startedAtMs: NOW_MS - 3_600_000,
    ready: { status: 'True', sinceMs: NOW_MS - 3_590_000 },
    requestMilli: 1000,
    sample: { milli: m, atMs: NOW_MS, windowMs: 60_000 },
  }))
const cpu = (percent: number, ...milli: number[]): HpaMetric => ({
  type: 'Resource',
  resource: 'cpu',
  target: { type: 'Utilization', percent },
  pods: podsUsing(...milli),
})
const external = (milli: number, items: number[], pods: Pod[] = []): HpaMetric => ({
  type: 'External',
  target: { type: 'Value', milli },
  items,
  pods,
})
/** Nothing recommended lately: no stabilization in the way. */
const calm = { ...emptyMemory, recommendations: [{ atMs: 0, replicas: 0 }] }
const run = (
  specReplicas: number,
  metrics: HpaMetric[],
  spec: HpaSpec,
  over: Partial<ReconcileInput> = {},
) => reconcile({ spec, specReplicas, metrics, memory: calm, nowMs: NOW_MS, ...over })

describe('reconcile', () => {
  it('[TestScaleUp], [TestScaleDown], [TestTolerance]', () => {
    expect(run(3, [cpu(30, 300, 500, 700)], { minReplicas: 2, maxReplicas: 6 }).replicas).toBe(5)
    expect(
      run(5, [cpu(50, 100, 300, 500, 250, 250)], { minReplicas: 2, maxReplicas: 6 }).replicas,
    ).toBe(3)
    expect(run(3, [cpu(100, 1010, 1030, 1020)], { maxReplicas: 5 })).toMatchObject({
      replicas: 3,
      limitedBy: 'none',
    })
  })

  it('[TestScaleDownToZeroCMExternal]: zero is allowed when minReplicas is 0', () => {
    const metric = external(14_400, [0], podsUsing(0, 0, 0, 0, 0))
    expect(run(5, [metric], { minReplicas: 0, maxReplicas: 6 }).replicas).toBe(0)
  })

  it('AverageValue looks at status.replicas, Value at ready pods', () => {
    const average: HpaMetric = {
      type: 'External',
      target: { type: 'AverageValue', milli: 30_000 },
      items: [100_000, 50_000],
      pods: [],
    }
    expect(run(9, [average], { maxReplicas: 20 }, { statusReplicas: 4 }).replicas).toBe(5)
    const value = external(100_000, [240_000], podsUsing(0, 0, 0))
    expect(run(4, [value], { maxReplicas: 20 }).replicas).toBe(8)
  })

  it('the largest of several metrics wins', () => {
    const metrics = [cpu(50, 500, 500, 500), external(1000, [1500], podsUsing(0, 0, 0))]
    expect(run(3, metrics, { maxReplicas: 10 }).replicas).toBe(5)
  })

  it('[TestScaleUpOneMetricEmpty]: an invalid metric does not stop an increase', () => {
    const result = run(3, [cpu(30, 300, 400, 500), external(100, [])], {
      minReplicas: 2,
      maxReplicas: 6,
    })
    expect(result).toMatchObject({ replicas: 4, scalingActive: true })
    expect(result.errors).toEqual(['External: no metrics returned'])
  })

  it('[TestNoScaleDownOneMetricEmpty]: but it stops a decrease', () => {
    const metrics = [cpu(50, 100, 300, 500, 250, 250), external(1000, [])]
    expect(run(5, metrics, { minReplicas: 2, maxReplicas: 6 })).toMatchObject({
      replicas: 5,
      scalingActive: false,
    })
  })

  it('with no usable metric nothing changes and nothing is remembered', () => {
    const result = run(5, [external(1000, [])], { maxReplicas: 6 })
    expect(result).toMatchObject({ replicas: 5, scalingActive: false })
    expect(result.memory).toBe(calm)
  })

  it('zero replicas with a minimum above zero mean: switched off', () => {
    expect(run(0, [cpu(50, 900)], { minReplicas: 1, maxReplicas: 6 })).toMatchObject({
      replicas: 0,
      scalingActive: false,
      errors: [],
    })
  })

  it('outside the bounds goes straight to the bound, whatever the metrics say', () => {
    expect(run(9, [external(1000, [])], { maxReplicas: 6 }).replicas).toBe(6)
    expect(run(1, [external(1000, [])], { minReplicas: 2, maxReplicas: 6 }).replicas).toBe(2)
  })

  it('without behavior it at most doubles; with it, its own rules and tolerances hold and changes are remembered', () => {
    const metric = external(1000, [20_000], podsUsing(0))
    expect(run(1, [metric], { maxReplicas: 50 })).toMatchObject({
      replicas: 4,
      limitedBy: 'rate-limit',
    })
    const behavior = Behavior.parse({ scaleUp: { tolerance: 0 } })
    const grown = run(1, [metric], { maxReplicas: 50, behavior })
    expect(grown).toMatchObject({ replicas: 5, limitedBy: 'rate-limit' })
    expect(grown.memory.scaleUps).toEqual([{ atMs: NOW_MS, change: 4 }])
    const slightly = external(1000, [1050], podsUsing(0))
    expect(run(1, [slightly], { maxReplicas: 50, behavior }).replicas).toBe(2)
    expect(run(1, [slightly], { maxReplicas: 50 }).replicas).toBe(1)
  })

  it('the first pass remembers what was there, so that it does not scale down at once', () => {
    const spec = { maxReplicas: 10 }
    const first = run(5, [cpu(50, 100, 100, 100, 100, 100)], spec, { memory: emptyMemory })
    expect(first).toMatchObject({ replicas: 5, limitedBy: 'stabilization' })
    const later = { memory: first.memory, nowMs: NOW_MS + 300_001 }
    expect(run(5, [cpu(50, 100, 100, 100, 100, 100)], spec, later).replicas).toBe(1)
  })

  it('how long a young pod’s CPU is not believed is the controller’s own flag', () => {
    // started two minutes ago, ready for half a window: unready for 5 min by default, believed after 60 s with the flag
    const young = (milli: number): Pod => ({
      ...podsUsing(milli)[0]!,
      startedAtMs: NOW_MS - 120_000,
      ready: { status: 'True', sinceMs: NOW_MS - 30_000 },
    })
    const metric: HpaMetric = {
      type: 'Resource',
      resource: 'cpu',
      target: { type: 'Utilization', percent: 50 },
      pods: [...podsUsing(500), young(1000)],
    }
    expect(run(2, [metric], { maxReplicas: 9 }).replicas).toBe(2)
    expect(run(2, [metric], { maxReplicas: 9, cpuInitializationMs: 60_000 }).replicas).toBe(3)
  })
})
