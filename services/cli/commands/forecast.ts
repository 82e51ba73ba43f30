/** `forescale forecast SERVICE`: quantiles of the load to come, and how good such forecasts have been. */
import type { Command } from 'commander'
import { ForecastDocument } from '../../../forecaster/forecast.ts'
import { read } from '../api.ts'
import { act, type Context, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { type Column, figure, fromNow, percent, span, table } from '../format.ts'
import type { Surroundings } from '../terminal.ts'

const SHOWN_LEVELS = '0.1,0.5,0.9,0.99'
const SHOWN_STEPS = 12

const EXAMPLES = `
Examples:
  forescale forecast search                              the next steps of requests_per_second
  forescale forecast search --levels 0.5,0.99 --horizon 5
  forescale forecast search --at 2026-11-21T08:00:00Z    the forecast that was the newest then`

export function addForecast(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('forecast')
    .helpGroup('Look:')
    .description("a service's forecast as quantiles")
    .argument('<service>', 'name of the service')
    .option('--metric <name>', 'what is forecast (requests_per_second)')
    .option('--at <time>', 'as of an earlier time: ISO 8601 with a zone, or Unix ms')
    .option('--levels <list>', `probabilities, parted by commas (${SHOWN_LEVELS})`)
    .option('--horizon <steps>', 'steps ahead', wholeNumber(1, 2000))
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(
    command,
    around,
    done,
    async ({ terminal, api }, { metric, at, levels, horizon, json }, [service = '']) => {
      const query = queryOf({
        metric,
        at,
        horizon,
        levels: levels ?? (json ? undefined : SHOWN_LEVELS),
      })
      const answer = await api.raw(
        'GET',
        `/v1/services/${encodeURIComponent(service)}/forecast${query}`,
      )
      if (json) terminal.printJson(answer)
      else show(read(ForecastDocument, answer, api.url), horizon === undefined, { terminal })
      return undefined
    },
  )
}

function show(
  forecast: ForecastDocument,
  shorten: boolean,
  { terminal }: Pick<Context, 'terminal'>,
): void {
  const { service, metric, model, quality, levels, quantiles, stepMs, issuedAtMs } = forecast
  const nowMs = terminal.nowMs()
  terminal.print(terminal.paint('bold', `${service} ${metric}`))
  terminal.print(
    `${model.kind}, issued ${fromNow(issuedAtMs, nowMs)}, ${forecast.expiresAtMs > nowMs ? 'expires' : 'expired'} ${fromNow(forecast.expiresAtMs, nowMs)}`,
  )
  const mase =
    quality.mase === null
      ? 'not measured'
      : `${figure(quality.mase)} (under 1 beats the seasonal naive)`
  terminal.print(
    `backtest: MASE ${mase}, ${percent(quality.coverage90)} inside the 90 % interval, ${quality.origins} origins`,
  )
  if (forecast.drifting)
    terminal.print(terminal.paint('yellow', 'the load has left the forecast: the band is widened'))
  terminal.print()
  const steps = quantiles[0]?.length ?? 0
  const stride = shorten ? Math.ceil(steps / SHOWN_STEPS) : 1
  const rows = Array.from({ length: Math.ceil(steps / stride) }, (_, i) => i * stride)
  const columns: Column<number>[] = [
    { title: 'AHEAD', right: true, text: (k) => span((k + 1) * stepMs) },
    ...levels.map((level, i) => ({
      title: `≤ ${Number((level * 100).toFixed(1))} %`,
      right: true,
      text: (k: number) => figure(quantiles[i]?.[k] ?? Number.NaN),
    })),
  ]
  for (const line of table(columns, rows)) terminal.print(line)
}
