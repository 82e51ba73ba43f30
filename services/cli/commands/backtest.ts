/** `forescale backtest [SERVICE…]`: how good the forecasters are on the load that the store holds, and which to choose. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { RollingResult } from '../../../forecaster/accuracy/rolling.ts'
import { LOAD_METRIC } from '../../../forecaster/series.ts'
import type { BacktestOptions, BacktestReport, ServiceBacktest } from '../../backtest/backtest.ts'
import type { AppConfig } from '../../config.ts'
import { loadConfigFile } from '../../config-file.ts'
import { openStore } from '../../stores/registry.ts'
import type { SampleStore } from '../../stores/sample-store.ts'
import { checkSampleStore } from '../checks/local.ts'
import { act, configFileOf, configOption, jsonOption, positive, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { type Column, percent, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const TEST_SHARE = 0.3

const EXAMPLES = `
Examples:
  forescale backtest                                  every service of the configuration, on its own history
  forescale backtest search --days 14 --horizons 5,15,60
  forescale backtest --out backtest                   also writes backtest/report.html and backtest/results.json`

export function addBacktest(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('backtest')
    .helpGroup('Look:')
    .description("test the forecasters on the services' own stored load")
    .argument('[service...]', 'services to test (all)')
    .addOption(configOption())
    .option('--metric <name>', 'series to test', LOAD_METRIC)
    .option('--days <number>', 'how far back, days', positive, 28)
    .option('--horizons <list>', 'steps ahead, parted by commas', steps, [5, 15, 60])
    .option('--origins <number>', 'issue times', wholeNumber(2, 500), 24)
    .option('--out <folder>', 'write report.html and results.json there')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, options, services) => {
    const config = loadConfigFile(configFileOf(options.config, around.env), around.env)
    for (const service of services) refuseUnknown(service, config)
    const report = await test(config, terminal, {
      services,
      metric: String(options.metric),
      lengthMs: Number(options.days) * DAY_MS,
      horizons: options.horizons as number[],
      origins: Number(options.origins),
      testShare: TEST_SHARE,
    })
    if (typeof options.out === 'string') await write(report, options.out, terminal)
    const { toJson } = await import('../../backtest/backtest.ts')
    if (options.json) terminal.printJson(toJson(report))
    else show(report, terminal)
    return report.services.length > 0 ? EXIT.ok : EXIT.thresholdNotMet
  })
}

function refuseUnknown(service: string, { services }: AppConfig): void {
  if (Object.hasOwn(services, service)) return
  const allowed = Object.keys(services).join(', ')
  throw new CommandFailure(
    EXIT.usage,
    `service "${service}" is not configured; allowed: ${allowed}`,
  )
}

async function test(
  config: AppConfig,
  terminal: Terminal,
  options: BacktestOptions,
): Promise<BacktestReport> {
  const { runBacktests } = await import('../../backtest/backtest.ts')
  const { openWalks } = await import('../../backtest/walks.ts')
  const store = await openExisting(config)
  const { walk, parallel, close } = await openWalks(config.jobs, terminal.env)
  let what = 'reading'
  try {
    const tested = runBacktests(
      store,
      config,
      options,
      (request, { done, total }) => {
        what = `${done + 1} of ${total}: testing ${request.series.service} with ${request.entrant}`
        return walk(request)
      },
      parallel,
    )
    return await terminal.waitFor(() => what, tested)
  } finally {
    await close()
    await store.close()
  }
}

/** A look must not make a store where there is none. */
async function openExisting(config: AppConfig): Promise<SampleStore> {
  const folder = path.resolve(config.stateDir)
  const { status, detail, hint } = checkSampleStore(config)
  if (status === 'ok') return openStore(config, folder)
  throw new CommandFailure(EXIT.failure, detail, hint ?? undefined)
}

function steps(text: string): number[] {
  const values = text.split(',').map(Number)
  if (values.every((v) => Number.isInteger(v) && v >= 1 && v <= 2000))
    return [...new Set(values)].sort((a, b) => a - b)
  throw new InvalidArgumentError(
    `"${text}" is not allowed; allowed: whole numbers from 1 to 2000, parted by commas`,
  )
}

async function write(report: BacktestReport, folder: string, terminal: Terminal): Promise<void> {
  const { toJson } = await import('../../backtest/backtest.ts')
  const { reportHtml } = await import('../../backtest/report.ts')
  mkdirSync(folder, { recursive: true })
  const page = path.join(folder, 'report.html')
  writeFileSync(page, reportHtml(report, `Backtest of ${report.metric}`))
  writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(toJson(report), null, 2)}\n`)
  terminal.say(`wrote ${page} and results.json beside it`)
}

function show(report: BacktestReport, terminal: Terminal): void {
  for (const service of report.services) showService(service, terminal)
  for (const { service, reason } of report.left)
    terminal.print(terminal.paint('yellow', `${service}: not tested: ${reason}`))
}

function showService(
  { service, series, plan, results, chosen, why }: ServiceBacktest,
  terminal: Terminal,
): void {
  const seasons = results[0]!.seasons.join(', ') || 'none found'
  terminal.print(terminal.paint('bold', service))
  terminal.print(
    `${series.values.length} steps, the last ${series.values.length - plan.testFrom} tested from ${plan.origins.length} issue times; seasons (steps): ${seasons}`,
  )
  const columns: Column<RollingResult>[] = [
    { title: 'MODEL', text: ({ entrant }) => `${entrant === chosen ? '→ ' : '  '}${entrant}` },
    ...plan.horizons.flatMap((horizon, i): Column<RollingResult>[] => [
      {
        title: `SPL ≤${horizon}`,
        right: true,
        text: ({ scores }) => scores[i]?.spl.toFixed(4) ?? '–',
      },
      { title: 'MASE', right: true, text: ({ scores }) => scores[i]?.mase?.toFixed(2) ?? '–' },
      {
        title: 'IN 90 %',
        right: true,
        text: ({ scores }) => percent(scores[i]?.coverage90 ?? null),
      },
    ]),
    { title: 'FIT', right: true, text: ({ fitMs }) => `${Math.round(fitMs)} ms` },
    { title: 'FORECAST', right: true, text: ({ forecastMs }) => `${forecastMs.toFixed(2)} ms` },
  ]
  for (const line of table(columns, results)) terminal.print(line)
  terminal.print(`choice: ${terminal.paint('green', chosen)} (${why})`)
  terminal.print()
}
