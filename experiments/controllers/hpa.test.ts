/**
 * Vectors of the Kubernetes documentation ("Algorithm details") and of our reading of the controller; the algorithm's
 * own are in agents/hpa/.
 */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import type { Scraped } from './controller.ts'
import { hpa } from './hpa.ts'
import { START_MS, testScenario, unseen } from './test-service.ts'

const TICK_MS = 15_000

function hpaOf(params: object, spec: object = {}) {
  const known = testScenario({ spec })
  return hpa.create(known, hpa.params.parse(params), seededRandom(1))
}

function seen(
  tick: number,
  replicas: Partial<Scraped['replicas']>,
  figures: Partial<Scraped>,
): Scraped {
  return { ...unseen(replicas), measuredAtMs: START_MS + tick * TICK_MS, ...figures }
}

describe('CPU utilization', () => {
  it('doubles at twice the target and halves at half of it, ⌈current · metric / target⌉', () => {
    // the documentation's example: 200m against 100m doubles, 50m halves
    const up = hpaOf({ target: 0.4 })
    expect(up.decide(START_MS, [seen(0, { ready: 4 }, { utilization: 0.8 })])[0]).toBe(8)
    const down = hpaOf({ target: 0.8, downscaleStabilizationSeconds: 0 })
    down.decide(START_MS, [seen(0, { ready: 4 }, { utilization: 0.8 })])
    expect(down.decide(START_MS + TICK_MS, [seen(1, { ready: 4 }, { utilization: 0.4 })])[0]).toBe(
      2,
    )
  })

  it('stays inside the tolerance: V2 to V4 of 3 pods at 80 %', () => {
    const at = (utilization: number) =>
      hpaOf({}).decide(START_MS, [seen(0, { ready: 3 }, { utilization })])[0]
    expect(at(0.87)).toBe(3)
    expect(at(0.889)).toBe(3)
    expect(at(0.89)).toBe(4)
    expect(at(0.9)).toBe(4)
  })

  it('reckons starting pods as idle when scaling up: V8, 4 ready at 90 %, 2 not, target 50 %', () => {
    const replicas = { requested: 6, ready: 4, starting: 2 }
    const scraped = seen(0, replicas, { utilization: 0.9 })
    expect(hpaOf({ target: 0.5 }).decide(START_MS, [scraped])[0]).toBe(8)
  })

  it('does not believe a young pod before a whole window of readiness was measured', () => {
    const controller = hpaOf({ target: 0.5 }, { startupSeconds: 30 })
    const before = seen(0, { requested: 2, ready: 1, starting: 1 }, { utilization: 0.5 })
    controller.decide(START_MS, [before])
    // ready since this tick: its sample is of the interval before, so 0.9 of one pod and 0 of the other
    const young = seen(1, { ready: 2 }, { utilization: 0.9 })
    expect(controller.decide(START_MS + TICK_MS, [young])[0]).toBe(2)
    const grown = seen(2, { ready: 2 }, { utilization: 0.9 })
    expect(controller.decide(START_MS + 2 * TICK_MS, [grown])[0]).toBe(4)
  })

  it('is never scaled to nothing, though the owner allows it: a pod must be there to be measured', () => {
    const controller = hpaOf({}, { minReplicas: 0 })
    const idle = (tick: number) => seen(tick, { ready: 1 }, { utilization: 0 })
    for (let tick = 0; tick < 60; tick++)
      expect(controller.decide(START_MS + tick * TICK_MS, [idle(tick)])[0]).toBe(1)
  })
})

describe('requests/s', () => {
  it('of an External metric with AverageValue follow the sum: V9 and V10, 30 a replica, 4 there', () => {
    // 40 requests/s a replica · 0.75
    const at = (loadRps: number) =>
      hpaOf({ metric: 'external-rps', target: 0.75 }).decide(START_MS, [
        seen(0, { ready: 4 }, { loadRps }),
      ])[0]
    expect(at(150)).toBe(5)
    expect(at(125)).toBe(4)
  })

  it('of pods are a mean over those that have a metric', () => {
    const controller = hpaOf({ metric: 'pods-rps', target: 0.5 })
    // 40 each at a target of 20
    expect(controller.decide(START_MS, [seen(0, { ready: 3 }, { loadRps: 120 })])[0]).toBe(6)
  })
})

describe('time', () => {
  it('passes in syncs of 15 s, whole ticks of them', () => {
    const known = testScenario({ tickMs: 5000 })
    const controller = hpa.create(known, hpa.params.parse({}), seededRandom(1))
    const counts = Array.from({ length: 7 }, (_, tick) => {
      const scraped = { ...unseen({ ready: 4 }), measuredAtMs: START_MS, utilization: 1 }
      return controller.decide(START_MS + tick * 5000, [scraped])[0]
    })
    expect(counts).toEqual([5, 4, 4, 5, 4, 4, 5])
  })

  it('holds four syncs in a tick of a minute: 8, 16, 32, then the 40 that are needed', () => {
    const known = testScenario({ tickMs: 60_000 })
    const asked = (params: object) => {
      const controller = hpa.create(
        known,
        hpa.params.parse({ metric: 'external-rps', ...params }),
        seededRandom(1),
      )
      const scraped = { ...unseen({ ready: 4 }), measuredAtMs: START_MS, loadRps: 1280 }
      return controller.decide(START_MS, [scraped])[0]
    }
    expect(asked({})).toBe(40)
    expect(asked({ syncSeconds: 60 })).toBe(8)
    // with spec.behavior: four pods or as many again every 15 s
    expect(asked({ behavior: {} })).toBe(40)
    const four = { scaleUp: { policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] } }
    expect(asked({ behavior: four })).toBe(8)
  })

  it('keeps the largest wish of 300 s before it takes anything away', () => {
    const controller = hpaOf({})
    const at = (tick: number, utilization: number) =>
      controller.decide(START_MS + tick * TICK_MS, [seen(tick, { ready: 8 }, { utilization })])[0]
    at(0, 0.8)
    // the window is closed at its old end: 20 ticks are 300 s
    for (let tick = 1; tick <= 20; tick++) expect(at(tick, 0.4)).toBe(8)
    expect(at(21, 0.4)).toBe(4)
  })
})

describe('parameters', () => {
  it.each([
    [{ target: 0 }, /target/],
    [{ metric: 'memory' }, /metric/],
    [{ tolerance: 2 }, /tolerance/],
    [
      { behavior: { scaleDown: { stabilizationWindowSeconds: 4000 } } },
      /stabilizationWindowSeconds/,
    ],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => hpa.params.parse(bad)).toThrow(field)
  })
})
