/**
 * Simulator and reality side by side: each workload is sent to the real shop (processes behind a gateway) while its
 * replica counts follow a plain rule; then the very same arrivals and counts go through the request-level simulator,
 * many times with other service times. Prints what both say of latency and violations, and how far they are apart.
 *
 *   npm run compare:reality -- --workloads bursty,bot-attack --for 240s --peak 100 --keep reality.json
 *   npm run compare:reality -- --reality reality.json
 *
 * Nothing is fitted to the outcome: service times, places and queues are the shop's configuration, start-up times are
 * as the shop's host measured them. What the wire takes (gateway, two HTTP hops, timers) the simulator does not know; it
 * is measured at rest and printed beside.
 */
import { Command } from 'commander'
import { seededRandom } from '../../datasets/random.ts'
import { readSpanMs } from '../../datasets/time.ts'
import type { AppConfig } from '../../services/config.ts'
import { createRequestPlant } from '../simulator/requests/plant.ts'
import { blocksOf, type Compared, type Comparison, compareRuns, merge } from './outcome.ts'
import { plansOf, SERVICE, shopConfig } from './plans.ts'
import { type RunPlan, runReal } from './real.ts'
import { type Reality, type RealRun, readReality, Setting, writeReality } from './reality.ts'
import { startShop } from './shop.ts'
import { runSimulated, scenarioOf } from './simulated.ts'

const BLOCK_MS = 10_000

interface Options {
  readonly workloads: string
  readonly traces: string
  readonly for: string
  readonly peak: number
  readonly seed: number
  readonly runs: number
  readonly keep?: string
  readonly reality?: string
  readonly json: boolean
}

interface Both {
  readonly real: number
  readonly simulated: number
}

interface Row {
  readonly workload: string
  readonly synthetic: boolean
  readonly requests: number
  readonly comparison: Comparison
  readonly failures: Both
  readonly meanReady: Both
  readonly wireSeconds: number
  readonly generatorLateSeconds: number
}

function settingOf({ workloads, traces, for: span, peak, seed }: Options): Setting {
  const named = (list: string) => list.split(',').filter((name) => name !== '')
  return Setting.parse({
    workloads: named(workloads),
    traces: named(traces),
    durationMs: readSpanMs(span, 'for'),
    peakRps: peak,
    seed,
  })
}

async function liveThrough(setting: Setting, config: AppConfig): Promise<Reality> {
  const plans = await plansOf(setting, config)
  const shop = await startShop(config)
  try {
    const runs: RealRun[] = []
    for (const plan of plans) {
      const { curve, durationMs } = plan.schedule
      process.stderr.write(`${curve.name}: ${durationMs / 1000} s on the real shop\n`)
      runs.push(await runReal(shop, SERVICE, plan))
    }
    return { recordedAt: new Date().toISOString(), setting, runs }
  } finally {
    await shop.stop()
  }
}

