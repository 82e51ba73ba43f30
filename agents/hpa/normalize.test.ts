/**
 * From wish to count: vectors V13–V16 of our contract with Kubernetes; upstream horizontal_test.go
 * TestScalingWithRules, TestNormalizeDesiredReplicas(WithBehavior), TestConvertDesiredReplicasWithRules,
 * TestStoreScaleEvents and the two TestCalculateScale…Limit… (inputs and expected counts). Properties are in normalize.property.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { Behavior } from '../service-spec.ts'
import {
  emptyMemory,
  type HpaMemory,
  normalize,
  normalizeWithBehaviors,
  recordScaleEvent,
  scaleDownLimit,
  scaleUpLimit,
} from './normalize.ts'

const NOW_MS = 10_000_000
const MINUTE_MS = 60_000

const behavior = (scaleUp: object = {}, scaleDown: object = {}) =>
  Behavior.parse({ scaleUp, scaleDown })
const pods = (value: number, periodSeconds: number) => ({ type: 'Pods', value, periodSeconds })
const percent = (value: number, periodSeconds: number) => ({
  type: 'Percent',
  value,
  periodSeconds,
})
const rules = (...policies: object[]) => ({ policies, stabilizationWindowSeconds: 0 })
/** Changes in the middle of equal segments of the last `seconds`. */
const spread = (seconds: number, ...changes: number[]) =>
  changes.map((change, i) => ({
    change,
    atMs: NOW_MS - (seconds - (seconds / changes.length) * (i + 0.5)) * 1000,
  }))
const ago = (minutes: number, replicas: number) => ({
  atMs: NOW_MS - minutes * MINUTE_MS,
  replicas,
})

interface Case {
  readonly current: number
  readonly desired: number
  readonly min?: number
  readonly max?: number
  readonly up?: object
  readonly down?: object
  readonly ups?: HpaMemory['scaleUps']
  readonly downs?: HpaMemory['scaleDowns']
  readonly recommendations?: HpaMemory['recommendations']
}
const step = ({ current, desired, min = 1, max = 1000, ...rest }: Case) =>
  normalizeWithBehaviors({
    current,
    desired,
    minReplicas: min,
    maxReplicas: max,
    behavior: behavior(rest.up, { stabilizationWindowSeconds: 0, ...rest.down }),
    memory: {
      recommendations: rest.recommendations ?? [],
      scaleUps: rest.ups ?? [],
      scaleDowns: rest.downs ?? [],
    },
    nowMs: NOW_MS,
  })

