/**
 * The field of forecasters and how they compare: means over traces, ranks over trace × horizon cells, and ratios with a
 * bootstrap interval over traces (a trace, not a cell, is what could have been drawn differently).
 */
import { seededRandom } from '../../../forecaster/random.ts'
import { bootstrapInterval, type Interval } from '../../bootstrap.ts'
import type { Score } from './score.ts'

/** `ours`: the default. `single`: one of our models alone. `naive`: what anyone can do by hand. */
export type Side = 'ours' | 'single' | 'naive' | 'peer'

export interface Entrant {
  readonly model: string
  readonly side: Side
  readonly scores: ReadonlyMap<string, readonly Score[]>
}

export interface Summary {
  readonly model: string
  readonly side: Side
  /** Mean over traces (of a trace's mean over horizons), or of one horizon. */
  readonly spl: number
  readonly mase: number
  readonly coverage90: number
  /** Mean over cells of 1 + how many of default, naives and peers (itself aside) had a lower loss; ties count half. */
  readonly rank: number
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length

const scoresOf = (entrant: Entrant, trace: string, horizon?: string): readonly Score[] =>
  (entrant.scores.get(trace) ?? []).filter((s) => horizon === undefined || s.horizon === horizon)

/** A trace's mean scaled pinball loss; undefined where it has no such horizon. */
export function traceSpl(entrant: Entrant, trace: string, horizon?: string): number | undefined {
  const scores = scoresOf(entrant, trace, horizon)
  return scores.length === 0 ? undefined : mean(scores.map(({ spl }) => spl))
}

export function meanSpl(entrant: Entrant, traces: readonly string[], horizon?: string): number {
  return mean(traces.flatMap((trace) => traceSpl(entrant, trace, horizon) ?? []))
}

export function summarise(
  entrant: Entrant,
  field: readonly Entrant[],
  traces: readonly string[],
  horizon?: string,
): Summary {
  const rivals = field.filter((other) => {
    if (other.model === entrant.model || other.side === 'single') return false
    return !(entrant.side === 'single' && other.side === 'ours')
  })
  const perTrace = traces
    .map((trace) => scoresOf(entrant, trace, horizon))
    .filter((scores) => scores.length > 0)
  const cells = traces.flatMap((trace) =>
    scoresOf(entrant, trace, horizon).map((score) => ({ trace, score })),
  )
  return {
    model: entrant.model,
    side: entrant.side,
    spl: meanSpl(entrant, traces, horizon),
    mase: mean(perTrace.map((scores) => mean(scores.flatMap(({ mase }) => mase ?? [])))),
    coverage90: mean(perTrace.map((scores) => mean(scores.map((s) => s.coverage90)))),
    rank: mean(cells.map(({ trace, score }) => rankOf(score, trace, rivals))),
  }
}

function rankOf(score: Score, trace: string, rivals: readonly Entrant[]): number {
  let rank = 1
  for (const rival of rivals) {
    const theirs = scoresOf(rival, trace, score.horizon)[0]
    if (theirs === undefined) continue
    if (theirs.spl < score.spl) rank += 1
    else if (theirs.spl === score.spl) rank += 0.5
  }
  return rank
}

/** Mean loss of `a` over that of `b`, both over the same traces, with a 95 % bootstrap interval. */
export function ratioOf(
  a: Entrant,
  b: Entrant,
  traces: readonly string[],
  horizon?: string,
): { readonly ratio: number; readonly interval: Interval } {
  const pairs = traces.flatMap((trace) => {
    const [x, y] = [traceSpl(a, trace, horizon), traceSpl(b, trace, horizon)]
    return x === undefined || y === undefined ? [] : [{ x, y }]
  })
  const statistic = (rows: readonly { x: number; y: number }[]) =>
    mean(rows.map(({ x }) => x)) / mean(rows.map(({ y }) => y))
  return { ratio: statistic(pairs), interval: bootstrapInterval(pairs, statistic, seededRandom(1)) }
}

/** Where `a` loses most against `b`. */
export function worstRatio(
  a: Entrant,
  b: Entrant,
  traces: readonly string[],
): { readonly trace: string; readonly ratio: number } {
  let worst = { trace: '', ratio: 0 }
  for (const trace of traces) {
    const ratio = (traceSpl(a, trace) ?? Number.NaN) / (traceSpl(b, trace) ?? Number.NaN)
    if (ratio > worst.ratio) worst = { trace, ratio }
  }
  return worst
}

/** The peer with the lowest mean loss. */
export function bestPeer(field: readonly Entrant[], traces: readonly string[], horizon?: string) {
  const loss = (entrant: Entrant) => meanSpl(entrant, traces, horizon)
  return field
    .filter(({ side, scores }) => side === 'peer' && traces.every((trace) => scores.has(trace)))
    .sort((a, b) => loss(a) - loss(b))[0]
}
