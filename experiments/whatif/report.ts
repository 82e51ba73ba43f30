/**
 * The report as one HTML file that needs no network: tables, and plots drawn by uPlot, whose code and style are put into
 * the file. What is data goes in as JSON, never as markup.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Arm } from './arms.ts'
import type { Scope, WhatifDocument } from './document.ts'
import type { Whatif } from './whatif.ts'
import {
  assumptionLines,
  budgetLines,
  DEAD_BAND_REMEDY,
  deadBandLines,
  rowsOf,
  savingLines,
  sloLine,
  spanOf,
} from './wording.ts'

const require = createRequire(import.meta.url)
const PAGE = new URL('./report-page.js', import.meta.url)
/** The same look as a backtest's. */
const STYLE = new URL('../../services/backtest/report.css', import.meta.url)
/** A plot of a service shows this many points at most, each the greatest of its ticks. */
const MOST_POINTS = 2000
const DIGITS = 5

export function reportHtml(whatif: Whatif, document: WhatifDocument): string {
  const json = JSON.stringify(plotData(whatif, document)).replaceAll('<', '\\u003c')
  const { scopes, frontier, budget, verdicts, warnings, assumptions } = document
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What if Forescale had scaled</title>
<style>${readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8')}
${readFileSync(STYLE, 'utf8')}</style>
<main>
<h1>What if Forescale had scaled</h1>
<p>${escapeHtml(spanOf(document))}</p>
${list(warnings.map((warning) => `Caution: ${warning}`))}
${verdicts.length > 0 ? `<h2>Conditions</h2>${list(verdicts.map(({ condition, isMet, why }) => `${isMet ? 'FAILS' : 'ok'}: ${condition} (${why})`))}` : ''}
<p>${escapeHtml(sloLine(document))}</p>
${scopes.map((scope, i) => section(scope, i, assumptions[0]!.service, scopes.length > 1)).join('\n')}
${frontier ? `<section><h2>Cost and violations</h2><figure class="wide"><div id="frontier"></div><figcaption>Each setting that was replayed: $/hour against the share of requests outside the SLO, on a logarithmic scale. Further down and further left is better.</figcaption></figure></section>` : ''}
${budget ? `<section><h2>Budget</h2>${paragraphs(budgetLines(document))}</section>` : ''}
<section><h2>Dead band of the HPA</h2>${list(deadBandLines(document))}<p>${DEAD_BAND_REMEDY}</p></section>
<section><h2>Assumed</h2>${list(assumptionLines(document))}</section>
</main>
<script type="application/json" id="data">${json}</script>
<script>${readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')}</script>
<script>${readFileSync(PAGE, 'utf8')}</script>
</html>
`
}

/** `i`: of the scopes; where there are several the first is of all services together and has no trace. */
function section(scope: Scope, i: number, only: string, isMany: boolean): string {
  const service = scope.service ?? (isMany ? 'all services' : only)
  const trace = isMany ? i - 1 : i
  const plot =
    trace < 0
      ? ''
      : `<figure class="wide"><div id="trace-${trace}"></div><figcaption>Load, and replicas ready under each. Drag to look closer, double-click for all.</figcaption></figure>`
  return `<section><h2>${escapeHtml(service)}</h2>${figures(scope, i)}${paragraphs(savingLines(scope))}${plot}</section>`
}

function figures(scope: Scope, i: number): string {
  const { baseline } = scope
  const heads = [
    ...(baseline ? ['baseline'] : []),
    baseline ? 'edited rule' : 'present rule',
    ...(baseline ? ['the edit'] : []),
    'Forescale',
    'Forescale against the rule',
  ]
  const rows = rowsOf(scope).map(({ title, before, present, edit, forescale, difference }) => {
    const cells = [before, present, edit, forescale, difference].filter((cell) => cell !== null)
    return `<tr><th scope="row">${title}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  return `<div class="scroll" role="region" tabindex="0" aria-labelledby="figures-${i}"><table class="scores">
<caption id="figures-${i}" class="quiet">${escapeHtml(scope.service ?? 'In total')}</caption>
<thead><tr><td></td>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`
}

const paragraphs = (lines: readonly string[]): string =>
  lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('')

const list = (lines: readonly string[]): string =>
  lines.length === 0
    ? ''
    : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`

function plotData(
  { scenario, present, forescale, baseline }: Whatif,
  { frontier }: WhatifDocument,
) {
  const ticks = present.record.columns[0]!.ready.length
  const width = Math.max(1, Math.ceil(ticks / MOST_POINTS))
  const times = Array.from(
    { length: Math.ceil(ticks / width) },
    (_, k) => (scenario.startMs + k * width * scenario.tickMs) / 1000,
  )
  const arms: readonly Arm[] = [...(baseline ? [baseline] : []), present, forescale]
  return {
    times,
    services: scenario.services.map((_, i) => ({
      load: greatest(
        present.record.columns[i]!.arrivals.map((n) => n / (scenario.tickMs / 1000)),
        width,
      ),
      arms: arms.map(({ label, record }) => ({
        label,
        ready: greatest(record.columns[i]!.ready, width),
      })),
    })),
    frontier,
  }
}

function greatest(values: Float64Array, width: number): number[] {
  return Array.from({ length: Math.ceil(values.length / width) }, (_, k) =>
    Number(Math.max(...values.subarray(k * width, (k + 1) * width)).toPrecision(DIGITS)),
  )
}

function escapeHtml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, (c) => named[c]!)
}
