/**
 * Metrics of every pod: vectors V1–V8 of our contract with Kubernetes, and the cases of upstream
 * replica_calculator_test.go named in brackets (inputs and expected counts; its TestGroupPods as sentences).
 */
import { describe, expect, it } from 'vitest'
import {
  countReadyPods,
  groupPods,
  type Pod,
  podAverageReplicas,
  utilizationReplicas,
} from './pods.ts'

const NOW_MS = 10_000_000
const MINUTE_MS = 60_000
const tolerance = { toleranceUp: 0.1, toleranceDown: 0.1 }

const running: Pod = {
  phase: 'Running',
  deleting: false,
  startedAtMs: NOW_MS - 60 * MINUTE_MS,
  ready: { status: 'True', sinceMs: NOW_MS - 59 * MINUTE_MS },
  requestMilli: 1000,
  sample: undefined,
}
const using = (milli: number, over: Partial<Pod> = {}): Pod => ({
  ...running,
  sample: { milli, atMs: NOW_MS, windowMs: MINUTE_MS },
  ...over,
})
/** Has never been ready: condition unchanged since its start. */
const unready: Partial<Pod> = { ready: { status: 'False', sinceMs: running.startedAtMs ?? 0 } }
/** Started just now: a window of its CPU has not passed since it became ready. */
const hot: Partial<Pod> = { startedAtMs: NOW_MS, ready: { status: 'True', sinceMs: NOW_MS } }
const pending: Partial<Pod> = { phase: 'Pending', sample: undefined, ready: undefined }
const failed: Partial<Pod> = { phase: 'Failed', sample: undefined }
const deleted: Partial<Pod> = { deleting: true }
const levels = (...milli: number[]) => milli.map((m) => using(m))
const times = (count: number, pod: Pod) => Array.from({ length: count }, () => pod)
const missing = (count: number) => times(count, running)

