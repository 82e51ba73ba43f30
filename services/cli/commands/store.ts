/** `forescale store`: prepares the server that keeps samples, says how it fares, and fills it with what was before. */
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { z } from 'zod'
import { readSpanMs } from '../../../datasets/time.ts'
import type { AppConfig } from '../../config.ts'
import { loadConfigFile } from '../../config-file.ts'
import type { FillSource } from '../../stores/backfill.ts'
import type { SampleStore } from '../../stores/sample-store.ts'
import { act, type Context, configFileOf, configOption, jsonOption } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const MOST_WAITING = 200_000
const WAIT_LIMIT_MS = 120_000
const POLL_MS = 50

const EXAMPLES = `
Examples:
  forescale store setup                      what the server needs; again changes nothing
  forescale store status                     what is stored
  forescale store backfill --file old.csv    what was measured before`
const SETUP_EXAMPLES = `
Examples:
  forescale store setup -c forescale.yaml   buckets, retention and the task of the coarse copy; again changes nothing`
const STATUS_EXAMPLES = `
Examples:
  forescale store status -c forescale.yaml  what is stored, by metric
  forescale store status --json             the same as JSON`
const BACKFILL_EXAMPLES = `
Examples:
  forescale store backfill --from-state .forescale     what the embedded store holds
  forescale store backfill --file search.csv --service search --metric requests_per_second
  forescale store backfill --prometheus http://127.0.0.1:9090 --query 'sum by (service) (rate(http_requests_total[1m]))' --last 7d --step 1m`

type Add = (program: Command, around: Surroundings, done: (code: number) => void) => void

export const addStore: Add = (program, around, done) => {
  const group = program
    .command('store')
    .helpGroup('Prepare:')
    .description('the store of samples: prepare it, look at it, fill it')
    .addHelpText('after', EXAMPLES)
  addSetup(group, around, done)
  addStatus(group, around, done)
  addBackfill(group, around, done)
}

const configOf = (around: Surroundings, options: Readonly<Record<string, unknown>>): AppConfig =>
  loadConfigFile(configFileOf(options.config, around.env), around.env)

/** The libraries of all stores are loaded for those who ask, not for every command. */
const stores = () => import('../../stores/registry.ts')

const addSetup: Add = (group, around, done) => {
  const command = group
    .command('setup')
    .description('make in the server what the configuration wants of it; safe to run again')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', SETUP_EXAMPLES)
  act(command, around, done, async ({ terminal }, options) => {
    const { setUpStore } = await stores()
    const steps = await setUpStore(configOf(around, options))
    if (options.json) terminal.printJson({ steps })
    else if (steps.length === 0) terminal.print('this store needs no setting up')
    else for (const { what, done: deed } of steps) terminal.print(`${deed.padEnd(9)} ${what}`)
    return EXIT.ok
  })
}

const addStatus: Add = (group, around, done) => {
  const command = group
    .command('status')
    .description('what the store holds, asked of the store itself')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', STATUS_EXAMPLES)
  act(command, around, done, async ({ terminal }, options) => {
    const config = configOf(around, options)
    const { openStore } = await stores()
    const store = await openStore(config, path.resolve(config.stateDir))
    try {
      const rows = await store.inventory()
      const health = store.health?.()
      if (options.json) {
        terminal.printJson({ kind: config.store.kind, health: health ?? null, rows })
        return EXIT.ok
      }
      terminal.print(`${config.store.kind}: ${health?.detail ?? 'a file'}`)
      for (const [metric, of] of Map.groupBy(rows, (row) => row.metric)) {
        const count = of.reduce((sum, row) => sum + row.count, 0)
        const lastMs = of.reduce((most, row) => Math.max(most, row.lastMs), 0)
        const until = new Date(lastMs).toISOString()
        terminal.print(`  ${metric}: ${of.length} services, ${count} samples, until ${until}`)
      }
      return EXIT.ok
    } finally {
      await store.close()
    }
  })
}

