/** What `forescale tune` does; loaded by services/cli/commands/tune.ts when it is called. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { policyVersion } from '../../../agents/policies/learned/document.ts'
import type { Series } from '../../../forecaster/series.ts'
import { CommandFailure, EXIT } from '../../../services/cli/exit-codes.ts'
import { type Column, table } from '../../../services/cli/format.ts'
import type { Terminal } from '../../../services/cli/terminal.ts'
import type { AppConfig } from '../../../services/config.ts'
import { documentOf, type Point, type Tuned, tuneService } from './tune.ts'

export interface TuneCommand {
  readonly config: AppConfig
  readonly series: readonly Series[]
  readonly evaluations: number
  readonly errorBudgetShare: number
  readonly name: string
  readonly out: string
  readonly json: boolean
  readonly command: string
}

/** The exit code: 0 with a policy written, `thresholdNotMet` where no tuning pays. */
export function tune(terminal: Terminal, input: TuneCommand): number {
  const { config, series, evaluations, errorBudgetShare, name, out, json, command } = input
  const { seed, tickMs, forecast } = config
  const all = series.map((one): Tuned => {
    terminal.say(`${one.service}: ${evaluations} tunings are tried on ${one.values.length} steps`)
    const spec = config.services[one.service]!
    const settings = { models: forecast.models, refitMs: forecast.refitMs }
    const given = { spec, tickMs, evaluations, seed, errorBudgetShare, forecast: settings }
    try {
      return tuneService({ series: one, ...given })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new CommandFailure(EXIT.failure, error.message, undefined, { cause: error })
    }
  })
  const document = documentOf(all, { name, command, revision: revision(), seed })
  if (document) writeFileSync(out, `${JSON.stringify(document)}\n`)
  if (json) terminal.printJson({ out: document ? out : null, services: all })
  else show(terminal, all)
  if (!document) return EXIT.thresholdNotMet
  terminal.say(`${policyVersion(document)} is in ${out}; forescale policies import ${out}`)
  return EXIT.ok
}

const pair = (point: Point | undefined): string =>
  point ? `${point.costPerHour.toFixed(3)} $/h, ${(100 * point.violationRatio).toFixed(3)} %` : '–'

const COLUMNS: readonly Column<Tuned>[] = [
  { title: 'SERVICE', text: ({ service }) => service },
  { title: 'DAYS', right: true, text: ({ rehearsedDays }) => rehearsedDays.toFixed(1) },
  { title: 'PREDICTIVE: COST, VIOLATING', right: true, text: ({ predictive }) => pair(predictive) },
  { title: 'TUNED', right: true, text: ({ tuned }) => pair(tuned) },
  { title: 'WHY', text: ({ why }) => why },
]

function show(terminal: Terminal, all: readonly Tuned[]): void {
  for (const line of table(COLUMNS, all)) terminal.print(line)
  for (const { service, tuning } of all)
    if (tuning) terminal.print(`${service}: ${JSON.stringify(tuning)}`)
}

function revision(): string {
  try {
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
