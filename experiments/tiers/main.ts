/**
 * node experiments/tiers/main.ts [--seeds N] [--json]
 *
 * Cost and violations of services on each tier of a catalogue, and on whichever the right-sizing rule puts them, begun on the
 * catalogue's middle. Differences to each fixed tier by load, with 95 % intervals over loads and seeds. Synthetic loads (tiers.yaml).
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import { TierCatalogue } from '../../coordinator/meta/tiers.ts'
import { seededRandom } from '../../datasets/random.ts'
import { rateAt, WorkloadName } from '../../datasets/workload.ts'
import { bootstrapInterval } from '../bootstrap.ts'
import { runTiers, type TierFigures, type TierWorld } from './run.ts'

const Config = z.strictObject({
  tiers: TierCatalogue,
  capacityPerReplica: z.number().positive(),
  objective: z.number().gt(0).lt(1),
  workloads: z.array(WorkloadName),
  peaks: z.array(z.number().positive()),
  historyDays: z.int().min(14),
  days: z.int().min(1),
  tickMinutes: z.int().min(1).max(60),
})
const { values: given } = parseArgs({
  options: { seeds: { type: 'string', default: '2' }, json: { type: 'boolean', default: false } },
})
const seeds = Number(given.seeds)
if (!Number.isInteger(seeds) || seeds < 1) {
  process.stderr.write(`--seeds: "${given.seeds}" is not allowed; allowed: a whole number from 1\n`)
  process.exit(2)
}
const config = Config.parse(parse(readFileSync(new URL('tiers.yaml', import.meta.url), 'utf8')))
const { tiers, workloads, peaks, historyDays, days, tickMinutes } = config
const names = Object.keys(tiers)
const middle = names[names.length >> 1]!

function worldOf(workload: WorkloadName, peak: number, seed: number): TierWorld {
  const ticksADay = (24 * 60) / tickMinutes
  const name = `${workload} ${peak}`
  const load = Float64Array.from({ length: (historyDays + days) * ticksADay }, (_, tick) => {
    const [day, fraction] = [Math.floor(tick / ticksADay), (tick % ticksADay) / ticksADay]
    return peak * rateAt(workload, name, fraction, day, seed)
  })
  const { capacityPerReplica, objective } = config
  return {
    name,
    seed,
    catalogue: tiers,
    capacityPerReplica,
    objective,
    tickMinutes,
    historyDays,
    load,
  }
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
interface Row {
  readonly load: string
  readonly seed: number
  readonly arm: string
  readonly costPerHour: number
  readonly violationShare: number
  readonly changes: number
  readonly tier: string
}
const rowOf = (world: TierWorld, arm: string, run: TierFigures): Row => ({
  ...{ load: world.name, seed: world.seed, arm, changes: run.changes, tier: run.tier },
  costPerHour: sum(run.cost) / (24 * days),
  violationShare: sum(run.violations) / sum(run.requests),
})

const rows: Row[] = []
for (let seed = 1; seed <= seeds; seed++)
  for (const workload of workloads)
    for (const peak of peaks) {
      const world = worldOf(workload, peak, seed)
      for (const name of names) rows.push(rowOf(world, name, runTiers(world, name, true)))
      rows.push(rowOf(world, 'right-sized', runTiers(world, middle, false)))
    }
if (given.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
else report()

function report(): void {
  const of = (arm: string) => rows.filter((row) => row.arm === arm)
  const own = of('right-sized')
  const interval = (figures: readonly number[]): string => {
    const mean = (some: readonly number[]) => sum(some) / some.length
    const { low, high } = bootstrapInterval(figures, mean, seededRandom('tiers-interval'))
    return `${mean(figures).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
  }
  console.table(
    [...names, 'right-sized'].map((arm) => ({
      arm,
      '$/h, mean': (sum(of(arm).map((row) => row.costPerHour)) / own.length).toFixed(3),
      'outside SLO, mean': `${((100 * sum(of(arm).map((row) => row.violationShare))) / own.length).toFixed(3)} %`,
      'cost ÷ right-sized, by load': interval(
        of(arm).map((row, i) => row.costPerHour / own[i]!.costPerHour),
      ),
      'outside SLO − right-sized, points': interval(
        of(arm).map((row, i) => 100 * (row.violationShare - own[i]!.violationShare)),
      ),
    })),
  )
  const cheapest = own.map((row) =>
    Math.min(
      ...names.map(
        (arm) => of(arm).find((x) => x.load === row.load && x.seed === row.seed)!.costPerHour,
      ),
    ),
  )
  console.table({
    'cost ÷ the cheapest fixed tier of each load, known afterwards': interval(
      own.map((row, i) => row.costPerHour / cheapest[i]!),
    ),
    'changes in all, a service': interval(own.map(({ changes }) => changes)),
  })
}
