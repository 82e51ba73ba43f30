/**
 * Policies side by side on the real shop: each arm is a whole demo of its own, all of them at the same time on the same
 * machine under the same seeded arrivals, so that a busy machine is busy for all. Prints a cost–violation pair an arm,
 * and the paired difference to `predictive` with a 95 % interval (block bootstrap over time).
 *
 *   npm run compare -- --scenario recurring-peak|spike --days 2 --targets 0.6
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { seededRandom } from '../datasets/random.ts'
import type { AppConfig } from '../services/config.ts'
import { loadConfigFile } from '../services/config-file.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { type Arm, startArm } from './live/arm.ts'
import { type Block, measure } from './live/measure.ts'

const DEMO = new URL('../services/shop/demo.yaml', import.meta.url).pathname
const BLOCK_MS = 10_000
/** Time for the first replicas, fits and decisions before anything is counted. */
const WARM_UP_MS = 40_000
const SPIKE = { factor: 3, durationMs: 40_000 }

interface Options {
  readonly scenario: 'recurring-peak' | 'spike'
  readonly days: number
  readonly targets: readonly number[]
  readonly seed: number
  readonly json: boolean
}

/** The demo with every service under one policy and, for the reactive arms, one target utilization. */
function armConfig(
  demo: AppConfig,
  { scenario, seed }: Options,
  policy: 'reactive' | 'predictive',
  target?: number,
): AppConfig {
  const services = Object.fromEntries(
    Object.entries(demo.services).map(([name, spec]) => [
      name,
      { ...spec, policy, targetUtilization: target ?? spec.targetUtilization },
    ]),
  )
  const workload =
    scenario === 'recurring-peak' ? ('recurring-peak' as const) : ('weekday' as const)
  return { ...demo, services, seed, shop: { ...demo.shop!, workload, seed } }
}

async function spikes(
  arms: readonly Arm[],
  services: readonly string[],
  totalMs: number,
): Promise<void> {
  const gapMs = totalMs / services.length
  for (const service of services) {
    await sleep(gapMs / 4)
    await Promise.all(
      arms.map((arm) =>
        fetch(`${arm.load}/spikes`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ service, ...SPIKE }),
        }),
      ),
    )
    await sleep((gapMs * 3) / 4)
  }
}

interface ArmResult {
  readonly name: string
  readonly blocks: readonly Block[]
}

async function run(options: Options, folder: string): Promise<ArmResult[]> {
  const demo = loadConfigFile(DEMO, {})
  const plans = [
    { name: 'predictive', config: armConfig(demo, options, 'predictive') },
    ...options.targets.map((target) => ({
      name: `reactive-${target}`,
      config: armConfig(demo, options, 'reactive', target),
    })),
  ]
  const arms: Arm[] = []
  try {
    const epochMs = Date.now()
    for (const { name, config } of plans) arms.push(await startArm(name, config, folder, epochMs))
    process.stderr.write(`${arms.length} shops are up; counting begins in ${WARM_UP_MS / 1000} s\n`)
    await sleep(WARM_UP_MS)
    const fromMs = Math.ceil(Date.now() / BLOCK_MS) * BLOCK_MS
    const totalMs = options.days * demo.shop!.dayMs
    const work =
      options.scenario === 'spike'
        ? spikes(arms, Object.keys(demo.services), totalMs)
        : Promise.resolve()
    await Promise.all([sleep(fromMs + totalMs - Date.now()), work])
    await sleep(BLOCK_MS) // what was sent late is answered late
    return await Promise.all(
      arms.map(async (arm, i) => ({
        name: arm.name,
        blocks: await measure(arm, plans[i]!.config, fromMs, fromMs + totalMs, BLOCK_MS),
      })),
    )
  } finally {
    await Promise.all(arms.map((arm) => arm.stop()))
  }
}

const sum = (blocks: readonly Block[], key: keyof Block) =>
  blocks.reduce((total, b) => total + b[key], 0)
const violationShare = (blocks: readonly Block[]) =>
  sum(blocks, 'violations') / Math.max(1, sum(blocks, 'requests'))
const costPerHour = (blocks: readonly Block[]) => sum(blocks, 'costPerHour') / blocks.length

type Pair = readonly [Block, Block]

/** Arm minus predictive, with its interval. */
function difference(
  arm: ArmResult,
  predictive: ArmResult,
  statistic: (blocks: readonly Block[]) => number,
  seed: number,
) {
  const pairs: Pair[] = arm.blocks.map((block, i) => [block, predictive.blocks[i]!])
  const of = (drawn: readonly Pair[]) =>
    statistic(drawn.map((p) => p[0])) - statistic(drawn.map((p) => p[1]))
  return { difference: of(pairs), ...bootstrapInterval(pairs, of, seededRandom('compare', seed)) }
}

function table(results: readonly ArmResult[], { seed }: Options) {
  const predictive = results[0]!
  return results.map((arm) => ({
    arm: arm.name,
    requests: sum(arm.blocks, 'requests'),
    violations: violationShare(arm.blocks),
    costPerHour: costPerHour(arm.blocks),
    violationsOverPredictive: difference(arm, predictive, violationShare, seed),
    costOverPredictive: difference(arm, predictive, costPerHour, seed),
  }))
}

function print(rows: ReturnType<typeof table>): void {
  const percent = (x: number) => `${(100 * x).toFixed(2)} %`
  const dollars = (x: number) => `${x.toFixed(3)} $/h`
  console.table(
    rows.map((r) => ({
      arm: r.arm,
      requests: r.requests,
      'outside SLO': percent(r.violations),
      cost: dollars(r.costPerHour),
      'outside SLO, minus predictive [95 %]': `${percent(r.violationsOverPredictive.difference)} [${percent(r.violationsOverPredictive.low)}, ${percent(r.violationsOverPredictive.high)}]`,
      'cost, minus predictive [95 %]': `${dollars(r.costOverPredictive.difference)} [${dollars(r.costOverPredictive.low)}, ${dollars(r.costOverPredictive.high)}]`,
    })),
  )
}

function readOptions(): Options {
  const numbers = (text: string) => text.split(',').map(Number)
  return new Command('compare')
    .addOption(
      new Option('--scenario <name>')
        .choices(['recurring-peak', 'spike'])
        .default('recurring-peak'),
    )
    .option('--days <n>', 'compressed days that are counted', Number, 2)
    .option('--targets <list>', 'target utilizations of the reactive arms', numbers, [0.6])
    .option('--seed <n>', 'seed of the arrivals', Number, 1)
    .option('--json', 'one JSON object instead of the table', false)
    .parse()
    .opts<Options>()
}

const options = readOptions()
const folder = await mkdtemp(join(tmpdir(), 'forescale-compare-'))
try {
  const rows = table(await run(options, folder), options)
  if (options.json) process.stdout.write(`${JSON.stringify({ options, rows })}\n`)
  else print(rows)
} finally {
  await rm(folder, { recursive: true, force: true })
}
