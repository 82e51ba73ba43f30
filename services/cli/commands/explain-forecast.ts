/** `forescale explain-forecast SERVICE`: what a forecast is made of, and what its covariates do. */
import type { Command } from 'commander'
import { ForecastExplanation, type ForecastPart } from '../../explanations/view.ts'
import { partWords } from '../../explanations/words.ts'
import { read } from '../api.ts'
import { act, jsonOption, wholeNumber } from '../context.ts'
import { type Column, figure, fromNow, percent, span, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const SHOWN_STEPS = 12

const EXAMPLES = `
Examples:
  forescale explain-forecast search               level, trend, seasons, covariates of the next steps
  forescale explain-forecast search --horizon 5
  forescale explain-forecast search --json`

export function addExplainForecast(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('explain-forecast')
    .helpGroup('Look:')
    .description('what a forecast is made of: level, trend, seasons, covariates, models')
    .argument('<service>', 'name of the service')
    .option('--horizon <steps>', 'steps ahead', wholeNumber(1, 2000))
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { horizon, json }, [service = '']) => {
    const path = `/v1/services/${encodeURIComponent(service)}/forecast/explanation`
    const answer = await api.raw('GET', path)
    if (json) terminal.printJson(answer)
    else {
      const explanation = read(ForecastExplanation, answer, api.url)
      show(explanation, typeof horizon === 'number' ? horizon : undefined, terminal)
    }
    return undefined
  })
}

function show(
  explanation: ForecastExplanation,
  horizon: number | undefined,
  terminal: Terminal,
): void {
  const { service, metric, model, issuedAtMs, members } = explanation
  terminal.print(terminal.paint('bold', `${service} ${metric}`))
  terminal.print(`${model.kind}, issued ${fromNow(issuedAtMs, terminal.nowMs())}`)
  if (members.length > 1) {
    const shares = members.map(({ kind, weight }) => `${kind} ${percent(weight)}`)
    terminal.print(`models: ${shares.join(', ')}`)
  }
  terminal.print()
  for (const line of partsTable(explanation, horizon)) terminal.print(line)
  showCovariates(explanation, terminal)
}

/** A row a step, a column a part. */
function partsTable(
  { parts, point, stepMs }: ForecastExplanation,
  horizon: number | undefined,
): string[] {
  const steps = Math.min(horizon ?? point.length, point.length)
  const stride = horizon === undefined ? Math.ceil(steps / SHOWN_STEPS) : 1
  const rows = Array.from({ length: Math.ceil(steps / stride) }, (_, i) => i * stride)
  const columns: Column<number>[] = [
    { title: 'AHEAD', right: true, text: (k) => span((k + 1) * stepMs) },
    { title: 'FORECAST', right: true, text: (k) => figure(point[k] ?? Number.NaN) },
    ...parts.map((part) => partColumn(part, part === parts[0])),
  ]
  return table(columns, rows)
}

function partColumn(part: ForecastPart, isFirst: boolean): Column<number> {
  return {
    title: partWords(part).toUpperCase(),
    right: true,
    text: (k) => {
      const value = part.values[k] ?? Number.NaN
      return `${value > 0 && !isFirst ? '+' : ''}${figure(value)}`
    },
  }
}

function showCovariates({ covariates }: ForecastExplanation, terminal: Terminal): void {
  if (covariates.length === 0) return
  terminal.print()
  terminal.print(terminal.paint('bold', 'covariates'))
  for (const { name, used, effect, form, lossRatio, note } of covariates) {
    const does =
      form === 'additive' ? `adds ${figure(effect ?? 0)}` : `times ${figure(effect ?? 1)}`
    const gain = lossRatio === null ? '' : `; loss held out: ${percent(lossRatio)} of that without`
    terminal.print(used ? `${name}: ${does}${gain}` : `${name}: not used: ${note}`)
  }
}
