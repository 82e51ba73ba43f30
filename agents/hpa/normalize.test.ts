/**
 * From wish to count: vectors V13–V16 of our contract with Kubernetes; upstream horizontal_test.go
 * TestNormalizeDesiredReplicas(WithBehavior), TestStoreScaleEvents (inputs and expected counts). Rate limits are in
 * rate-limits.test.ts, properties in normalize.property.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { emptyMemory, type HpaMemory, normalize, recordScaleEvent } from './normalize.ts'
import { ago, behavior, type Case, NOW_MS, percent, pods, rules, step } from './test-normalize.ts'

describe('stabilization of spec.behavior', () => {
  const open = { up: rules(percent(10_000, 60)), down: {} }
  const windows = (upSeconds: number, downSeconds: number) => ({
    up: { ...open.up, stabilizationWindowSeconds: upSeconds },
    down: { stabilizationWindowSeconds: downSeconds },
  })
  it.each<[string, Case, number, number[]]>([
    ['nothing remembered', { current: 100, desired: 5, ...windows(0, 0) }, 5, [5]],
    [
      'down: the highest of the window',
      {
        current: 100,
        desired: 3,
        recommendations: [ago(2, 4), ago(1, 5)],
        ...windows(0, 180),
      },
      5,
      [4, 5, 3],
    ],
    [
      'up: the lowest of the window',
      { current: 1, desired: 7, recommendations: [ago(2, 4), ago(1, 5)], ...windows(300, 0) },
      4,
      [4, 5, 7],
    ],
    [
      'down is not held by lower ones',
      {
        current: 100,
        desired: 3,
        recommendations: [ago(2, 1), ago(1, 2)],
        ...windows(300, 0),
      },
      3,
      [1, 2, 3],
    ],
    [
      'up is not held by higher ones',
      { current: 1, desired: 3, recommendations: [ago(2, 4), ago(1, 5)], ...windows(0, 300) },
      3,
      [4, 5, 3],
    ],
    [
      'what is older than both windows is forgotten',
      {
        current: 100,
        desired: 3,
        recommendations: [ago(10, 10), ago(9, 9)],
        ...windows(0, 0),
      },
      3,
      [3],
    ],
    [
      'order does not matter',
      {
        current: 100,
        desired: 3,
        recommendations: [ago(10, 10), ago(1, 4), ago(2, 5), ago(9, 9)],
        ...windows(0, 180),
      },
      5,
      [4, 5, 3],
    ],
    [
      'up over several',
      {
        current: 1,
        desired: 100,
        recommendations: [ago(100, 10), ago(1, 6), ago(2, 5), ago(3, 9)],
        ...windows(300, 0),
      },
      5,
      [6, 5, 9, 100],
    ],
    [
      'both windows: no increase when the wish falls',
      {
        current: 2,
        desired: 1,
        recommendations: [ago(100, 2), ago(3, 3)],
        ...windows(300, 300),
      },
      2,
      [3, 1],
    ],
    [
      'both windows: no decrease when the wish rises',
      {
        current: 2,
        desired: 3,
        recommendations: [ago(100, 2), ago(3, 1)],
        ...windows(300, 300),
      },
      2,
      [1, 3],
    ],
  ])('%s', (_name, input, replicas, remembered) => {
    const result = step(input)
    expect(result.replicas).toBe(replicas)
    expect(result.memory.recommendations.map((r) => r.replicas)).toEqual(remembered)
  })

  it('remembers the wish, not what became of it, and says what held it', () => {
    const result = step({
      current: 8,
      desired: 2,
      recommendations: [ago(1, 6)],
      ...windows(0, 300),
    })
    expect(result).toMatchObject({ replicas: 6, limitedBy: 'stabilization' })
    expect(result.memory.recommendations.at(-1)).toEqual({ atMs: NOW_MS, replicas: 2 })
  })

  it('a recommendation exactly as old as the window no longer holds', () => {
    const recommendations = [{ atMs: NOW_MS - 60_000, replicas: 9 }]
    expect(step({ current: 10, desired: 2, recommendations, ...windows(0, 60) }).replicas).toBe(2)
    expect(step({ current: 10, desired: 2, recommendations, ...windows(0, 61) }).replicas).toBe(9)
  })

  it('an empty memory holds what is there, so that a restart does not scale down', () => {
    expect(step({ current: 10, desired: 2, ...windows(0, 300) })).toMatchObject({
      replicas: 10,
      limitedBy: 'stabilization',
    })
  })

  it('a repeated wish is remembered once, with the newer time', () => {
    const recommendations = [ago(2, 7), ago(1, 3)]
    const { memory } = step({ current: 7, desired: 3, recommendations, ...windows(0, 300) })
    expect(memory.recommendations).toEqual([ago(2, 7), { atMs: NOW_MS, replicas: 3 }])
  })
})

describe('without spec.behavior', () => {
  const plain = (
    current: number,
    desired: number,
    min = 1,
    max = 1000,
    past: HpaMemory['recommendations'] = [],
  ) =>
    normalize({
      current,
      desired,
      minReplicas: min,
      maxReplicas: max,
      memory: { ...emptyMemory, recommendations: past.length > 0 ? past : [ago(100, 0)] },
      nowMs: NOW_MS,
    })

  it.each([
    ['within range', 5, 7, 3, 8, 7, 'none'],
    ['under minReplicas', 3, 1, 2, 8, 2, 'min-replicas'],
    ['zero', 1, 0, 0, 10, 0, 'none'],
    ['over maxReplicas', 20, 1000, 1, 10, 10, 'max-replicas'],
    ['at most double', 3, 1000, 1, 2000, 6, 'rate-limit'],
    ['or four', 1, 1000, 1, 2000, 4, 'rate-limit'],
  ])('%s', (_name, current, desired, min, max, replicas, limitedBy) => {
    expect(plain(current, desired, min, max)).toMatchObject({ replicas, limitedBy })
  })

  it.each([
    ['holds the highest of five minutes', [ago(2, 4), ago(1, 5)], 5],
    ['is not held by lower ones', [ago(2, 1), ago(1, 2)], 3],
    ['is not held by old ones', [ago(10, 10), ago(9, 9)], 3],
    ['is held by the newer of a mixed past', [ago(10, 10), ago(1, 4), ago(2, 5), ago(9, 9)], 5],
    ['is still held by one exactly five minutes old', [ago(5, 6)], 6],
  ])('%s', (_name, past, replicas) => {
    expect(plain(10, 3, 1, 1000, past).replicas).toBe(replicas)
  })
})

describe('memory of changes', () => {
  const twoPolicies = behavior(rules(pods(10, 60), percent(100, 30)), rules(pods(10, 60)))
  it('keeps what is younger than the longest period, and both directions apart', () => {
    const old = [7, 9].map((change) => ({ atMs: NOW_MS - 61_000, change }))
    const young = [8, 6].map((change, i) => ({ atMs: NOW_MS - (29 + 30 * i) * 1000, change }))
    const memory: HpaMemory = { ...emptyMemory, scaleUps: [...old, ...young], scaleDowns: old }
    const added = recordScaleEvent(memory, 10, 15, NOW_MS, twoPolicies)
    expect(added.scaleUps).toEqual([...young, { atMs: NOW_MS, change: 5 }])
    expect(added.scaleDowns).toEqual([])
    const removed = recordScaleEvent(memory, 10, 5, NOW_MS, twoPolicies)
    expect(removed.scaleDowns).toEqual([{ atMs: NOW_MS, change: 5 }])
    expect(removed.scaleUps).toEqual(young)
  })

  it('is the same object when nothing changed', () => {
    expect(recordScaleEvent(emptyMemory, 4, 4, NOW_MS, twoPolicies)).toBe(emptyMemory)
  })
})
