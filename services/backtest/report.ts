/**
 * The backtest as one HTML file that needs no network: tables, and plots drawn by uPlot, whose code and style are put
 * into the file. What is data goes in as JSON, never as markup.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { RollingResult } from '../../forecaster/accuracy/rolling.ts'
import { LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import type { BacktestReport, ServiceBacktest } from './backtest.ts'

const require = createRequire(import.meta.url)
const PAGE = new URL('./report-page.js', import.meta.url)
const STYLE = new URL('./report.css', import.meta.url)
const BAND = [0.05, 0.5, 0.95].map((level) => LEVELS.indexOf(level))
/** A plot shows the last steps of the training part, and all of the test part. */
const SHOWN_TRAINING = 0.5
const MOST_POINTS = 4000
/** Digits that a plot can show. */
const DIGITS = 6
const UNITS: readonly (readonly [string, number])[] = [
  ['week', 7 * 24 * 3600e3],
  ['day', 24 * 3600e3],
  ['h', 3600e3],
  ['min', 60e3],
  ['s', 1000],
  ['ms', 1],
]

export function reportHtml(report: BacktestReport, title: string): string {
  const data = { levels: LEVELS, services: report.services.map(plotData) }
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8')}
${readFileSync(STYLE, 'utf8')}</style>
<main>
<h1>${escapeHtml(title)}</h1>
<p>Rolling origin: every model is fitted on the first part of the series, follows the rest step by step, and forecasts from
issue times spread over it, knowing only what came before. <dfn>SPL</dfn>: mean pinball loss over ${LEVELS.length} levels ÷ mean load (half the
scaled CRPS). <dfn>MASE</dfn> under 1 beats repeating the last season. <dfn>In 90 %</dfn>: share of loads inside the 90 % interval.</p>
${report.services.map(section).join('\n')}
${report.left.length > 0 ? `<h2>Not tested</h2><ul>${report.left.map(({ service, reason }) => `<li>${escapeHtml(service)}: ${escapeHtml(reason)}</li>`).join('')}</ul>` : ''}
</main>
<script type="application/json" id="data">${json}</script>
<script>${readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')}</script>
<script>${readFileSync(PAGE, 'utf8')}</script>
</html>
`
}

function section(service: ServiceBacktest, index: number): string {
  const { chosen, why } = service
  const figure = (plot: string, caption: string, look = '') =>
    `<figure${look}><div id="${plot}-${index}"></div><figcaption>${caption}</figcaption></figure>`
  return `<section>
<h2>${escapeHtml(service.service)}</h2>
<p><strong>Choice: ${escapeHtml(chosen)}</strong> (${escapeHtml(why)}).</p>
<p class="quiet">${escapeHtml(tested(service))}</p>
${scores(service, index)}
<div class="plots">
${figure('load', 'Load, and forecasts of the choice from its issue times: median and 90 % interval. Tested right of the dashed line. Drag to look closer, double-click for all.', ' class="wide"')}
${figure('loss', 'SPL by model and horizon; lower is better.')}
${figure('calibration', 'Calibration of the choice: how much larger the share of loads under each quantile is than its level. Calibrated is 0.')}
</div>
</section>`
}

/** What was tested, as a sentence. */
function tested({ series, plan, results }: ServiceBacktest): string {
  const { values, startMs, stepMs } = series
  const [from, to] = [startMs, startMs + values.length * stepMs].map((ms) =>
    new Date(ms).toISOString().slice(0, 16).replace('T', ' '),
  )
  const seasons = results[0]!.seasons.map((season) => duration(season * stepMs)).join(', ')
  return (
    `${values.length} steps of ${duration(stepMs)} from ${from} to ${to} (UTC), ` +
    `tested on the last ${values.length - plan.testFrom} from ${plan.origins.length} issue times. ` +
    `Seasons: ${seasons || 'none found'}.`
  )
}

function scores({ service, plan, results, chosen }: ServiceBacktest, index: number): string {
  const groups = plan.horizons.map(
    (h) => `<th scope="colgroup" colspan="3" class="first">up to ${h} steps ahead</th>`,
  )
  const heads = plan.horizons.map(
    () =>
      '<th scope="col" class="first">SPL</th><th scope="col">MASE</th><th scope="col">in 90 %</th>',
  )
  const rows = results.map((result) => row(result, result.entrant === chosen))
  return `<div class="scroll" role="region" tabindex="0" aria-labelledby="scores-${index}"><table class="scores">
<caption id="scores-${index}" class="quiet">Scores of the models on ${escapeHtml(service)}</caption>
<thead><tr><th></th>${groups.join('')}<th scope="colgroup" colspan="2" class="first">time, ms</th></tr>
<tr><th scope="col" class="model">model</th>${heads.join('')}<th scope="col" class="first">fit</th><th scope="col">forecast</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`
}

function row({ entrant, spoke, scores, fitMs, forecastMs }: RollingResult, best: boolean): string {
  const cells = scores.map((score) => {
    const [spl, mase, held] = score
      ? [score.spl.toFixed(4), score.mase?.toFixed(3) ?? '–', percentOf(score.coverage90)]
      : ['–', '–', '–']
    return `<td class="first">${spl}</td><td>${mase}</td><td>${held}</td>`
  })
  const name = `${entrant}${spoke === entrant ? '' : ` (${spoke} spoke)`}${best ? ' ← choice' : ''}`
  return `<tr${best ? ' class="chosen"' : ''}><th scope="row">${escapeHtml(name)}</th>${cells.join('')}<td class="first">${Math.round(fitMs)}</td><td>${forecastMs.toFixed(2)}</td></tr>`
}

function percentOf(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** "1 day", "15 s": in the largest unit that is not over it. */
function duration(ms: number): string {
  const [name, unit] = UNITS.find(([, length]) => ms >= length) ?? UNITS.at(-1)!
  const count = Math.round((100 * ms) / unit) / 100
  return `${count} ${name}${count !== 1 && ['week', 'day'].includes(name) ? 's' : ''}`
}

/** Columns for the plots of one service. */
function plotData({ service, series, plan, results, chosen }: ServiceBacktest) {
  const best = results.find(({ entrant }) => entrant === chosen)!
  const { values, startMs, stepMs } = series
  const from = Math.max(
    0,
    Math.floor(plan.testFrom * (1 - SHOWN_TRAINING)),
    values.length - MOST_POINTS,
  )
  const reach = plan.horizons.at(-1)!
  const bands = BAND.map(() => new Array<number | null>(values.length - from).fill(null))
  plan.origins.forEach((origin, o) => {
    // where two forecasts overlap the newer one is shown
    const until = Math.min(origin + reach, plan.origins[o + 1] ?? values.length, values.length)
    for (let t = Math.max(origin, from); t < until; t++)
      BAND.forEach((level, i) => {
        bands[i]![t - from] = shown(quantileAt(best.forecasts[o]!, level, t - origin))
      })
  })
  return {
    service,
    times: Array.from(
      { length: values.length - from },
      (_, i) => (startMs + (from + i) * stepMs) / 1000,
    ),
    load: Array.from(values.subarray(from), (v) => (Number.isNaN(v) ? null : shown(v))),
    bands,
    testFrom: (startMs + plan.testFrom * stepMs) / 1000,
    chosen,
    horizons: plan.horizons,
    entrants: results.map(({ entrant, scores }) => ({
      entrant,
      spl: scores.map((s) => s?.spl ?? null),
    })),
    calibration: best.scores.map((score) => score?.coverage ?? null),
  }
}

function shown(value: number): number {
  return Number(value.toPrecision(DIGITS))
}

function escapeHtml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, (c) => named[c]!)
}
