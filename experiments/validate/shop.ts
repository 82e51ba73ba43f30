/**
 * `npm run validate:shop`: latencies of the real shop (one service, replicas that are processes, behind the gateway, on
 * loopback) at five steady levels of load, beside the request simulator's for the very same arrivals, many seeds of service
 * times together. `-- --json` one object a line.
 *
 * Service times, places, queues, time-out and balancing are the shop's configuration. One thing is measured and added to the
 * simulated latencies: what the wire takes, the median round trip through gateway and replica without any work, at rest,
 * before each level, in the same run. It is printed, and so is the difference without it. What a loaded machine adds beyond
 * that is not taken out: a generator that is late says that the machine was full, and then the figures are of the machine.
 */
import { Command } from 'commander'
import { readSpanMs } from '../../datasets/time.ts'
import type { AppConfig } from '../../services/config.ts'
import type { Curve } from '../../services/load/replay/curve.ts'
import type { Request } from '../replay/outcome.ts'
import { SERVICE, shopConfig } from '../replay/plans.ts'
import { type RunPlan, runReal } from '../replay/real.ts'
import type { RealRun } from '../replay/reality.ts'
import { type Shop, startShop } from '../replay/shop.ts'
import { runSimulated, scenarioOf } from '../replay/simulated.ts'
import { createRequestPlant } from '../simulator/requests/plant.ts'

const UTILIZATIONS = [0.3, 0.5, 0.65, 0.8, 0.9]
const LEVELS = [0.5, 0.95, 0.99] as const
/** As long as the gateway waits for a replica. */
const TIMEOUT_SECONDS = 8

interface Options {
  readonly json: boolean
  readonly for: string
  readonly replicas: number
  readonly seed: number
  readonly runs: number
}

interface Row {
  readonly utilization: number
  readonly requests: number
  readonly failures: { readonly real: number; readonly simulated: number }
  readonly wireSeconds: number
  readonly generatorLateSeconds: number
  /** p50, p95, p99, seconds. */
  readonly real: readonly number[]
  readonly simulated: readonly number[]
  /** Simulated, wire included, over real, less 1; and the same of p95 without the wire. */
  readonly difference: readonly number[]
  readonly p95WithoutWire: number
  /** Where 95 % of single simulated runs have their p95, wire included: what chance alone makes of one run. */
  readonly p95Runs: readonly [number, number]
}

function steady(utilization: number, rps: number): Curve {
  const name = `steady at ${utilization}`
  const none = { lengthMs: Number.POSITIVE_INFINITY, bridgedMs: 0 }
  return { name, synthetic: true, rpsAt: () => rps, mostRps: rps, ...none }
}

function planOf(config: AppConfig, utilization: number, options: Options): RunPlan {
  const { meanServiceMs, concurrency } = config.shop!.services[SERVICE]!
  const rps = (utilization * options.replicas * concurrency * 1000) / meanServiceMs
  const ticks = Math.ceil(readSpanMs(options.for, 'for') / config.tickMs)
  return {
    schedule: {
      curve: steady(utilization, rps),
      seed: options.seed,
      durationMs: ticks * config.tickMs,
    },
    tickMs: config.tickMs,
    counts: Array.from({ length: ticks }, () => options.replicas),
    sloSeconds: config.services[SERVICE]!.slo.latencySeconds,
    timeoutSeconds: TIMEOUT_SECONDS,
  }
}

async function rowOf(
  shop: Shop,
  config: AppConfig,
  utilization: number,
  options: Options,
): Promise<Row> {
  const plan = planOf(config, utilization, options)
  await shop.settle(options.replicas)
  const wireSeconds = await shop.wireSeconds()
  const real = await runReal(shop, SERVICE, plan)
  const requests = rowsOf(real.requests)
  const arrivals = [...real.requests.arrivedAtMs].sort((a, b) => a - b)
  const scenario = scenarioOf(config, plan, [])
  const runs = Array.from(
    { length: options.runs },
    (_, run) => runSimulated(createRequestPlant, scenario, plan, arrivals, run).requests,
  )
  const simulated = quantiles(runs.flat(), wireSeconds)
  const measured = quantiles(requests, 0)
  const p95s = runs.map((run) => quantiles(run, wireSeconds)[1]!).sort((a, b) => a - b)
  const at = (share: number): number => p95s[Math.floor(share * p95s.length)]!
  return {
    utilization,
    requests: requests.length,
    failures: { real: failuresOf(requests), simulated: failuresOf(runs.flat()) / runs.length },
    wireSeconds,
    generatorLateSeconds: real.generatorLateSeconds,
    real: measured,
    simulated,
    difference: simulated.map((value, i) => value / measured[i]! - 1),
    p95WithoutWire: (simulated[1]! - wireSeconds) / measured[1]! - 1,
    p95Runs: [at(0.025), at(0.975)],
  }
}

function rowsOf({ arrivedAtMs, seconds, isGood }: RealRun['requests']): Request[] {
  return arrivedAtMs.map((atMs, i) => ({
    arrivedAtMs: atMs,
    seconds: seconds[i]!,
    isGood: isGood[i]!,
  }))
}

const failuresOf = (requests: readonly Request[]): number =>
  requests.filter(({ isGood }) => !isGood).length

/** Of good answers, each later by `addedSeconds`. */
function quantiles(requests: readonly Request[], addedSeconds: number): number[] {
  const good = requests.filter(({ isGood }) => isGood)
  const seconds = Float64Array.from(good, (request) => request.seconds).sort()
  return LEVELS.map((level) => seconds[Math.ceil(level * seconds.length) - 1]! + addedSeconds)
}

function print(rows: readonly Row[]): void {
  const ms = (seconds: number | undefined) => `${(1000 * seconds!).toFixed(1)}`
  const percent = (ratio: number | undefined) => `${(100 * ratio!).toFixed(1)} %`
  console.table(
    rows.map(({ utilization, requests, real, simulated, difference, ...row }) => ({
      utilization,
      requests,
      'real p50 p95 p99, ms': real.map(ms).join(' '),
      'simulated, wire added': simulated.map(ms).join(' '),
      'simulated over real': difference.map(percent).join(' '),
      'p95 without wire': percent(row.p95WithoutWire),
      'p95 of single runs, 95 %': row.p95Runs.map(ms).join(' to '),
      wire: ms(row.wireSeconds),
      'generator late, p99': ms(row.generatorLateSeconds),
      failures: `${row.failures.real} / ${row.failures.simulated.toFixed(1)}`,
    })),
  )
}

async function run(options: Options): Promise<void> {
  const config = shopConfig(options.seed)
  const shop = await startShop(config)
  const rows: Row[] = []
  try {
    for (const utilization of UTILIZATIONS) {
      process.stderr.write(`utilization ${utilization}: ${options.for} on the real shop\n`)
      const row = await rowOf(shop, config, utilization, options)
      if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`)
      rows.push(row)
    }
  } finally {
    await shop.stop()
  }
  if (!options.json) print(rows)
}

await run(
  new Command('validate:shop')
    .option('--json', 'one object a line', false)
    .option('--for <span>', 'length of each level', '60s')
    .option('--replicas <number>', 'of the service', Number, 3)
    .option('--seed <number>', 'of arrivals and service times', Number, 1)
    .option('--runs <number>', 'simulated runs of each level', Number, 100)
    .parse()
    .opts<Options>(),
)