function rowOf(config: AppConfig, plan: RunPlan, real: RealRun, runs: number): Row {
  const { schedule, sloSeconds } = plan
  const { arrivedAtMs, seconds, isGood } = real.requests
  const requests = arrivedAtMs.map((at, i) => ({
    arrivedAtMs: at,
    seconds: seconds[i]!,
    isGood: isGood[i]!,
  }))
  const scenario = scenarioOf(config, plan, real.startupsSeconds)
  const arrivals = [...arrivedAtMs].sort((a, b) => a - b)
  const simulated = Array.from({ length: runs }, (_, run) =>
    runSimulated(createRequestPlant, scenario, plan, arrivals, run),
  )
  const blocks = { durationMs: schedule.durationMs, blockMs: BLOCK_MS, sloSeconds }
  const ofReal = blocksOf(requests, blocks)
  const ofSimulated = simulated.map((run) => blocksOf(run.requests, blocks))
  return {
    workload: schedule.curve.name,
    synthetic: schedule.curve.synthetic,
    requests: requests.length,
    comparison: compareRuns(ofReal, ofSimulated, seededRandom('reality', schedule.seed)),
    failures: {
      real: merge(ofReal).failures,
      simulated: merge(ofSimulated.flat()).failures / runs,
    },
    meanReady: {
      real: mean(real.ready),
      simulated: mean(simulated.flatMap(({ ready }) => [...ready])),
    },
    wireSeconds: real.wireSeconds,
    generatorLateSeconds: real.generatorLateSeconds,
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function linesOf({ workload, requests, comparison, failures, meanReady, ...row }: Row): object[] {
  const ms = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`
  const percent = (ratio: number) => `${(100 * ratio).toFixed(2)} %`
  const line = (figure: string, { real, simulated, ...compared }: Compared, relative: boolean) => {
    const show = relative ? ms : percent
    const unit = relative ? ' %' : ' points'
    const { low, high } = compared.interval
    return {
      ...{ workload, requests, figure, real: show(real), simulated: show(simulated) },
      'single runs [95 %]': `${show(compared.runs.low)} to ${show(compared.runs.high)}`,
      'simulated over real [95 %]': `${signed(compared.difference)}${unit} [${signed(low)}, ${signed(high)}]`,
    }
  }
  const plain = (figure: string, both: Both, digits: number) => ({
    ...{ workload, requests, figure },
    real: both.real.toFixed(digits),
    simulated: both.simulated.toFixed(digits),
  })
  return [
    line('p50', comparison.p50, true),
    line('p95', comparison.p95, true),
    line('outside SLO', comparison.violations, false),
    plain('failures', failures, 0),
    plain('ready replicas, mean', meanReady, 2),
    { workload, requests, figure: 'wire at rest', real: ms(row.wireSeconds) },
    { workload, requests, figure: 'generator late, p99', real: ms(row.generatorLateSeconds) },
  ]
}

/** How far apart the two are at most, in one sentence. */
function verdict(rows: readonly Row[]): string {
  const most = (figure: keyof Comparison) =>
    Math.max(...rows.map(({ comparison }) => Math.abs(comparison[figure].difference)))
  const percent = (ratio: number) => (100 * ratio).toFixed(1)
  return `over ${rows.length} loads simulator and reality differ by at most ${percent(most('p50'))} % in p50, ${percent(most('p95'))} % in p95, ${percent(most('violations'))} points in the share outside the SLO`
}

const signed = (ratio: number): string =>
  `${ratio >= 0 ? '+' : '−'}${Math.abs(100 * ratio).toFixed(1)}`

function readOptions(): Options {
  const all = 'bursty,flash-crowd,night-cycle,long-tail,bot-attack,failures'
  return new Command('compare:reality')
    .option('--workloads <list>', 'parted by commas', all)
    .option('--traces <list>', 'recorded ones, parted by commas', 'nab-nyc-taxi')
    .option('--for <span>', 'length of a day on the shop', '240s')
    .option('--peak <rps>', 'requests/s at the peak', Number, 100)
    .option('--seed <number>', 'of arrivals and service times', Number, 1)
    .option('--runs <number>', 'simulated runs of each', Number, 40)
    .option('--keep <file>', 'write what the real shop did there')
    .option('--reality <file>', 'what the real shop did, as kept before; it is not run again')
    .option('--json', 'JSON instead of the table', false)
    .parse()
    .opts<Options>()
}

async function main(): Promise<void> {
  const options = readOptions()
  const kept = options.reality === undefined ? undefined : await readReality(options.reality)
  const setting = kept?.setting ?? settingOf(options)
  const config = shopConfig(setting.seed)
  const reality = kept ?? (await liveThrough(setting, config))
  if (options.keep !== undefined) await writeReality(options.keep, reality)
  const plans = await plansOf(setting, config)
  const rows = plans.map((plan, i) => rowOf(config, plan, reality.runs[i]!, options.runs))
  const { recordedAt } = reality
  if (options.json) process.stdout.write(`${JSON.stringify({ recordedAt, setting, rows })}\n`)
  else {
    console.table(rows.flatMap(linesOf))
    process.stdout.write(`${verdict(rows)}\n`)
  }
}

await main()
