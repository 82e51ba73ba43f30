/**
 * The rollouts of the running controller: who acts for each service in a tick, what came of it, and their way from stage to
 * stage. Written first, then acted on: after a restart each goes on from its stage and its units.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { Settings } from '../loops/settings.ts'
import { type ActorBook, createActorBook } from './actors.ts'
import { type Course, createCourse, type DecidedService } from './course.ts'
import { findingsNow, findingsView, type Move } from './moves.ts'
import { shippedPolicy } from './policy-file.ts'
import { policyRow } from './policy-version.ts'
import type { RolloutView } from './request.ts'
import { AUTOMATIC, type NewRollout, type Rollout } from './rollout.ts'
import { createStrategies, type Strategies } from './strategies.ts'

const MOST_OPEN = 1000
/** Ended ones that are remembered. */
const MOST_ENDED = 20

export interface RolloutsDeps {
  readonly ledger: Ledger
  readonly settings: Settings
  /** Whose learned policies are taken up. */
  readonly services: readonly ServiceId[]
  readonly tickMs: () => number
  readonly violationRatioOf: (service: ServiceId) => number
  readonly nowMs: () => number
  readonly emit: (rollout: RolloutView) => void
  readonly onError: (error: unknown, what: string) => void
}

export interface Rollouts {
  readonly strategies: Strategies
  /** Takes up those of the last run, and the learned policies in force. */
  open(): Promise<void>
  /** Has who is to act in tick `tick` act in it; before it is decided. */
  plan(tick: number): void
  /** What the tick came to. */
  follow(result: TickResult): Promise<void>
  running(): readonly Rollout[]
  /** The newest that have ended, newest first. */
  ended(): readonly Rollout[]
  view(rollout: Rollout): RolloutView
  begin(rollout: NewRollout): Promise<Rollout>
  /** To another stage, or to its end with what that means for its services. */
  move(rollout: Rollout, move: Move, by: string): Promise<Rollout>
  lastTick(): number
}

export function createRollouts(deps: RolloutsDeps): Rollouts {
  const { ledger, settings, nowMs } = deps
  const actors = createActorBook(ledger)
  const strategies = createStrategies(settings, actors)
  const courses = new Map<number, Course>()
  let lastTick = 0
  const ended = createEnded()

  async function take(rollout: Rollout): Promise<void> {
    for (const version of versionsIn(rollout)) await actors.load(version)
    courses.set(rollout.number, await courseOf(ledger, rollout, actors))
  }

  async function move(rollout: Rollout, to: Move, by: string): Promise<Rollout> {
    const atMs = nowMs()
    const moved = movedTo(rollout, to, { by, atMs, tick: lastTick })
    const { services, candidate, before } = rollout
    if (moved.outcome === 'promoted')
      await strategies.put(
        services.map((service) => [service, candidate]),
        by,
        atMs,
      )
    if (moved.outcome === 'rolled-back' && rollout.outcome === 'promoted')
      await strategies.put(Object.entries(before), by, atMs)
    await ledger.saveRollout(moved)
    courses.delete(moved.number)
    if (moved.stage === 'ended') ended.remember(moved)
    else await take(moved)
    deps.emit(view(moved))
    return moved
  }

  async function followOne(course: Course, result: TickResult): Promise<void> {
    const { rollout } = course
    const { tick } = result.decided.input
    const { closed, move: next } = course.follow(tick, decidedOf(result, deps), deps.tickMs())
    await ledger.saveUnits(rollout.number, rollout.stage, closed)
    if (next) await move(rollout, next, AUTOMATIC)
    else if (closed.length > 0) deps.emit(view(rollout))
  }

  function view(rollout: Rollout): RolloutView {
    const units = courses.get(rollout.number)?.units ?? []
    const findings = units.length > 0 ? findingsNow(rollout, units) : undefined
    const waiting = rollout.stage === 'ended' ? null : waitingFor(rollout, settings)
    return { ...rollout, findings: findings ? findingsView(findings) : null, waiting }
  }

  return {
    strategies,
    async open() {
      await actors.load(await registerShipped(ledger, nowMs()))
      const { items } = await ledger.rollouts({ open: true, limit: MOST_OPEN })
      for (const rollout of items) await take(rollout)
      await ended.recall(ledger)
      for (const service of deps.services) {
        const { version } = strategies.inForce(service)
        if (version !== null) await actors.load(version)
      }
      lastTick = (await ledger.lastTick())?.tick ?? 0
    },
    plan(tick) {
      strategies.plan(new Map([...courses.values()].flatMap((course) => [...course.plan(tick)])))
    },
    async follow(result) {
      lastTick = result.decided.input.tick
      for (const course of [...courses.values()]) {
        try {
          await followOne(course, result)
        } catch (error) {
          deps.onError(error, `rollout ${course.rollout.number} could not be followed`)
        }
      }
    },
    running: () =>
      [...courses.values()].map(({ rollout }) => rollout).sort((a, b) => b.number - a.number),
    ended: ended.newest,
    view,
    move,
    async begin(rollout) {
      const begun = await ledger.addRollout(rollout)
      await take(begun)
      deps.emit(view(begun))
      return begun
    },
    lastTick: () => lastTick,
  }
}