describe('rate limits of spec.behavior', () => {
  const events = spread(120, 1, 5, 9)
  const cautious = { ...rules(percent(10, 60), pods(5, 60)), selectPolicy: 'Min' }
  it.each<[string, Case, number, string]>([
    ['V13: four pods from one', { current: 1, desired: 20 }, 5, 'rate-limit'],
    ['V14: double from ten', { current: 10, desired: 100 }, 20, 'rate-limit'],
    [
      'V15: the smaller of 10 % and 5 pods',
      { current: 80, desired: 10, down: cautious },
      75,
      'rate-limit',
    ],
    [
      'V16: nothing more within the period',
      { current: 75, desired: 10, down: cautious, downs: [{ atMs: NOW_MS - 30_000, change: 5 }] },
      75,
      'rate-limit',
    ],
    ['wish within range', { current: 5, desired: 7, min: 3, max: 8 }, 7, 'none'],
    ['wish under minReplicas', { current: 3, desired: 1, min: 2, max: 8 }, 2, 'min-replicas'],
    [
      'zero is in range when minReplicas is 0',
      { current: 1, desired: 0, min: 0, max: 10 },
      0,
      'none',
    ],
    ['more than maxReplicas there', { current: 20, desired: 1000, max: 10 }, 10, 'max-replicas'],
    [
      'maxReplicas under the limit',
      { current: 100, desired: 1000, min: 100, max: 150 },
      150,
      'max-replicas',
    ],
    [
      'one percent of three, rounded up',
      { current: 3, desired: 1000, max: 2000, up: rules(percent(1, 60)) },
      4,
      'rate-limit',
    ],
    [
      '20 pods down',
      { current: 1000, desired: 3, min: 3, max: 2000, down: rules(pods(20, 60)) },
      980,
      'rate-limit',
    ],
    ['default behavior up', { current: 10, desired: 50 }, 20, 'rate-limit'],
    [
      'pods over percent',
      { current: 10, desired: 500, up: rules(pods(100, 60), percent(100, 60)) },
      110,
      'rate-limit',
    ],
    [
      'percent over pods',
      { current: 10, desired: 500, up: rules(pods(2, 60), percent(100, 60)) },
      20,
      'rate-limit',
    ],
    ['a large pod policy', { current: 10, desired: 50, up: rules(pods(100, 60)) }, 50, 'none'],
    [
      'a pod policy limits',
      { current: 10, desired: 50, up: rules(pods(30, 60)) },
      40,
      'rate-limit',
    ],
    [
      'a percent policy limits',
      { current: 10, desired: 50, up: rules(percent(200, 60)) },
      30,
      'rate-limit',
    ],
    [
      'down, pods over percent',
      { current: 100, desired: 2, down: rules(pods(20, 60), percent(1, 60)) },
      80,
      'rate-limit',
    ],
    [
      'down, 2 pods over 1 %',
      { current: 100, desired: 2, down: rules(pods(2, 60), percent(1, 60)) },
      98,
      'rate-limit',
    ],
    [
      'down to minReplicas',
      { current: 10, desired: 0, down: rules(pods(100, 60)) },
      1,
      'min-replicas',
    ],
    [
      'down by 100 %',
      { current: 10, desired: 2, min: 5, down: rules(percent(100, 60)) },
      5,
      'min-replicas',
    ],
    ['down by 5 pods', { current: 10, desired: 2, down: rules(pods(5, 60)) }, 5, 'rate-limit'],
    ['down by half', { current: 10, desired: 5, down: rules(percent(50, 60)) }, 5, 'none'],
    [
      'events, max first',
      { current: 100, desired: 500, max: 200, ups: events, up: rules(pods(300, 60)) },
      200,
      'max-replicas',
    ],
    [
      'events, percent, max first',
      { current: 100, desired: 500, max: 200, ups: events, up: rules(percent(10000, 60)) },
      200,
      'max-replicas',
    ],
    [
      'many recent increases: no further one',
      { current: 100, desired: 500, ups: events, up: rules(pods(5, 120)) },
      100,
      'rate-limit',
    ],
    [
      '100 − 15 + 150',
      { current: 100, desired: 500, ups: events, up: rules(pods(150, 120)) },
      235,
      'rate-limit',
    ],
    [
      '(100 − 15) + 200 %',
      { current: 100, desired: 500, ups: events, up: rules(percent(200, 120)) },
      255,
      'rate-limit',
    ],
    [
      'increases and decreases both count: (6 − 4 + 2) · 4',
      {
        current: 6,
        desired: 24,
        ups: spread(120, 4),
        downs: spread(120, 2),
        up: rules(percent(300, 300)),
      },
      16,
      'rate-limit',
    ],
    ['down, default policy', { current: 10, desired: 5, downs: events }, 5, 'none'],
    [
      'down, events, large policy',
      { current: 100, desired: 0, downs: events, down: rules(pods(115, 120)) },
      1,
      'min-replicas',
    ],
    [
      'down, events, min 5',
      { current: 100, desired: 0, min: 5, downs: events, down: rules(pods(130, 120)) },
      5,
      'min-replicas',
    ],
    [
      'down, events, 100 %',
      { current: 100, desired: 2, min: 5, downs: events, down: rules(percent(100, 120)) },
      5,
      'min-replicas',
    ],
    [
      '100 + 15 − 5 is no decrease',
      { current: 100, desired: 2, downs: events, down: rules(pods(5, 120)) },
      100,
      'rate-limit',
    ],
    [
      '(100 + 12) − 50 %',
      { current: 100, desired: 0, downs: spread(120, 2, 4, 6), down: rules(percent(50, 120)) },
      56,
      'rate-limit',
    ],
    [
      '(10 − 2 + 4) − 50 %',
      {
        current: 10,
        desired: 1,
        ups: spread(120, 2),
        downs: spread(120, 4),
        down: rules(percent(50, 180)),
      },
      6,
      'rate-limit',
    ],
    [
      '(100 + 30) − 10 % is above what is there',
      { current: 100, desired: 0, downs: spread(120, 10, 10, 10), down: rules(percent(10, 120)) },
      100,
      'rate-limit',
    ],
    [
      'more than 100 % allows all',
      { current: 10, desired: 5, downs: spread(120, 10, 10, 10), down: rules(percent(1000, 120)) },
      5,
      'none',
    ],
    [
      'periods differ',
      {
        current: 100,
        desired: 200,
        ups: spread(120, 8, 12, 9, 11),
        up: rules(pods(1000, 30), percent(100, 60)),
      },
      200,
      'none',
    ],
    ['Disabled', { current: 5, desired: 9, up: { selectPolicy: 'Disabled' } }, 5, 'rate-limit'],
    [
      'Disabled down',
      { current: 5, desired: 1, down: { selectPolicy: 'Disabled' } },
      5,
      'rate-limit',
    ],
    ['fewer than minReplicas there', { current: 1, desired: 1, min: 3 }, 3, 'min-replicas'],
  ])('%s', (_name, input, replicas, limitedBy) => {
    expect(step(input)).toMatchObject({ replicas, limitedBy })
  })

  it('an event exactly as old as the period no longer counts', () => {
    const at = (agoMs: number) =>
      step({
        current: 10,
        desired: 50,
        up: rules(pods(5, 60)),
        ups: [{ atMs: NOW_MS - agoMs, change: 5 }],
      })
    expect(at(59_999).replicas).toBe(10)
    expect(at(60_000).replicas).toBe(15)
  })

  it('limits are those of the least change under Min', () => {
    const least = { ...rules(pods(2, 60), percent(50, 60)), selectPolicy: 'Min' }
    expect(scaleUpLimit(1, emptyMemory, behavior(least), NOW_MS)).toBe(2)
    expect(scaleDownLimit(5, emptyMemory, behavior({}, least), NOW_MS)).toBe(3)
  })
})

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
