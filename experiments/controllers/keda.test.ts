/** Cases of the executor's and the fallback's source: kedacore/keda @8b4f083 pkg/scaling/executor, pkg/fallback. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { createExecutor, createTrigger, keda } from './keda.ts'
import { drive, START_MS, testScenario, unseen } from './test-service.ts'

const defaults = keda.params.parse({})
const SECOND = 1000

describe('the executor', () => {
  it('wakes a service with the first request above the activation value', () => {
    const executor = createExecutor({ ...defaults, activationQueueLength: 5 }, 0)
    expect(executor(0, 0, 5)).toBe(0)
    expect(executor(0, 0, 6)).toBe(1)
  })

  it('wakes it with its least number of replicas', () => {
    expect(createExecutor({ ...defaults, idleReplicas: 0 }, 3)(0, 0, 1)).toBe(3)
  })

  it('puts it to sleep once the cooldown since it was last active has passed', () => {
    const executor = createExecutor(defaults, 0)
    expect(executor(0, 4, 1)).toBe(4)
    // strictly older than the cooldown: LastActiveTime.Add(cooldown).Before(now)
    expect(executor(300 * SECOND, 4, 0)).toBe(4)
    expect(executor(301 * SECOND, 4, 0)).toBe(0)
  })

  it('puts it to sleep at once when it was never active', () => {
    expect(createExecutor(defaults, 0)(0, 4, 0)).toBe(0)
  })

  it('leaves one that must have replicas to the HPA, but gives it its least', () => {
    const executor = createExecutor(defaults, 2)
    expect(executor(0, 4, 0)).toBe(4)
    expect(executor(0, 1, 0)).toBe(2)
  })

  it('goes to the idle replicas instead of the least ones', () => {
    const executor = createExecutor({ ...defaults, idleReplicas: 1, cooldownSeconds: 0 }, 3)
    expect(executor(0, 5, 9)).toBe(5)
    expect(executor(1, 5, 0)).toBe(1)
    expect(executor(2, 1, 0)).toBe(1)
    expect(executor(3, 1, 2)).toBe(3)
  })

  it('touches nothing while the trigger is in error', () => {
    const fallback = { failureThreshold: 3, replicas: 6, behavior: 'static' } as const
    expect(createExecutor(defaults, 0)(0, 4, Number.NaN)).toBe(4)
    expect(createExecutor({ ...defaults, fallback }, 0)(0, 4, Number.NaN)).toBe(4)
  })
})

describe('the fallback', () => {
  const itemsAfter = (failures: number, fallback: object | null, requested = 4) => {
    const trigger = createTrigger(keda.params.parse({ fallback }), 5000)
    for (let i = 1; i < failures; i++) trigger.metric(unseen({ requested }))
    const metric = trigger.metric(unseen({ requested }))
    return metric.type === 'External' ? metric.items : undefined
  }

  it('speaks for its replicas once more errors came in a row than the threshold', () => {
    expect(itemsAfter(3, { replicas: 6 })).toEqual([])
    expect(itemsAfter(4, { replicas: 6 })).toEqual([6 * 5000])
  })

  it('may keep what is there', () => {
    const higher = { failureThreshold: 0, replicas: 6, behavior: 'currentReplicasIfHigher' }
    expect(itemsAfter(1, higher, 9)).toEqual([9 * 5000])
    expect(itemsAfter(1, higher, 2)).toEqual([6 * 5000])
    expect(itemsAfter(1, { ...higher, behavior: 'currentReplicasIfLower' }, 9)).toEqual([6 * 5000])
    expect(itemsAfter(1, { ...higher, behavior: 'currentReplicas' }, 9)).toEqual([9 * 5000])
  })

  it('is not there unless it was asked for', () => {
    expect(itemsAfter(100, null)).toEqual([])
  })
})

describe('the controller', () => {
  it('gives ⌈queue / queueLength⌉ replicas, waiting requests and those in service alike', () => {
    const known = testScenario()
    const controller = keda.create(known, defaults, seededRandom(1))
    const scraped = { ...unseen({ ready: 4 }), measuredAtMs: START_MS, queued: 20, inService: 15 }
    expect(controller.decide(START_MS, [scraped])[0]).toBe(7)
  })

  it('sleeps through a night without requests and wakes with the first one', () => {
    const known = testScenario({ spec: { minReplicas: 0 } })
    const params = keda.params.parse({ queueLength: 0.7, per: 'place' })
    const controller = keda.create(known, params, seededRandom(1))
    const loadAt = (tick: number) => (tick < 40 || tick >= 120 ? 100 : 0)
    const counts = drive(known, controller, { ticks: 160, initial: 3, loadAt })
    expect(Math.min(...counts.slice(0, 40))).toBeGreaterThanOrEqual(3)
    // 300 s of cooldown are 20 ticks; polled every second tick
    expect(counts.slice(66, 120)).toEqual(new Array(54).fill(0))
    expect(counts.at(-1)).toBeGreaterThanOrEqual(3)
  })
})

describe('parameters', () => {
  it.each([
    [{ queueLength: 0 }, /queueLength/],
    [{ fallback: { replicas: -1 } }, /replicas/],
    [{ fallback: { replicas: 1, behavior: 'dynamic' } }, /behavior/],
    [{ cooldownSeconds: -1 }, /cooldownSeconds/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => keda.params.parse(bad)).toThrow(field)
  })
})