/** The newest that have ended, newest first. */
function createEnded() {
  let known: readonly Rollout[] = []
  return {
    newest: () => known,
    remember(rollout: Rollout): void {
      const others = known.filter(({ number }) => number !== rollout.number)
      known = [rollout, ...others].slice(0, MOST_ENDED)
    },
    async recall(ledger: Ledger): Promise<void> {
      const { items } = await ledger.rollouts({ limit: MOST_ENDED })
      known = items.filter(({ stage }) => stage === 'ended')
    },
  }
}

/** Into the registry, so that what it decided can be decided again when another one ships. Answers its version. */
async function registerShipped(ledger: Ledger, addedAtMs: number): Promise<string> {
  const document = shippedPolicy()
  const why = 'comes with this version of Forescale'
  const row = policyRow(document, { source: 'shipped', addedAtMs, addedBy: AUTOMATIC, why })
  return (await ledger.savePolicy(row, document)).version
}

function versionsIn({ candidate, champion, before }: Rollout): string[] {
  return [candidate, ...(champion ? [champion] : []), ...Object.values(before)].flatMap(
    ({ version }) => (version === null ? [] : [version]),
  )
}

async function courseOf(ledger: Ledger, rollout: Rollout, actors: ActorBook): Promise<Course> {
  const { number, stage } = rollout
  const [units, canaryUnits] = await Promise.all([
    ledger.units(number, stage),
    stage === 'full' ? ledger.units(number, 'canary') : [],
  ])
  return createCourse({ rollout, units, canaryUnits, actorOf: actors.get })
}

function movedTo(
  rollout: Rollout,
  { stage, outcome, why, findings }: Move,
  { by, atMs, tick }: { readonly by: string; readonly atMs: number; readonly tick: number },
): Rollout {
  return {
    ...{ ...rollout, stage, outcome, stageFromTick: tick },
    endedAtMs: stage === 'ended' ? atMs : null,
    changes: [...rollout.changes, { stage, tick, atMs, by, why, findings }],
  }
}

function decidedOf(
  { decided }: TickResult,
  { violationRatioOf }: RolloutsDeps,
): Map<ServiceId, DecidedService> {
  const { input, output } = decided
  return new Map(
    input.services.map((service, i) => {
      const name = service.observation.service
      const violationRatio = violationRatioOf(name)
      return [name, { input: service, grant: output.grants[i]!, violationRatio }]
    }),
  )
}

function waitingFor({ services, stage, settings: given }: Rollout, settings: Settings) {
  const idle = services.filter((service) => settings.modeOf(service) !== 'enforce')
  if (idle.length === services.length)
    return 'no service is in mode enforce: nothing that is decided acts, so nothing is found'
  if (stage === 'shadow' && given.explorationShare === 0)
    return 'explorationShare is 0: nothing is varied, so nothing is found'
  return null
}
