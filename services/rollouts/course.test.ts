/** One stage as it runs, tick by tick, without a controller: arms, units, exploring, and what follows. */
import { describe, expect, it } from 'vitest'
import { learnedActor } from '../../agents/policies/learned/act.ts'
import { policyVersion } from '../../agents/policies/learned/document.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { exploringOf } from '../../coordinator/rollout/exploring.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { type Course, createCourse, type DecidedService } from './course.ts'
import { type Rollout, RolloutSettings } from './rollout.ts'
import { constantPolicy } from './test-policies.ts'

const TICK_MS = 60_000
const document = constantPolicy(1.1)
const version = policyVersion(document)
const actor = learnedActor(document)
const SERVICES = ['a', 'b', 'c', 'd']
const predictive = { policy: 'predictive', version: null } as const

function rolloutOf(over: Partial<Rollout> = {}): Rollout {
  return {
    ...{ number: 1, kind: 'rollout', services: SERVICES, champion: null, outcome: null },
    candidate: { policy: 'learned', version },
    before: Object.fromEntries(SERVICES.map((name) => [name, predictive])),
    settings: RolloutSettings.parse({ leastUnits: 20, leastOtherUnits: 4, watchUnits: 12 }),
    ...{ blockTicks: 8, stage: 'canary', stageFromTick: 10, startedAtMs: 0, endedAtMs: null },
    changes: [{ stage: 'canary', tick: 10, atMs: 0, by: 'ann', why: '', findings: null }],
    ...over,
  }
}

const courseOf = (rollout: Rollout, said = actor): Course =>
  createCourse({
    ...{ rollout, units: [], canaryUnits: [] },
    actorOf: (name) => (name === version ? said : undefined),
  })

interface World {
  readonly violationRatio?: (isCandidate: boolean) => number
  readonly replicas?: (isCandidate: boolean) => number
  readonly mode?: 'recommend' | 'enforce'
}

const spec = ServiceSpec.parse({ maxReplicas: 20 })

function seen(service: string, isCandidate: boolean, world: World): DecidedService {
  const count = world.replicas?.(isCandidate) ?? 5
  return {
    violationRatio: world.violationRatio?.(isCandidate) ?? 0.001,
    grant: {
      ...{ proposal: undefined, floorReplicas: 4, from: count, to: count },
      ...{ expectedLoss: 0, boundBy: 'none' },
    },
    input: {
      ...{ spec, mode: world.mode ?? 'enforce', memory: undefined },
      observation: {
        ...{ service, nowMs: 0, loadRps: 40, freshness: 'fresh', leadTimeMs: 2 * TICK_MS },
        replicas: { requested: count, ready: count, starting: 0, terminating: 0 },
        ...{ capacityPerReplica: 10, saturationPerReplica: 12, drifting: false },
        demand: new Float64Array(LEVELS.length).fill(40),
      },
    },
  }
}

/** Runs until something follows, `ticks` at most; which arms acted and what was closed. */
function run(course: Course, world: World, ticks: number) {
  let candidateTicks = 0
  for (let tick = 11; tick < 11 + ticks; tick++) {
    const acting = course.plan(tick)
    const rows = SERVICES.map((name) => {
      const isCandidate = acting.get(name)?.actor?.version === version
      if (isCandidate) candidateTicks++
      return [name, seen(name, isCandidate, world)] as const
    })
    const { move } = course.follow(tick, new Map(rows), TICK_MS)
    if (move) return { move, tick, candidateTicks }
  }
  return { move: undefined, tick: 10 + ticks, candidateTicks }
}

