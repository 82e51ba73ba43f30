/**
 * Rate limits on the way from wish to count: vectors of our contract with Kubernetes; upstream horizontal_test.go
 * TestScalingWithRules, TestConvertDesiredReplicasWithRules and the two TestCalculateScale…Limit… (inputs and expected
 * counts). Stabilization and what stands without spec.behavior: normalize.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { emptyMemory, scaleDownLimit, scaleUpLimit } from './normalize.ts'
import {
  behavior,
  type Case,
  NOW_MS,
  percent,
  pods,
  rules,
  spread,
  step,
} from './test-normalize.ts'

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

  it('a percentage lets the first replica start, and from there grows as upstream', () => {
    for (const selectPolicy of ['Max', 'Min']) {
      const up = { ...rules(percent(50, 120), percent(10, 60)), selectPolicy }
      expect(scaleUpLimit(0, emptyMemory, behavior(up), NOW_MS)).toBe(1)
    }
    const one = { ...emptyMemory, scaleUps: [{ atMs: NOW_MS - 1000, change: 1 }] }
    expect(scaleUpLimit(1, one, behavior(rules(percent(300, 60))), NOW_MS)).toBe(1)
    expect(scaleUpLimit(0, emptyMemory, behavior({ selectPolicy: 'Disabled' }), NOW_MS)).toBe(0)
  })

  it('limits are those of the least change under Min', () => {
    const least = { ...rules(pods(2, 60), percent(50, 60)), selectPolicy: 'Min' }
    expect(scaleUpLimit(1, emptyMemory, behavior(least), NOW_MS)).toBe(2)
    expect(scaleDownLimit(5, emptyMemory, behavior({}, least), NOW_MS)).toBe(3)
  })
})
