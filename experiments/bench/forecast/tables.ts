/** The comparison as text: aligned columns, the figure first that decides. */
import { LEVELS } from '../../../forecaster/forecast.ts'
import type { Figure } from '../timing.ts'
import { type Entrant, summarise, traceSpl } from './field.ts'
import type { PeerRun } from './peers.ts'
import type { Score } from './score.ts'

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
  return [line(titles), line(widths.map((w) => '─'.repeat(w))), ...rows.map(line)].join('\n')
}

const figure = (value: number, digits = 4): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–'
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Every model over all horizons, or one: lowest loss first. */
export function modelTable(
  field: readonly Entrant[],
  traces: readonly string[],
  horizon?: string,
): string {
  const rows = field
    .map((entrant) => summarise(entrant, field, traces, horizon))
    .sort((a, b) => a.spl - b.spl)
    .map(({ model, spl, mase, rank, coverage90 }) => [
      model,
      figure(spl),
      figure(mase, 3),
      figure(rank, 2),
      percent(coverage90),
    ])
  return table(['model', 'scaled pinball', 'MASE', 'mean rank', '90 % holds'], rows)
}

/** Per trace: ours, naive, the best peer there, and the ratios. */
export function traceTable(
  field: readonly Entrant[],
  ours: Entrant,
  naive: Entrant,
  traces: readonly string[],
): string {
  const peers = field.filter(({ side }) => side === 'peer')
  const rows = traces.map((trace) => {
    const [own, base] = [traceSpl(ours, trace) ?? Number.NaN, traceSpl(naive, trace) ?? Number.NaN]
    const best = peers
      .map((peer) => ({ model: peer.model, spl: traceSpl(peer, trace) ?? Number.NaN }))
      .sort((a, b) => a.spl - b.spl)[0]
    return [
      trace,
      figure(own),
      figure(own / base, 3),
      best ? figure(own / best.spl, 3) : '–',
      best?.model ?? '–',
    ]
  })
  return table(
    ['trace', 'scaled pinball', '÷ yesterday', '÷ best peer here', 'best peer here'],
    rows,
  )
}

/** Share of actual values inside the 5 %–95 % interval, from every step of the test part. */
export function coverageTable(dense: ReadonlyMap<string, readonly Score[]>): string {
  const horizons = ['5', '15', '60', 'day']
  const rows = [...dense].map(([trace, scores]) => [
    trace,
    ...horizons.map((name) => {
      const score = scores.find(({ horizon }) => horizon === name)
      return score ? percent(score.coverage90) : '–'
    }),
  ])
  return table(['90 % interval holds', ...horizons.map((h) => `to ${h}`)], rows)
}

/** Share of actual values under each quantile, mean over traces. */
export function levelTable(dense: ReadonlyMap<string, readonly Score[]>): string {
  const horizons = ['5', '15', '60', 'day']
  const rows = LEVELS.map((level, i) => [
    String(level),
    ...horizons.map((name) => {
      const shares = [...dense.values()].flatMap((scores) =>
        scores.filter(({ horizon }) => horizon === name).map(({ coverage }) => coverage[i]!),
      )
      return shares.length === 0 ? '–' : percent(shares.reduce((a, b) => a + b) / shares.length)
    }),
  ])
  return table(['under the quantile', ...horizons.map((h) => `to ${h}`)], rows)
}

/** What each peer cost, and how often the naive forecast had to stand in. */
export function peerTable(runs: readonly PeerRun[]): string {
  const rows = runs.map(({ model, seconds, replaced, issued, reasons }) => [
    model,
    seconds.toFixed(0),
    `${replaced} of ${issued}`,
    reasons.join(' | ').slice(0, 80),
  ])
  return table(['peer', 'seconds', 'naive stood in', 'because'], rows)
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, peer, ratio }) => [
    name,
    Number(value.toPrecision(4)).toString(),
    ratio.toPrecision(3),
    `${unit}; against ${peer}`,
  ])
  return table(['figure', 'value', 'ratio', 'unit and peer'], rows)
}
