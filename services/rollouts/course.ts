/**
 * One open rollout in one stage as it runs, without I/O: which arm acts for each service in a tick, what a block of ticks
 * came to, and what follows from it. Plain functions of rollout, units and ticks: started again it goes on the same, but for
 * the block that was under way.
 */
import { drawArm } from '../../coordinator/rollout/assignment.ts'
import type { Unit } from '../../coordinator/rollout/findings.ts'
import { burnsTooFast, type GuardTick } from '../../coordinator/rollout/judge.ts'
import {
  type Following,
  follow,
  lostIn,
  nextBlock,
  predictedIn,
  startFollowing,
} from '../../coordinator/rollout/unit.ts'
import type { Grant } from '../../coordinator/tick.ts'
import type { ServiceInput } from '../../coordinator/tick-input.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { type Acting, type ActorOf, type Arms, armsOf } from './arms.ts'
import { type Move, moveAfter, moveAtOnce } from './moves.ts'
import type { Rollout } from './rollout.ts'

/** One service of a tick that was decided. */
export interface DecidedService {
  readonly input: ServiceInput
  readonly grant: Grant
  /** Share of the newest requests outside the SLO; NaN: not measured. */
  readonly violationRatio: number
}

export interface Followed {
  /** Units whose block has ended. */
  readonly closed: readonly Unit[]
  readonly move: Move | undefined
}

export interface Course {
  readonly rollout: Rollout
  /** Of this stage, in the order of their blocks. */
  readonly units: readonly Unit[]
  /** For tick `tick`; a service that is absent acts as it did before. */
  plan(tick: number): ReadonlyMap<ServiceId, Acting>
  /** What `tick` came to, once it is decided. */
  follow(tick: number, decided: ReadonlyMap<ServiceId, DecidedService>, tickMs: number): Followed
}

export interface CourseInput {
  readonly rollout: Rollout
  readonly units: readonly Unit[]
  /** Of the canary before a full stage: how far the model was off under the champion. */
  readonly canaryUnits: readonly Unit[]
  readonly actorOf: ActorOf
}

/** A service in its block. */
interface Place {
  block: number
  arm: number
  following: Following
  /** Chances with which the candidate would play each arm. */
  candidate: readonly number[]
  /** Not seen from its first tick on: no unit. */
  isPartial: boolean
}

/** Where a tick stands. */
interface Instant {
  readonly block: number
  /** Which tick of its block. */
  readonly k: number
  readonly tickMs: number
}

export function createCourse({ rollout, units, canaryUnits, actorOf }: CourseInput): Course {
  const arms = armsOf(rollout, actorOf)
  const places = new Map<ServiceId, Place>()
  const gathered = [...units]
  const guard: GuardTick[] = []
  let planned = new Map<ServiceId, number>()

  function placeIn(service: ServiceId, { block, k }: Instant, input: ServiceInput): Place {
    const before = places.get(service)
    if (before?.block === block) return before
    const place: Place = {
      block,
      arm: planned.get(service)!,
      following: before ? nextBlock(before.following) : startFollowing(arms.stretches.length),
      candidate: arms.candidateChances(service, input),
      isPartial: k !== 0,
    }
    places.set(service, place)
    return place
  }

  /** One tick of one service; its unit when its block ends. */
  function followOne(service: ServiceId, seen: DecidedService, instant: Instant): Unit[] {
    const { input } = seen
    const place = placeIn(service, instant, input)
    const { following } = place
    const leadTicks = Math.ceil(input.observation.leadTimeMs / instant.tickMs)
    const counts = instant.k > leadTicks
    place.following = follow(following, seenOf(seen, arms), leadTicks, counts)
    if (counts && arms.isCandidate(place.arm)) {
      guard.push(guardTickOf(following, place.following, input))
      if (guard.length > rollout.settings.guardTicks) guard.shift()
    }
    return instant.k === rollout.blockTicks - 1 ? unitOf(service, place, input, arms) : []
  }

  return {
    rollout,
    units: gathered,
    plan(tick) {
      const { block } = at(rollout, tick)
      const seed = `${rollout.number}:${rollout.stage}:${rollout.startedAtMs}`
      planned = new Map(
        rollout.services.map((service) => [
          service,
          drawArm({ seed, service, block }, arms.probabilities),
        ]),
      )
      const acting = [...planned].map(
        ([service, arm]) => [service, arms.acting(service, arm)] as const,
      )
      return new Map(acting.flatMap(([service, what]) => (what ? [[service, what] as const] : [])))
    },
    follow(tick, decided, tickMs) {
      const instant = { ...at(rollout, tick), tickMs }
      const closed: Unit[] = []
      for (const service of rollout.services) {
        const seen = decided.get(service)
        // what is not enforced does not act, so nothing is learned of it
        if (seen?.input.mode !== 'enforce' || !planned.has(service)) {
          places.delete(service)
          continue
        }
        if (arms.isFaulty(seen.input)) return { closed, move: moveAtOnce(rollout, 'fault') }
        closed.push(...followOne(service, seen, instant))
      }
      gathered.push(...closed)
      if (burnsTooFast(guard, rollout.settings))
        return { closed, move: moveAtOnce(rollout, 'burn') }
      if (closed.length === 0) return { closed, move: undefined }
      return { closed, move: moveAfter(rollout, gathered, canaryUnits) }
    },
  }
}

/** Block of a tick, and which of its ticks it is. */
function at({ stageFromTick, blockTicks }: Rollout, tick: number) {
  const since = tick - stageFromTick - 1
  return { block: Math.floor(since / blockTicks), k: since % blockTicks }
}

function seenOf({ input, grant, violationRatio }: DecidedService, { stretches }: Arms) {
  const { spec, observation } = input
  const reactiveNeed = grant.proposal?.reactiveNeed ?? observation.replicas.requested
  return { spec, observation, violationRatio, reactiveNeed, stretches }
}

/** Under the candidate: what one tick burned, and would have under the champion. */
function guardTickOf(before: Following, after: Following, { spec }: ServiceInput): GuardTick {
  const rise = (read: (following: Following) => number) => read(after) - read(before)
  return {
    allowedRps: rise(({ measured }) => measured.loadRps) * (1 - spec.slo.objective),
    violatingRps: rise(({ measured }) => measured.violatingRps),
    championViolatingRps: rise(({ measured }) => measured.predictedViolatingRps[0]!),
  }
}

function unitOf(service: ServiceId, place: Place, { spec }: ServiceInput, arms: Arms): Unit[] {
  const { block, arm, candidate, following, isPartial } = place
  const lost = isPartial ? undefined : lostIn(spec, following.measured)
  if (!lost) return []
  const { probabilities, champion } = arms
  const predicted = predictedIn(spec, following.measured)
  return [{ service, block, arm, probabilities, candidate, champion, ...lost, predicted }]
}
