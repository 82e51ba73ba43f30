/**
 * A crash at every point of a tick: as each call is sent, when it has been carried out, when its answer arrives; of the
 * controller alone, or with a power cut at the ledger. After each the controller is started again, and the books are
 * compared.
 */
import { closeBooks } from './check-books.ts'
import { knobsOf } from './knobs.ts'
import { createWorld, START_MS, type World } from './world.ts'

export interface CrashReport {
  readonly cases: number
  /** Points that there were in the ticks. */
  readonly points: number
  readonly violations: readonly string[]
}

type Crash = 'process' | 'process and power'
const CRASHES: readonly Crash[] = ['process', 'process and power']

/** The tick that is broken off comes after so many, and so many come after it. */
const TICKS_BEFORE = 6
const TICKS_AFTER = 5
/** Shorter and longer than what a decision is carried out for after it was made. */
const DOWN_TICKS = [0.01, 3]

export async function crashPoints(seeds: readonly number[]): Promise<CrashReport> {
  const violations: string[] = []
  let [cases, points] = [0, 0]
  for (const seed of seeds) {
    const found = await pointsOf(seed)
    points += found
    for (let point = 0; point < found; point++) {
      for (const crash of CRASHES) {
        const downTicks = DOWN_TICKS[(point + seed) % DOWN_TICKS.length]!
        cases++
        const broken = await crashAt(seed, point, crash, downTicks)
        if (broken) violations.push(`seed ${seed}, point ${point}, ${crash}: ${broken}`)
      }
    }
  }
  return { cases, points, violations }
}

function worldOf(seed: number): World {
  const knobs = knobsOf(seed, { tickMs: 60_000 })
  const world = createWorld(knobs)
  for (const node of world.nodes) world.start(node)
  return world
}

const never = (): boolean => false
const endOf = (world: World, ticks: number) => START_MS + ticks * world.knobs.config.tickMs

async function pointsOf(seed: number): Promise<number> {
  const world = worldOf(seed)
  await world.scheduler.run(endOf(world, TICKS_BEFORE), never)
  let points = 0
  world.onStage = () => {
    points++
  }
  await world.scheduler.run(endOf(world, TICKS_BEFORE + 1), never)
  return points
}

/** What was broken; undefined: nothing. */
async function crashAt(
  seed: number,
  point: number,
  crash: Crash,
  downTicks: number,
): Promise<string | undefined> {
  const world = worldOf(seed)
  const { scheduler, checker, knobs } = world
  const isOver = () => checker.violations().length > 0
  const node = world.nodes[0]!
  await scheduler.run(endOf(world, TICKS_BEFORE), isOver)
  let seen = 0
  world.onStage = () => {
    if (seen++ !== point) return
    world.kill(node)
    if (crash === 'process and power') world.powerCut()
    scheduler.at(scheduler.nowMs() + downTicks * knobs.config.tickMs, () => {
      world.ledgerServer.isUp = true
      world.start(node)
    })
  }
  await scheduler.run(endOf(world, TICKS_BEFORE + TICKS_AFTER + Math.ceil(downTicks)), isOver)
  if (!isOver()) closeBooks(world)
  world.kill(node)
  const [violation] = checker.violations()
  return violation && `${violation.guarantee}: ${violation.what}`
}
