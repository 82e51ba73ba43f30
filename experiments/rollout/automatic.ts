/**
 * `npm run rollouts:automatic`: rollouts that nobody asked for. What acts is set poorly on purpose (the forecast taken for
 * less than it is); then a policy comes into the registry that is better, just as good, or worse. For each: how it ended, how
 * long that took, and how many decisions broke a limit.
 */
import { Command } from 'commander'
import type { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { RolloutRequest } from '../../services/rollouts/request.ts'
import { estimate } from '../learning/peers/interval.ts'
import { breachesOf, countBreaches } from './limits.ts'
import { constantPolicy } from './policies.ts'
import { createWorld, SEASON, TICK_MS, type World } from './world.ts'

/** Two seasons to learn from. */
const WARM_UP_TICKS = 2 * SEASON
const POOR = 0.6
/** Below the reactive floor small steps change nothing: the shadow stage reaches as far as from poor to right. */
const REACH = 0.5

export interface Newcomer {
  readonly name: string
  readonly document: PolicyDocument
  readonly isBetter: boolean
}

export function newcomers(): Newcomer[] {
  const of = (name: string, stretch: number, isBetter: boolean): Newcomer => ({
    ...{ name, isBetter },
    document: constantPolicy(name, stretch, 'trend'),
  })
  return [
    of('better', 1, true),
    // another version that acts as what acts does
    of('equal', POOR, false),
    of('worse', 0.4, false),
  ]
}

export interface AutomaticRun {
  readonly name: string
  readonly seed: number
  readonly isBetter: boolean
  readonly promoted: boolean
  /** Stages that it came through, and how each ended. */
  readonly stages: readonly string[]
  /** From its coming into the registry to its promotion; undefined: it was not. */
  readonly ticksToPromotion: number | undefined
  readonly ticks: number
  /** Most rollouts that any service had at once. */
  readonly mostAtOnce: number
  /** Rollouts of it that were begun. */
  readonly begun: number
  readonly decisions: number
  readonly breaches: number
  /** The last sentence of its last rollout. */
  readonly why: string
  readonly errors: readonly string[]
}

export interface AutomaticOptions {
  readonly seed: number
  readonly mostTicks: number
}

export async function automaticRun(
  { name, document, isBetter }: Newcomer,
  { seed, mostTicks }: AutomaticOptions,
): Promise<AutomaticRun> {
  const settings = { explorationReach: REACH, mostUnits: 400, watchUnits: 60 }
  const world = await createWorld({
    ...{ seed, ticks: WARM_UP_TICKS + mostTicks + 20 },
    over: { rollouts: { automatic: true, everyMs: 10 * TICK_MS, settings } },
  })
  try {
    await actPoorly(world)
    for (let k = 0; k < WARM_UP_TICKS; k++) await world.step()
    const { rollouts } = world.controller()
    const first = (await world.ledger().lastTick())!.tick
    const { version } = await rollouts.addPolicy(document, 'experiment', name)
    let mostAtOnce = 0
    let ticks = 0
    const own = async () =>
      (await world.ledger().rollouts({ limit: 100 })).items.filter(
        ({ candidate }) => candidate.version === version,
      )
    const hasEnded = async () => (await own()).some(({ stage }) => stage === 'ended')
    while (ticks < mostTicks && !(await hasEnded())) {
      await world.step()
      ticks++
      mostAtOnce = Math.max(mostAtOnce, atOnce(world))
    }
    // long enough for another look: what has been tried is not tried again
    for (let k = 0; k < 12; k++) await world.step()
    const known = await own()
    const last = (await world.ledger().lastTick())!.tick
    const limits = await countBreaches(world.ledger(), first, last)
    const promoted = known.some(({ outcome }) => outcome === 'promoted')
    return {
      ...{ name, seed, isBetter, promoted, mostAtOnce, begun: known.length },
      stages: known.flatMap(({ changes, outcome }) => [
        ...changes.map(({ stage }) => (stage === 'ended' ? String(outcome) : stage)),
      ]),
      why: known[0]?.changes.at(-1)?.why ?? '',
      ticksToPromotion: promoted ? ticks : undefined,
      ...{ ticks, decisions: limits.decisions, breaches: breachesOf(limits), errors: world.errors },
    }
  } finally {
    await world.close()
  }
}

/** By hand, and at once: what a bad setting would do. */
async function actPoorly(world: World): Promise<void> {
  const { rollouts } = world.controller()
  const { version } = await rollouts.addPolicy(constantPolicy('poor', POOR), 'experiment', 'poor')
  const candidate = { policy: 'learned' as const, version }
  const { number } = await rollouts.start(
    RolloutRequest.parse({ candidate, from: 'full', why: 'a poor setting' }),
    'experiment',
  )
  await rollouts.advance(number, 'experiment', 'a poor setting')
}

function atOnce(world: World): number {
  const services = world
    .controller()
    .rollouts.running()
    .flatMap((one) => one.services)
  return Math.max(0, ...services.map((name) => services.filter((one) => one === name).length))
}

function lineOf(run: AutomaticRun): string {
  const { name, seed, stages, promoted, ticks, begun, mostAtOnce, decisions, breaches, why } = run
  const way = stages.join(' → ') || 'never begun'
  return `| ${name} | ${seed} | ${way} | ${promoted ? 'yes' : 'no'} | ${ticks} | ${begun} | ${mostAtOnce} | ${decisions} | ${breaches} | ${why} |`
}

async function main(): Promise<void> {
  const { seeds, ticks } = new Command('rollouts:automatic')
    .option('--seeds <n>', 'runs of each', '5')
    .option('--ticks <n>', 'most ticks after it came into the registry', '1500')
    .parse()
    .opts<{ seeds: string; ticks: string }>()
  console.log(
    '| newcomer | seed | its way | promoted | ticks until then | rollouts begun | most at once | decisions checked | limits broken | why |\n|---|---|---|---|---|---|---|---|---|---|',
  )
  const runs: AutomaticRun[] = []
  for (const newcomer of newcomers()) {
    for (let seed = 1; seed <= Number(seeds); seed++) {
      const run = await automaticRun(newcomer, { seed, mostTicks: Number(ticks) })
      runs.push(run)
      console.log(lineOf(run))
      for (const error of run.errors) console.log(`  error: ${error}`)
    }
  }
  const better = runs.filter((run) => run.isBetter)
  const others = runs.filter((run) => !run.isBetter)
  const times = better.flatMap(({ ticksToPromotion }) => ticksToPromotion ?? [])
  const count = (rows: readonly AutomaticRun[]) =>
    `${rows.filter(({ promoted }) => promoted).length} of ${rows.length}`
  console.log(`\nbetter ones promoted by themselves: ${count(better)}; others: ${count(others)}`)
  if (times.length > 1) {
    const { mean, half } = estimate(times)
    console.log(
      `ticks to promotion: ${mean.toFixed(0)} ± ${half.toFixed(0)} (95 %), ${(mean / SEASON).toFixed(1)} days of ${SEASON} ticks`,
    )
  }
  const broken = runs.reduce((sum, { breaches }) => sum + breaches, 0)
  console.log(
    `limits broken: ${broken} of ${runs.reduce((sum, { decisions }) => sum + decisions, 0)} decisions`,
  )
}

if (import.meta.main) await main()
