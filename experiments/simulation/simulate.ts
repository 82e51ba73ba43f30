/**
 * One run: a seed's world, its faults, a while of quiet after them, and the verdict. The same seed and the same faults give
 * the same events, which their hash says.
 */

import { chanceOf } from './chance.ts'
import { closeBooks } from './check-books.ts'
import type { Guarantee, Violation } from './checker.ts'
import { drawFaults, type Fault, type FaultChoice, schedule } from './faults.ts'
import { restoreSettings } from './inject.ts'
import { type KnobChoice, knobsOf } from './knobs.ts'
import type { Mutant } from './mutants.ts'
import { createWorld, START_MS, type World } from './world.ts'

export interface RunChoice extends KnobChoice, FaultChoice {
  readonly seed: number
  /** Instead of those of the seed: indices into its list. */
  readonly keep?: readonly number[] | undefined
  /** What each drawn fault is made into. */
  readonly bend?: ((fault: Fault) => Fault) | undefined
  /** Some faults never end, though what works is enough; else all end. */
  readonly isLiveness?: boolean | undefined
  readonly mutant?: Mutant | undefined
}

export interface Verdict {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly faults: readonly Fault[]
  readonly hash: string
  readonly serviceTicks: number
  readonly ticks: number
  readonly events: number
  /** Requests for the lease, and how often somebody came to lead. */
  readonly leaseRequests: number
  readonly leaders: number
  readonly days: number
  /** Errors that controllers logged, by message. */
  readonly errors: readonly string[]
  readonly log: readonly string[]
}

/** Ticks after the last fault by which all must be as it should be. */
export const RECOVERY_TICKS = 12

export async function simulate(choice: RunChoice): Promise<Verdict> {
  const knobs = knobsOf(choice.seed, choice)
  const { bend = (fault: Fault) => fault } = choice
  const all = drawFaults(knobs, choice).map(bend)
  const faults = choice.keep ? choice.keep.map((i) => all[i]!) : all
  const world = createWorld(knobs, choice.mutant)
  const isOver = () => {
    seeLeaders(world)
    return world.checker.violations().length > 0
  }
  const run = (untilMs: number) => world.scheduler.run(untilMs, isOver)
  for (const node of world.nodes) world.start(node)
  const permanent = choice.isLiveness ? drawPermanent(choice.seed, faults) : new Set<Fault>()
  const endFaults = schedule(world, faults, permanent)
  await run(START_MS + knobs.lengthMs)
  endFaults()
  await recover(world, run)
  if (!isOver()) closeBooks(world)
  for (const node of world.nodes) world.kill(node)
  return {
    ...{ seed: choice.seed, faults, hash: world.hash(), log: world.log() },
    violations: world.checker.violations(),
    serviceTicks: world.checker.serviceTicks(),
    ticks: world.checker.ticks(),
    events: world.scheduler.events(),
    leaseRequests: world.leases.ops.length,
    leaders: world.leases.leaders(),
    days: (world.scheduler.nowMs() - START_MS) / 86_400_000,
    errors: world.nodes.flatMap(({ errors }) => errors),
  }
}

/** After every event; who is down or stands still claims nothing. */
function seeLeaders({ nodes, leases }: World): void {
  if (nodes.length < 2) return
  const claims = nodes.flatMap(({ machine, controller }) => {
    if (!machine.run() || !controller?.leadership) return []
    const { leads, token } = controller.leadership()
    return leads && token !== null ? [{ who: machine.name, token }] : []
  })
  leases.claimed(claims)
}

/** Faults of one service or of one controller among several: the rest is a working core. */
function drawPermanent(seed: number, faults: readonly Fault[]): Set<Fault> {
  const chance = chanceOf(seed, 'permanent')
  const last = faults.filter(({ kind }) => MAY_LAST.has(kind)).slice(-3)
  return new Set(last.filter(() => chance.maybe(0.7)))
}
const MAY_LAST: ReadonlySet<Fault['kind']> = new Set(['refused', 'never-ready', 'quota', 'lie'])

async function recover(world: World, run: (untilMs: number) => Promise<void>): Promise<void> {
  const { scheduler, knobs, nodes, checker } = world
  const { tickMs } = knobs.config
  for (const node of nodes) if (!node.machine.run()) world.start(node)
  // who was frozen or slow at the end has a tick to notice, and an operator another to take back what was set
  await run(scheduler.nowMs() + tickMs)
  for (let tried = 0; tried < 5 && checker.violations().length === 0; tried++) {
    let isDone = false
    void restoreSettings(world).then(
      () => {
        isDone = true
      },
      () => {},
    )
    await run(scheduler.nowMs() + tickMs)
    if (isDone) break
  }
  const since = { ticks: checker.ticks(), ms: scheduler.nowMs() }
  await run(scheduler.nowMs() + RECOVERY_TICKS * tickMs)
  if (checker.violations().length > 0) return
  const ticks = checker.ticks() - since.ticks
  const waited = periodsWaited(world, since.ms)
  if (ticks + waited < RECOVERY_TICKS - 2)
    checker.broken(
      'recovery',
      `${ticks} ticks in ${RECOVERY_TICKS} periods after the last fault, of which ${waited} went by while pods left`,
    )
}

/**
 * Ticks that fell out because the one before, to keep the budget, had to wait until what it let go was gone: a wait shorter than
 * a period is none. What else a tick does takes less than one time-out where all servers answer.
 */
function periodsWaited({ scheduler, knobs, checker }: World, sinceMs: number): number {
  const { config, timeoutMs } = knobs
  let periods = 0
  for (const { fromMs, toMs } of checker.told.waits) {
    const waitedMs = Math.min(toMs, scheduler.nowMs()) - Math.max(fromMs, sinceMs)
    if (waitedMs > 0) periods += Math.floor((waitedMs + timeoutMs) / config.tickMs)
  }
  return periods
}

export const brokenBy = (verdict: Verdict): Guarantee | undefined =>
  verdict.violations[0]?.guarantee