describe('Utilization of requests', () => {
  const replicas = (pods: Pod[], targetUtilization: number, currentReplicas = pods.length) => {
    const input = { pods, targetUtilization, currentReplicas, resource: 'cpu', nowMs: NOW_MS }
    const proposal = utilizationReplicas({ ...input, ...tolerance })
    return proposal.kind === 'replicas' ? proposal.replicas : proposal.error
  }

  it.each([
    ['V1: 90 % of 80 %', times(3, using(900)), 80, 3, 4],
    ['V2: 87 % is inside the tolerance', times(3, using(870)), 80, 3, 3],
    ['V3: 88.9 % counts as 88 %, exactly on the tolerance', times(3, using(889)), 80, 3, 3],
    ['V4: 89 %', times(3, using(890)), 80, 3, 4],
    [
      'V5: missing pods as idle turn the direction',
      [...times(7, using(700)), ...missing(3)],
      50,
      10,
      10,
    ],
    [
      'V6: missing pods as full on the way down',
      [...times(7, using(200)), ...missing(3)],
      50,
      10,
      9,
    ],
    ['V7: the same, less used', [...times(7, using(100)), ...missing(3)], 50, 10, 8],
    [
      'V8: unready pods as idle on the way up',
      [...times(4, using(900)), ...times(2, using(0, unready))],
      50,
      6,
      8,
    ],
    ['[ScaleUp]', levels(300, 500, 700), 30, 3, 5],
    ['[ScaleUpUnreadyLessScale]', [using(300, unready), ...levels(500, 700)], 30, 3, 4],
    ['[ScaleUpHotCpuLessScale]', [using(300, hot), ...levels(500, 700)], 30, 3, 4],
    ['[ScaleUpUnreadyNoScale]', [using(400), using(500, unready), using(700, unready)], 30, 3, 3],
    ['[ScaleHotCpuNoScale]', [using(400), using(500, hot), using(700, hot)], 30, 3, 3],
    [
      '[ScaleUpIgnoresFailedPods]',
      [...levels(500, 700), ...times(2, { ...running, ...failed })],
      30,
      2,
      4,
    ],
    [
      '[ScaleUpIgnoresDeletionPods]',
      [...levels(500, 700), ...times(2, { ...running, ...deleted })],
      30,
      2,
      4,
    ],
    ['[ScaleDown]', levels(100, 300, 500, 250, 250), 50, 5, 3],
    [
      '[ScaleDownIncludeUnreadyPods]',
      [...levels(100, 300, 500), using(250, unready), using(250, unready)],
      50,
      5,
      2,
    ],
    [
      '[ScaleDownExcludeUnscheduledPods]',
      [using(100), ...times(4, { ...running, ...pending })],
      50,
      5,
      1,
    ],
    [
      '[ScaleDownIgnoreHotCpuPods]',
      [...levels(100, 300, 500), using(250, hot), using(250, hot)],
      50,
      5,
      2,
    ],
    [
      '[ScaleDownIgnoresFailedPods]',
      [...levels(100, 300, 500, 250, 250), ...times(2, { ...running, ...failed })],
      50,
      5,
      3,
    ],
    [
      '[Tolerance]',
      [using(1010, { requestMilli: 900 }), using(1030), using(1020, { requestMilli: 1100 })],
      100,
      3,
      3,
    ],
    ['[MissingMetrics]', [...levels(400, 95), ...missing(2)], 100, 4, 3],
    ['[MissingMetricsNoChangeEq]', [using(1000), ...missing(1)], 100, 2, 2],
    ['[MissingMetricsNoChangeGt]', [using(1900), ...missing(1)], 100, 2, 2],
    ['[MissingMetricsNoChangeLt]', [using(600), ...missing(1)], 100, 2, 2],
    ['[MissingMetricsUnreadyChange]', [using(100, unready), using(450), ...missing(1)], 50, 3, 3],
    ['[MissingMetricsHotCpuNoChange]', [using(100, hot), using(450), ...missing(1)], 50, 3, 3],
    ['[MissingMetricsUnreadyScaleUp]', [using(100, unready), using(2000), ...missing(1)], 50, 3, 4],
    [
      '[MissingMetricsUnreadyScaleDown]',
      [using(100, unready), ...levels(100, 100), ...missing(1)],
      50,
      4,
      3,
    ],
    ['[DuringRollingUpdateWithMaxSurge]', [...levels(100, 100), ...missing(1)], 50, 2, 2],
    // 15,000 of 30,000 milli = 50 %; target 56 %: 0.893, and 55 %: 0.909
    [
      '[ComputedToleranceAlgImplementation], outside',
      times(10, using(1500, { requestMilli: 3000 })),
      56,
      10,
      9,
    ],
    [
      '[ComputedToleranceAlgImplementation], inside',
      times(10, using(1500, { requestMilli: 3000 })),
      55,
      10,
      10,
    ],
    // target over 100 %: missing pods count as the target, (200 + 150·10) / 1100 = 154 % of 150 %
    [
      'missing pods count at the target when that is above 100 %',
      [using(200), ...missing(10)],
      150,
      11,
      11,
    ],
  ])('%s', (_name, pods, target, current, expected) => {
    expect(replicas(pods, target, current)).toBe(expected)
  })

  it('without any sample, pod or request cannot say, and that is never zero', () => {
    expect(replicas(missing(4), 100)).toMatch('no metrics') // [EmptyMetrics]
    expect(replicas([], 100, 3)).toMatch('no pods')
    expect(replicas([using(200, { requestMilli: undefined })], 100)).toMatch('missing request') // [EmptyCPURequest]
    expect(replicas([using(200, { requestMilli: 0 })], 100)).toMatch('zero')
  })
})

