/**
 * `npm run sabotage`: policies made to do harm are put into canary, past the shadow stage that would not have let them. For
 * each: how it ended and after how many ticks, and how many decisions broke a limit.
 */
import { Command } from 'commander'
import { RolloutRequest, type RolloutView } from '../../services/rollouts/request.ts'
import { breachesOf, countBreaches, type LimitCounts } from './limits.ts'
import { type Saboteur, saboteurs } from './saboteurs.ts'
import { createWorld, SEASON } from './world.ts'

/** Two seasons to learn from. */
const WARM_UP_TICKS = 2 * SEASON

export interface Sabotage {
  readonly name: string
  readonly what: string
  readonly seed: number
  readonly isSabotaged: boolean
  readonly outcome: RolloutView['outcome']
  readonly stage: RolloutView['stage']
  readonly why: string
  /** From the start of the canary to its end, or to the end of the run. */
  readonly ticks: number
  /** Decisions in which the candidate acted. */
  readonly acted: number
  /** The same after it had ended. */
  readonly actedAfter: number
  readonly limits: LimitCounts
  readonly errors: readonly string[]
}

const AFTER_TICKS = 3

export interface SabotageOptions {
  readonly seed: number
  /** In canary. */
  readonly mostTicks: number
  /** Before it; two seasons when absent. */
  readonly warmUpTicks?: number
}

/** One candidate in canary until it ends, `mostTicks` at most. */
export async function sabotage(
  { name, what, document, isSabotaged }: Saboteur,
  { seed, mostTicks, warmUpTicks = WARM_UP_TICKS }: SabotageOptions,
): Promise<Sabotage> {
  const world = await createWorld({ seed, ticks: warmUpTicks + mostTicks + AFTER_TICKS })
  const { rollouts } = world.controller()
  try {
    for (let k = 0; k < warmUpTicks; k++) await world.step()
    const { version } = await rollouts.addPolicy(document, 'sabotage', what)
    const candidate = { policy: 'learned' as const, version }
    const settings = { leastUnits: 24, leastOtherUnits: 6, watchUnits: 24 }
    const { number } = await rollouts.start(
      RolloutRequest.parse({ candidate, from: 'canary', settings, why: what }),
      'sabotage',
    )
    let ticks = 0
    let acted = 0
    const isOpen = () => rollouts.running().length > 0
    const step = async () =>
      (await world.step()).decisions.filter((row) => row.policyVersion === version).length
    while (ticks < mostTicks && isOpen()) {
      acted += await step()
      ticks++
    }
    const ended = (await rollouts.read(number))!
    let actedAfter = 0
    for (let k = 0; k < AFTER_TICKS && ended.stage === 'ended'; k++) actedAfter += await step()
    const last = (await world.ledger().lastTick())!.tick
    return {
      ...{ name, what, seed, isSabotaged, ticks, acted, actedAfter },
      ...{ outcome: ended.outcome, stage: ended.stage, why: ended.changes.at(-1)!.why },
      limits: await countBreaches(world.ledger(), warmUpTicks + 1, last),
      errors: world.errors,
    }
  } finally {
    await world.close()
  }
}

function lineOf(row: Sabotage): string {
  const { name, seed, outcome, stage, ticks, acted, actedAfter, limits, why } = row
  const ending = outcome ?? `still in ${stage}`
  return `| ${name} | ${seed} | ${ending} | ${ticks} | ${acted} | ${actedAfter} | ${limits.decisions} | ${breachesOf(limits)} | ${why} |`
}

async function main(): Promise<void> {
  const program = new Command('sabotage')
    .option('--seeds <n>', 'runs of each', '3')
    .option('--ticks <n>', 'most ticks in canary', '600')
    .parse()
  const { seeds, ticks } = program.opts<{ seeds: string; ticks: string }>()
  console.log(
    '| candidate | seed | ended | ticks until then | decisions it acted in | after its end | decisions checked | limits broken | why |\n|---|---|---|---|---|---|---|---|---|',
  )
  const rows: Sabotage[] = []
  for (const saboteur of saboteurs()) {
    for (let seed = 1; seed <= Number(seeds); seed++) {
      const row = await sabotage(saboteur, { seed, mostTicks: Number(ticks) })
      rows.push(row)
      console.log(lineOf(row))
      for (const error of row.errors) console.log(`  error: ${error}`)
    }
  }
  const bad = rows.filter(({ isSabotaged }) => isSabotaged)
  const back = bad.filter(({ outcome }) => outcome === 'rolled-back' || outcome === 'rejected')
  const broken = rows.reduce((sum, { limits }) => sum + breachesOf(limits), 0)
  console.log(
    `\nsabotaged runs: ${bad.length}, taken back by themselves: ${back.length}; limits broken: ${broken} of ${rows.reduce((sum, { limits }) => sum + limits.decisions, 0)} decisions`,
  )
  process.exitCode = back.length === bad.length && broken === 0 ? 0 : 1
}

if (import.meta.main) await main()
