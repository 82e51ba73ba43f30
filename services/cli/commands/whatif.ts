/** `forescale whatif`: the user's own last weeks under their HPA or ScaledObject, and under Forescale. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CommandOptions } from '../../../experiments/whatif/command.ts'
import { act, configFileOf, configOption, jsonOption, positive, wholeNumber } from '../context.ts'
import type { Surroundings } from '../terminal.ts'

const SOURCES: readonly CommandOptions['source'][] = [
  ...(['prometheus', 'influx', 'csv', 'parquet', 'store'] as const),
]

const EXAMPLES = `
Examples:
  forescale whatif --source csv --file load.csv --hpa hpa.yaml --capacity 40
  forescale whatif --source prometheus --server http://prometheus:9090 \\
      --query 'sum by (service) (rate(http_requests_total[1m]))' --hpa hpa.yaml --capacity 40 --out whatif
  forescale whatif --source csv --file load.csv --hpa new.yaml --baseline old.yaml --capacity 40 --quick \\
      --fail-on cost+5% --fail-on violations

What is assumed, the conditions of --fail-on and a pull-request check: docs/whatif.md.`

export function addWhatif(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('whatif')
    .helpGroup('Look:')
    .description('what your own load would have cost and lost under your HPA, and under Forescale')
    .addHelpText('after', EXAMPLES)
  addSource(command)
  addManifests(command)
  addRun(command)
  act(command, around, done, async ({ terminal }, options) => {
    const given = options as unknown as CommandOptions
    const configFile = given.source === 'store' ? configFileOf(given.config, around.env) : undefined
    // experiments and what they need are loaded by who asks for them, not by every command
    const { whatif } = await import('../../../experiments/whatif/command.ts')
    return whatif(given, configFile, terminal)
  })
}

function addSource(command: Command): void {
  command
    .addOption(
      new Option('-s, --source <kind>', 'where the load is kept')
        .choices(SOURCES)
        .makeOptionMandatory(),
    )
    .option('--file <file>', 'csv, parquet: a column of times, one of requests/s a service')
    .option('--columns <titles...>', 'csv, parquet: columns of load (every other)')
    .option('--time-column <title>', 'csv, parquet: timestamp, time, t, date or at when absent')
    .option('--counts', 'values are requests a step, not requests/s')
    .option('--step <step>', 'step of the load, 30s, 1m, 5m (that of a file; of a server 1m)')
    .option('--server <url>', 'prometheus, influx: address (token: FORESCALE_SOURCE_TOKEN)')
    .option('--query <promql>', 'prometheus: one series a service, requests/s')
    .option('--label <name>', 'prometheus, influx: label or tag that names the service', 'service')
    .option('--org <name>', 'influx: organisation')
    .option('--bucket <name>', 'influx: bucket')
    .option('--measurement <name>', 'influx: measurement', 'requests_per_second')
    .option('--field <name>', 'influx: field', 'value')
    .addOption(configOption())
    .option('--days <number>', 'servers and store: how far back', positive, 28)
    .option('--until <time>', 'servers and store: end, ISO 8601 (now)')
}

function addManifests(command: Command): void {
  command
    .requiredOption('--hpa <files...>', 'HorizontalPodAutoscalers and ScaledObjects, YAML')
    .option('--baseline <files...>', 'the same before an edit, to compare with')
    .option('--capacity <rps>', 'requests/s that keep one replica busy from end to end', positive)
    .option('--price <dollars>', 'of one replica for an hour', positive, 0.1)
    .option('--startup <span>', 'until a new replica is ready', '30s')
    .option('--service-time <span>', 'mean time of one request (100ms, or 1/capacity if longer)')
    .option('--slo <span>', 'a slower answer is a violation', '500ms')
    .option('--objective <share>', 'of requests that must be good', share, 0.99)
    .option('--utilization-at-capacity <percent>', "a busy replica's CPU ÷ request", positive, 100)
    .option('--cpu-at-capacity <cores>', 'CPU of a busy replica; for targets in cores')
    .option('--signal <metric=kind>', 'what a metric measures: load, queue, in-flight', collect)
    .option('--tolerance <share>', "the cluster's HPA tolerance", anyShare, 0.1)
    .option('--sync <span>', "the cluster's HPA sync period", '15s')
    .option('--downscale-stabilization <span>', "the cluster's downscale window", '5m')
}

function addRun(command: Command): void {
  command
    .option('--learn <days>', 'learned from before the replay begins (half of them)', positive)
    .option('--budget <dollars>', 'for all services under Forescale, $/hour (no limit)', positive)
    .option('--refit <span>', 'time between fits of the models (6h, as live)')
    .option('--quick', "without Forescale's frontier and budgets")
    .option('--seed <number>', 'same seed, same bytes', wholeNumber(0, 999_999_999), 1)
    .option('--fail-on <condition>', 'exit 5 when met, like cost+5%; may be repeated', collect)
    .option('--out <folder>', 'write report.html and results.json there')
    .addOption(jsonOption())
}

const collect = (text: string, others: readonly string[] = []) => [...others, text]

function share(text: string): number {
  const value = Number(text)
  if (value > 0.5 && value < 1) return value
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: above 0.5, below 1`)
}

function anyShare(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: 0 to 1`)
}