const addBackfill: Add = (group, around, done) => {
  const command = group
    .command('backfill')
    .description('copy what was measured before into the store; what is there already stays once')
    .addOption(configOption())
    .addOption(new Option('--from-state <folder>', 'state folder of an embedded store'))
    .addOption(new Option('--file <file>', '.csv or .parquet'))
    .addOption(new Option('--prometheus <url>', 'a Prometheus, with --query'))
    .option('--query <promql>', 'PromQL with one series a service')
    .option('--service <name>', 'service, where file or query name none')
    .option('--metric <name>', 'metric, with --file or --prometheus', 'requests_per_second')
    .option('--step <span>', 'step of the series of --prometheus; stepMs when absent')
    .option('--last <span>', 'how far back with --prometheus', '7d')
    .addOption(jsonOption())
    .addHelpText('after', BACKFILL_EXAMPLES)
  act(command, around, done, (context, options) => backfill(context, options, around))
}

const Options = z.object({
  fromState: z.string().optional(),
  file: z.string().optional(),
  prometheus: z.string().optional(),
  query: z.string().optional(),
  service: z.string().optional(),
  metric: z.string(),
  step: z.string().optional(),
  last: z.string(),
})

async function backfill(
  { terminal }: Context,
  options: Readonly<Record<string, unknown>>,
  around: Surroundings,
): Promise<number> {
  const given = Options.parse(options)
  const named = [given.fromState, given.file, given.prometheus].filter((one) => one !== undefined)
  if (named.length !== 1 || (given.prometheus !== undefined && given.query === undefined)) {
    const allowed = 'one of --from-state, --file, --prometheus (with --query)'
    throw new CommandFailure(EXIT.usage, `${named.length} sources were named; allowed: ${allowed}`)
  }
  const config = configOf(around, options)
  const nowMs = terminal.nowMs()
  const { openStore } = await stores()
  const { samplesToFill } = await import('../../stores/backfill.ts')
  const store = await openStore(config, path.resolve(config.stateDir))
  const sum = { accepted: 0, rejected: {} as Record<string, number> }
  try {
    const source = sourceOf(given, config.stepMs, nowMs)
    for await (const samples of samplesToFill(source, config)) {
      const { accepted, rejected } = await store.append(samples, nowMs)
      sum.accepted += accepted
      for (const [reason, n] of Object.entries(rejected))
        sum.rejected[reason] = (sum.rejected[reason] ?? 0) + n
      await written(store, MOST_WAITING)
    }
    await written(store, 0)
  } finally {
    await store.close()
  }
  if (options.json) terminal.printJson(sum)
  else {
    terminal.print(`${sum.accepted} samples stored`)
    for (const [reason, n] of Object.entries(sum.rejected))
      terminal.print(`  ${n} refused: ${reason}`)
  }
  return sum.accepted > 0 ? EXIT.ok : EXIT.failure
}

/** Waits until no more than `most` samples lie in the spool, so that it does not overflow; not for ever. */
async function written(store: SampleStore, most: number): Promise<void> {
  const untilMs = performance.now() + WAIT_LIMIT_MS
  for (let left = pendingOf(store); left > most; left = pendingOf(store)) {
    if (performance.now() > untilMs) {
      const hint = 'they lie in the spool and are sent when the store is opened again'
      const why = store.health?.().detail ?? ''
      throw new CommandFailure(EXIT.failure, `${left} samples could not be written: ${why}`, hint)
    }
    await pause(POLL_MS)
  }
}

const pendingOf = (store: SampleStore): number => store.health?.().pendingSamples ?? 0

function sourceOf(given: z.infer<typeof Options>, stepMs: number, nowMs: number): FillSource {
  const { fromState, file, prometheus = '', query = '', service, metric } = given
  if (fromState !== undefined) return { kind: 'embedded', folder: path.resolve(fromState) }
  const named = service === undefined ? {} : { service }
  if (file !== undefined) {
    const kind = file.toLowerCase().endsWith('.parquet') ? 'parquet' : 'csv'
    return { kind: 'dataset', source: { kind, file, metric, ...named } }
  }
  const range = {
    stepMs: given.step === undefined ? stepMs : readSpanMs(given.step, '--step'),
    fromMs: nowMs - readSpanMs(given.last, '--last'),
    toMs: nowMs,
  }
  const source = { kind: 'prometheus' as const, url: prometheus, query, metric, ...named, ...range }
  return { kind: 'dataset', source }
}
