/** Properties of normalizeWithBehaviors over random histories: bounds, rate limits, direction, and lean memory. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Behavior } from '../service-spec.ts'
import {
  emptyMemory,
  type HpaMemory,
  type Normalized,
  normalizeWithBehaviors,
  recordScaleEvent,
  scaleDownLimit,
  scaleUpLimit,
} from './normalize.ts'

const START_MS = 10_000_000

const policy = fc.record({
  type: fc.constantFrom('Pods', 'Percent'),
  value: fc.integer({ min: 1, max: 150 }),
  periodSeconds: fc.integer({ min: 1, max: 60 }),
})
const side = fc.record({
  stabilizationWindowSeconds: fc.integer({ min: 0, max: 60 }),
  selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
  policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
})
const history = fc.record({
  behavior: fc.record({ scaleUp: side, scaleDown: side }).map((sides) => Behavior.parse(sides)),
  minReplicas: fc.integer({ min: 0, max: 20 }),
  spread: fc.integer({ min: 1, max: 40 }),
  start: fc.integer({ min: 0, max: 70 }),
  /** Wanted replicas, and seconds since the wish before. */
  wishes: fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 30 })), {
    maxLength: 40,
  }),
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

interface Step {
  readonly current: number
  readonly desired: number
  readonly memory: HpaMemory
  readonly nowMs: number
  readonly result: Normalized
}

function* stepsOf({ behavior, minReplicas, spread, start, wishes }: History): Generator<Step> {
  let memory = emptyMemory
  let current = start
  let nowMs = START_MS
  for (const [desired, seconds] of wishes) {
    nowMs += seconds * 1000
    const input = {
      current,
      desired,
      minReplicas,
      maxReplicas: minReplicas + spread,
      memory,
      nowMs,
    }
    const result = normalizeWithBehaviors({ ...input, behavior })
    yield { current, desired, memory, nowMs, result }
    memory = recordScaleEvent(result.memory, current, result.replicas, nowMs, behavior)
    current = result.replicas
  }
}

function holds(check: (history: History, steps: Iterable<Step>) => void): void {
  fc.assert(
    fc.property(history, (h) => check(h, stepsOf(h))),
    { numRuns: 300 },
  )
}

function within(replicas: number, minReplicas: number, spread: number): boolean {
  return replicas >= minReplicas && replicas <= minReplicas + spread
}

describe('over random histories', () => {
  it('stays within the bounds', () => {
    holds(({ minReplicas, spread }, steps) => {
      for (const { result } of steps) {
        expect(result.replicas).toBeGreaterThanOrEqual(minReplicas)
        expect(result.replicas).toBeLessThanOrEqual(minReplicas + spread)
      }
    })
  })

  it('stays within the rate limits and never moves against the wish, once inside the bounds', () => {
    holds(({ behavior, minReplicas, spread }, steps) => {
      for (const { current, desired, memory, nowMs, result } of steps) {
        if (!within(current, minReplicas, spread)) continue
        const most = scaleUpLimit(current, memory, behavior, nowMs)
        const least = scaleDownLimit(current, memory, behavior, nowMs)
        expect(result.replicas).toBeLessThanOrEqual(desired > current ? most : current)
        expect(result.replicas).toBeGreaterThanOrEqual(desired < current ? least : current)
      }
    })
  })

  it('says "none" exactly when the wish was met', () => {
    holds(({ minReplicas, spread }, steps) => {
      for (const { current, desired, result } of steps) {
        if (!within(current, minReplicas, spread)) continue
        expect(result.limitedBy === 'none').toBe(result.replicas === desired)
      }
    })
  })

  it('forgetting and merging change nothing: the same as with the whole past kept', () => {
    holds(({ behavior, minReplicas, spread }, steps) => {
      let whole: HpaMemory = emptyMemory
      for (const { current, desired, nowMs, result } of steps) {
        const input = { current, desired, minReplicas, maxReplicas: minReplicas + spread, nowMs }
        const withAll = normalizeWithBehaviors({ ...input, behavior, memory: whole })
        expect(withAll.replicas).toBe(result.replicas)
        whole = extended(whole, current, desired, nowMs, withAll)
      }
    })
  })

  it('remembers nothing older than the longest window but the newest wish', () => {
    holds(({ behavior }, steps) => {
      const { scaleUp, scaleDown } = behavior
      const windowSeconds = Math.max(
        scaleUp.stabilizationWindowSeconds,
        scaleDown.stabilizationWindowSeconds,
      )
      for (const { nowMs, result } of steps) {
        for (const { atMs } of result.memory.recommendations.slice(0, -1)) {
          expect(atMs).toBeGreaterThan(nowMs - windowSeconds * 1000)
        }
      }
    })
  })
})

/** A memory that never forgets; outside the bounds nothing is recommended. */
function extended(
  memory: HpaMemory,
  current: number,
  desired: number,
  atMs: number,
  { replicas, memory: after }: Normalized,
): HpaMemory {
  const wished = after !== memory
  const seed = wished && memory.recommendations.length === 0 ? [{ atMs, replicas: current }] : []
  const wish = wished ? [...seed, { atMs, replicas: desired }] : []
  const change = { atMs, change: Math.abs(replicas - current) }
  return {
    recommendations: [...memory.recommendations, ...wish],
    scaleUps: replicas > current ? [...memory.scaleUps, change] : memory.scaleUps,
    scaleDowns: replicas < current ? [...memory.scaleDowns, change] : memory.scaleDowns,
  }
}