describe('mean of a metric over the pods', () => {
  const replicas = (
    pods: Pod[],
    targetMilli: number,
    resource = '',
    currentReplicas = pods.length,
  ) => {
    const input = { pods, targetMilli, currentReplicas, resource, nowMs: NOW_MS }
    const proposal = podAverageReplicas({ ...input, ...tolerance })
    return proposal.kind === 'replicas' ? proposal.replicas : proposal.error
  }

  it.each([
    ['[ScaleUpCM]', levels(20000, 10000, 30000), 15000, 4],
    ['[ScaleDownCM]', times(5, using(12000)), 20000, 3],
    ['[ToleranceCM]', levels(20000, 21000, 21000), 20000, 3],
    [
      '[ScaleUpCMUnreadyHotCpuNoLessScale]: readiness does not count',
      [using(50000), using(10000), using(30000, { ...hot, ...unready })],
      15000,
      6,
    ],
    [
      '[ScaleUpCMUnreadyHotCpuScaleWouldScaleDown]',
      [using(50000, hot), using(15000), using(30000, hot)],
      15000,
      7,
    ],
    [
      'missing pods count as exactly the target on the way down',
      [...levels(5000, 5000), ...missing(2)],
      10000,
      3,
    ],
    ['missing pods count as idle on the way up', [using(30000), ...missing(1)], 10000, 3],
    [
      'missing pods count as idle at exactly the target too',
      [using(10000), ...missing(1)],
      10000,
      1,
    ],
  ])('%s', (_name, pods, target, expected) => {
    expect(replicas(pods, target)).toBe(expected)
  })

  it('looks at readiness when the metric is CPU', () => {
    expect(replicas([using(2000), using(2000, unready)], 1000, 'cpu')).toBe(2)
    expect(replicas([using(2000), using(2000, unready)], 1000, 'memory')).toBe(4)
  })
})

describe('groups of pods', () => {
  const groupOf = (pod: Pod, resource = 'cpu') => {
    const groups = groupPods([pod], resource, { nowMs: NOW_MS })
    return (['ready', 'unready', 'missing', 'ignored'] as const).filter((k) => groups[k].length > 0)
  }
  const startedAgo = (ms: number) => ({ startedAtMs: NOW_MS - ms })
  const condition = (status: 'True' | 'False', agoMs: number) => ({
    ready: { status, sinceMs: NOW_MS - agoMs },
  })

  it.each([
    ['a pod that is being deleted is ignored', using(1, deleted), 'ignored'],
    ['a failed pod is ignored', using(1, { phase: 'Failed' }), 'ignored'],
    ['a pending pod is unready', using(1, { phase: 'Pending' }), 'unready'],
    ['a pod without a sample is missing', running, 'missing'],
    [
      'CPU of a pod without the condition Ready is not believed',
      using(1, { ready: undefined }),
      'unready',
    ],
    [
      'CPU of a pod without a start time is not believed',
      using(1, { startedAtMs: undefined }),
      'unready',
    ],
    [
      'a fresh sample in the first five minutes, a window after Ready, counts',
      using(1, { ...startedAgo(2 * MINUTE_MS), ...condition('True', MINUTE_MS) }),
      'ready',
    ],
    [
      'in the first five minutes a sample of less than a window since Ready does not',
      using(1, { ...startedAgo(2 * MINUTE_MS), ...condition('True', MINUTE_MS - 1) }),
      'unready',
    ],
    [
      'in the first five minutes an unready pod does not',
      using(1, { ...startedAgo(2 * MINUTE_MS), ...condition('False', MINUTE_MS) }),
      'unready',
    ],
    [
      'later a pod that was ready once counts, though it is not now',
      using(1, { ...startedAgo(10 * MINUTE_MS), ...condition('False', 9 * MINUTE_MS) }),
      'ready',
    ],
    [
      'later a pod that never was ready does not',
      using(1, { ...startedAgo(10 * MINUTE_MS), ...condition('False', 10 * MINUTE_MS - 29_000) }),
      'unready',
    ],
  ])('%s', (_name, pod, group) => {
    expect(groupOf(pod)).toEqual([group])
  })

  it('memory does not ask for readiness', () => {
    expect(groupOf(using(1, unready), 'memory')).toEqual(['ready'])
  })

  it('counts pods that run and are Ready', () => {
    expect(countReadyPods([running, using(1, unready), { ...running, phase: 'Succeeded' }])).toBe(1)
  })
})
