/**
 * Results as one HTML file that needs no network: tables, and plots by uPlot, whose code and style are put into the file.
 * What is data goes in as JSON, never as markup.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { costAt, FINEST_VIOLATION } from '../frontier/frontier.ts'
import type { Courses, DatasetResults, Results } from './results.ts'
import { percent, sayCost, sayDominance } from './wording.ts'

const require = createRequire(import.meta.url)
const PAGE = new URL('./report-page.js', import.meta.url)
const STYLE = new URL('../../services/backtest/report.css', import.meta.url)
/** Arms of which a course is shown, the reference first. */
const MOST_COURSES = 4

export function reportHtml(results: Results, courses: Courses): string {
  const { name, description, datasets } = results
  const data = datasets.map((dataset) => plotData(dataset, results, courses))
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  const title = `Experiment ${name}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8')}
${readFileSync(STYLE, 'utf8')}</style>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(description)}</p>
<p class="quiet">Every result is a pair: what it cost, and which share of requests broke its service's SLO. A frontier is what
no other setting of the same controller beats in both. Intervals hold ${percent(results.level)} of ${results.draws} draws of blocks of time and
seeds, the same ones for both sides.</p>
${datasets.map((dataset, i) => section(dataset, results, i)).join('\n')}
<h2>Provenance</h2>
${provenance(results)}
</main>
<script type="application/json" id="data">${json}</script>
<script>${readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')}</script>
<script>${readFileSync(PAGE, 'utf8')}</script>
</html>
`
}

function section(dataset: DatasetResults, results: Results, i: number): string {
  const { synthetic, costBudgetPerHour } = dataset
  const figure = (plot: string, caption: string, look = '') =>
    `<figure${look}><div id="${plot}-${i}"></div><figcaption>${caption}</figcaption></figure>`
  const label = synthetic ? ' <small>(synthetic load)</small>' : ''
  return `<section>
<h2>${escapeHtml(dataset.dataset)}${label}</h2>
<p class="quiet">Budget ${costBudgetPerHour.toFixed(2)} $/h.</p>
${table(dataset, results, i)}
<div class="plots">
${figure('frontier', `Frontiers: each controller swept over its parameters. Shaded: no better than ${escapeHtml(results.reference)} somewhere on its front. Down and left is better.`, ' class="wide"')}
${figure('course', 'Ready replicas of the first service: mean of each interval, and band from least to most of the first controller; its load in grey, right.', ' class="wide"')}
${figure('forecast', 'Load of the first service in grey, and what was forecast of it a start-up and a tick before: median, and band from the 5 % to the 95 % quantile.', ' class="wide"')}
${figure('money', 'Cost over time, and the budget (dashed).')}
${figure('price', 'Shadow price of the budget: how much risk its last unit bought back. 0: there was enough.')}
</div>
</section>`
}

function table({ frontiers, comparisons, dataset }: DatasetResults, results: Results, i: number) {
  const where = `≤ ${percent(results.atViolation)} violating`
  const rows = frontiers.map(({ arm, points, best, seesFuture }) => {
    const point = points[best]!
    const comparison = comparisons.find(({ theirs }) => theirs === arm)
    const words = comparison
      ? `${sayCost(comparison, comparison.costRatio, where).words}; ${sayDominance(comparison, comparison)}`
      : ''
    const chosen = arm === results.reference ? ' class="chosen"' : ''
    const name = `${arm}${seesFuture ? ' (sees the future)' : ''}`
    return `<tr${chosen}><th scope="row">${escapeHtml(name)}</th><td>${points.length}</td><td>${point.cost.toFixed(3)}</td><td>${(100 * point.violationRatio).toFixed(4)} %</td><td style="text-align:left;white-space:normal">${escapeHtml(words)}</td></tr>`
  })
  return `<div class="scroll" role="region" tabindex="0" aria-labelledby="table-${i}"><table class="scores">
<caption id="table-${i}" class="quiet">${escapeHtml(dataset)}: of each controller the cheapest setting with ${where} requests, or else the one that violates least</caption>
<thead><tr><th scope="col" class="model">controller</th><th scope="col">settings</th><th scope="col">$/h</th><th scope="col">violating</th><th scope="col">against ${escapeHtml(results.reference)}</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`
}

function provenance({ provenance: facts, configHash, datasets }: Results): string {
  const all = { ...facts, config: configHash }
  const items = Object.entries(all).map(
    ([k, v]) => `<li>${escapeHtml(`${k}: ${v ?? 'unknown'}`)}</li>`,
  )
  const loads = new Map(datasets.flatMap(({ data }) => data.map((one) => [one.load, one])))
  const sources = [...loads.values()].map(({ load, synthetic, licence, origin, sha256 }) => {
    const parts = [
      synthetic ? 'synthetic' : 'recorded',
      licence,
      origin,
      sha256 && `SHA-256 ${sha256}`,
    ]
    return `<li>${escapeHtml(`${load}: ${parts.filter((part) => part).join('; ')}`)}</li>`
  })
  return `<ul>${items.join('')}</ul><h3>Loads</h3><ul>${sources.join('')}</ul>`
}

/** Columns for the plots of one data set. */
function plotData(dataset: DatasetResults, results: Results, courses: Courses) {
  const { frontiers, costBudgetPerHour } = dataset
  const shownAt = (violation: number) => Math.max(violation, FINEST_VIOLATION)
  const reference = frontiers.find(({ arm }) => arm === results.reference)!
  const all = frontiers.flatMap(({ points }) => points.map((p) => shownAt(p.violationRatio)))
  const xs = [...new Set([...all, 1])].sort((a, b) => a - b)
  const own = courses[dataset.dataset] ?? {}
  const order = [reference, ...frontiers.filter((f) => f !== reference)].slice(0, MOST_COURSES)
  return {
    reference: results.reference,
    violations: xs,
    frontiers: frontiers.map(({ arm, seesFuture, points }) => ({
      arm,
      seesFuture,
      // the least cost at each violation: a step line; marks where a setting was really run
      costs: xs.map((x) => {
        const cost = costAt(points, x)
        return Number.isFinite(cost) ? cost : null
      }),
      marks: points.filter((p) => p.onFront).map((p) => xs.indexOf(shownAt(p.violationRatio))),
    })),
    courses: order.flatMap(({ arm }) => (own[arm] ? [{ arm, ...own[arm] }] : [])),
    costBudgetPerHour,
  }
}

function escapeHtml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, (c) => named[c]!)
}