describe('a canary', () => {
  it('lets the candidate act for its share of services and blocks, a whole block each', () => {
    const course = courseOf(rolloutOf())
    const { candidateTicks } = run(course, {}, 100 * 8)
    expect(candidateTicks % 8).toBe(0)
    expect(candidateTicks / (100 * 8 * SERVICES.length)).toBeCloseTo(0.2, 1)
    expect(course.units.length).toBe(100 * SERVICES.length)
  })

  it('moves to full when the candidate is cheaper and violates no more', () => {
    const { move } = run(courseOf(rolloutOf()), { replicas: (is) => (is ? 4 : 6) }, 800)
    expect(move).toMatchObject({ stage: 'full', outcome: null })
    expect(move!.why).toContain('the candidate loses less')
    expect(move!.findings!.loss.high).toBeLessThan(0)
  })

  it('goes back when it is dearer, and when it saves by violating', () => {
    const dear = run(courseOf(rolloutOf()), { replicas: (is) => (is ? 9 : 5) }, 800)
    expect(dear.move).toMatchObject({ stage: 'ended', outcome: 'rolled-back' })
    const world = {
      replicas: (is: boolean) => (is ? 2 : 9),
      violationRatio: (is: boolean) => (is ? 0.03 : 0.001),
    }
    const { move } = run(courseOf(rolloutOf()), world, 800)
    expect(move).toMatchObject({ stage: 'ended', outcome: 'rolled-back' })
    expect(move!.why).toMatch(/burns too much|loses more/)
  })

  it('goes back within a block when the error budget burns, and at once on what is no number', () => {
    const burning = run(courseOf(rolloutOf()), { violationRatio: (is) => (is ? 0.4 : 0) }, 800)
    expect(burning.move!.why).toContain('14.4 times as fast')
    expect(burning.candidateTicks).toBeLessThanOrEqual(3 * 8)
    const broken = courseOf(rolloutOf(), { ...actor, stretch: () => Number.NaN })
    expect(run(broken, {}, 8)).toMatchObject({ tick: 11, move: { outcome: 'rolled-back' } })
  })

  it('is no judge of a comparison: it ends, whatever was found', () => {
    const rollout = rolloutOf({ kind: 'comparison', champion: predictive })
    expect(run(courseOf(rollout), { replicas: (is) => (is ? 4 : 6) }, 800).move).toMatchObject({
      stage: 'ended',
      outcome: 'compared',
    })
  })

  it('learns nothing where decisions do not act', () => {
    const course = courseOf(rolloutOf())
    expect(run(course, { mode: 'recommend' }, 80).move).toBeUndefined()
    expect(course.units).toEqual([])
  })

  it('taken up in the middle of a block leaves that one out', () => {
    const rollout = rolloutOf()
    const course = courseOf(rollout)
    for (let tick = 14; tick < 11 + 16; tick++) {
      course.plan(tick)
      course.follow(tick, new Map(SERVICES.map((name) => [name, seen(name, false, {})])), TICK_MS)
    }
    expect(course.units.map(({ block }) => block)).toEqual([1, 1, 1, 1])
  })
})

describe('a shadow stage', () => {
  const rollout = rolloutOf({ stage: 'shadow' })

  it('never has the candidate act, and stretches a little for its share of the time', () => {
    const course = courseOf(rollout)
    const factors = new Set<number>()
    let exploring = 0
    for (let tick = 11; tick < 11 + 800; tick += 8) {
      for (const { actor: acting } of course.plan(tick).values()) {
        expect(acting!.version).not.toBe(version)
        factors.add(exploringOf(acting!.version)!.factor)
        exploring++
      }
    }
    expect([...factors].sort()).toEqual([Math.exp(-0.15), Math.exp(0.15)])
    expect(exploring / (100 * SERVICES.length)).toBeCloseTo(0.3, 1)
  })

  it('evaluates the candidate as rounded to the arms', () => {
    const course = courseOf(rollout)
    run(course, {}, 8)
    const [unit] = course.units
    // ln 1.1 is 0.0953 of 0.15
    expect(unit!.candidate[2]).toBeCloseTo(Math.log(1.1) / 0.15, 6)
    expect(unit!.candidate[1]).toBeCloseTo(1 - Math.log(1.1) / 0.15, 6)
    expect(unit!.champion).toEqual([0, 1, 0])
  })

  it('finds nothing and goes nowhere where nothing is explored', () => {
    const settings = { ...rollout.settings, explorationShare: 0 }
    const { move } = run(courseOf({ ...rollout, settings }), {}, 400)
    expect(move).toBeUndefined()
  })
})

describe('a full stage', () => {
  it('has the candidate act everywhere, and ends promoted when it was watched long enough', () => {
    const { move, candidateTicks } = run(courseOf(rolloutOf({ stage: 'full' })), {}, 100)
    expect(move).toMatchObject({ stage: 'ended', outcome: 'promoted' })
    expect(candidateTicks).toBe(3 * 8 * SERVICES.length)
  })

  it('goes back when it burns more than the model has the champion burn', () => {
    const world = { violationRatio: (_: boolean) => 0.06 }
    const { move } = run(courseOf(rolloutOf({ stage: 'full' })), world, 100)
    expect(move).toMatchObject({ stage: 'ended', outcome: 'rolled-back' })
  })
})
