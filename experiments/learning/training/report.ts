/** A training as one HTML file without scripts: its curves as drawings, its figures as tables. */
import { readFileSync } from 'node:fs'
import type { TrainingRound } from '../../../services/trainings/progress.ts'
import type { TrainingConfig } from './config.ts'
import type { Checkpoint } from './train.ts'

const STYLE = new URL('../../../services/backtest/report.css', import.meta.url)
const WIDTH = 640
const HEIGHT = 220
const EDGE = 56

export function reportHtml(config: TrainingConfig, { curve, best }: Checkpoint): string {
  const title = `Training ${config.name}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${readFileSync(STYLE, 'utf8')}
svg { width: 100%; max-width: ${WIDTH}px } polyline { fill: none; stroke: currentColor; stroke-width: 1.5 }
line { stroke: currentColor; stroke-width: 0.5; opacity: 0.5 } text { fill: currentColor; font-size: 11px }</style>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(config.description)}</p>
<p class="quiet">Learner ${config.learner.kind}, seed ${config.seed}. After each round the policy is judged on ${config.loads.workloads.length * config.loads.judged} synthetic loads that it
did not learn from, at ${config.objectives.length} objectives each. Best: ${best ? `round ${best.round}, gain ${percent(best.gain)}` : 'none yet'}.</p>
${curve.length > 0 ? plots(curve) : ''}
<h2>By objective, last round</h2>
${objectives(curve.at(-1))}
</main>
</html>
`
}

function plots(curve: readonly TrainingRound[]): string {
  const figure = (caption: string, figureOf: (round: TrainingRound) => number) =>
    `<figure>${plot(curve, figureOf)}<figcaption>${caption}</figcaption></figure>`
  return [
    figure(
      'Gain over decisions learned from: how much less cost and violations together weigh than at the best point of the predictive policy.',
      ({ gain }) => gain,
    ),
    figure(
      'Reward while learning (exploring), a step: 0 is the predictive policy at the same objective.',
      ({ explored }) => explored,
    ),
    figure('Reward of the judged policy, a step.', ({ reward }) => reward),
    figure(
      'Cost beside the predictive policy at the same objective.',
      ({ costRatio }) => costRatio,
    ),
    figure('Share of violating requests.', ({ violations }) => violations),
  ].join('\n')
}

function plot(curve: readonly TrainingRound[], figureOf: (round: TrainingRound) => number): string {
  const values = curve.map(figureOf)
  const low = Math.min(...values)
  const high = Math.max(...values)
  const steps = curve.at(-1)!.steps
  const x = (at: number) => EDGE + ((WIDTH - EDGE - 8) * at) / steps
  const y = (value: number) =>
    HEIGHT - 24 - ((HEIGHT - 40) * (value - low)) / (high > low ? high - low : 1)
  const points = curve.map((round, i) => `${x(round.steps).toFixed(1)},${y(values[i]!).toFixed(1)}`)
  const label = (value: number) =>
    `<text x="${EDGE - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${Number(value.toPrecision(3))}</text>`
  const zero =
    low < 0 && high > 0
      ? `<line x1="${EDGE}" x2="${WIDTH - 8}" y1="${y(0).toFixed(1)}" y2="${y(0).toFixed(1)}"/>`
      : ''
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${zero}<polyline points="${points.join(' ')}"/>${label(low)}${high > low ? label(high) : ''}<text x="${WIDTH - 8}" y="${HEIGHT - 6}" text-anchor="end">${steps} decisions</text></svg>`
}

function objectives(round: TrainingRound | undefined): string {
  if (!round) return '<p>No round yet.</p>'
  const rows = round.objectives.map(
    ({ objective, gain, plainGain, costRatio, violations, plainViolations }) =>
      `<tr><td>${objective}</td><td>${percent(gain)}</td><td>${percent(plainGain)}</td><td>${percent(costRatio - 1)}</td><td>${share(violations)}</td><td>${share(plainViolations)}</td></tr>`,
  )
  return `<table><thead><tr><th>objective</th><th>gain</th><th>predictive's</th><th>cost beside predictive</th><th>violating</th><th>predictive's</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

const percent = (value: number): string =>
  `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)} %`
const share = (value: number): string => `${(100 * value).toFixed(3)} %`

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
