/**
 * The backtest as one HTML file that needs no network: tables, and plots drawn by uPlot, whose code and style are put
 * into the file. What is data goes in as JSON, never as markup.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import type { BacktestReport, ServiceBacktest } from './backtest.ts'

const require = createRequire(import.meta.url)
const PAGE = new URL('./report-page.js', import.meta.url)
const STYLE = new URL('./report.css', import.meta.url)
const BAND = [0.05, 0.5, 0.95].map((level) => LEVELS.indexOf(level))
/** A plot shows the last steps of the training part, and all of the test part. */
const SHOWN_TRAINING = 0.5
const MOST_POINTS = 4000

export function reportHtml(report: BacktestReport, title: string): string {
  const data = { levels: LEVELS, services: report.services.map(plotData), stepMs: report.stepMs }
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

function section(
  { service, series, plan, results, chosen, why }: ServiceBacktest,
  index: number,
): string {
  const heads = plan.horizons.flatMap((h) => [`SPL to ${h}`, `MASE to ${h}`, `in 90 % to ${h}`])
  const rows = results.map((result) => {
    const cells = result.scores.flatMap((score) =>
      score
        ? [
            score.spl.toFixed(4),
            score.mase?.toFixed(3) ?? '–',
            `${(100 * score.coverage90).toFixed(1)} %`,
          ]
        : ['–', '–', '–'],
    )
    const times = [`${Math.round(result.fitMs)} ms`, `${result.forecastMs.toFixed(2)} ms`]
    const name =
      result.spoke === result.entrant ? result.entrant : `${result.entrant} (${result.spoke} spoke)`
    const mark = result.entrant === chosen ? ' class="chosen"' : ''
    return `<tr${mark}><th scope="row">${escapeHtml(name)}</th>${[...cells, ...times].map((c) => `<td>${c}</td>`).join('')}</tr>`
  })
  const seasons = results[0]!.seasons.map((season) => `${season} steps`).join(', ') || 'none found'
  return `<section>
<h2>${escapeHtml(service)}</h2>
<p>${series.values.length} steps, tested on the last ${series.values.length - plan.testFrom} from ${plan.origins.length} issue times; seasons: ${seasons}.
<strong>Choice: ${escapeHtml(chosen)}</strong> (${escapeHtml(why)}).</p>
<div class="scroll"><table><thead><tr><th scope="col">model</th>${[...heads, 'fit', 'forecast'].map((h) => `<th scope="col">${h}</th>`).join('')}</tr></thead>
<tbody>${rows.join('')}</tbody></table></div>
<div class="plots"><figure><div id="load-${index}"></div><figcaption>Load, and forecasts of the choice from its issue times: median and 90 % interval</figcaption></figure>
<figure><div id="loss-${index}"></div><figcaption>SPL by model and horizon</figcaption></figure>
<figure><div id="calibration-${index}"></div><figcaption>Share of loads under each quantile, by horizon; on the diagonal is calibrated</figcaption></figure></div>
</section>`
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
        bands[i]![t - from] = quantileAt(best.forecasts[o]!, level, t - origin)
      })
  })
  return {
    service,
    times: Array.from(
      { length: values.length - from },
      (_, i) => (startMs + (from + i) * stepMs) / 1000,
    ),
    load: Array.from(values.subarray(from), (v) => (Number.isNaN(v) ? null : v)),
    bands,
    horizons: plan.horizons,
    entrants: results.map(({ entrant, scores }) => ({
      entrant,
      spl: scores.map((s) => s?.spl ?? null),
    })),
    calibration: best.scores.map((score) => score?.coverage ?? null),
  }
}

function escapeHtml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, (c) => named[c]!)
}
