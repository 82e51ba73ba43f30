/** The comparison as figures, each with what it is measured against and the ratio to that. */
import type { Figure } from '../timing.ts'
import { DEFAULT, YESTERDAY } from './entrants.ts'
import { bestPeer, type Entrant, meanSpl, ratioOf, summarise, worstRatio } from './field.ts'
import type { Score } from './score.ts'
import type { Walk } from './walk.ts'

const COVERAGE = 0.9
const COVERAGE_BAR = 0.02
const LOSS_BAR = 0.95
const NAIVE_BAR = 1.02

export interface Comparison {
  readonly field: readonly Entrant[]
  readonly traces: readonly string[]
  /** By model, by trace. */
  readonly walks: ReadonlyMap<string, ReadonlyMap<string, Walk>>
}

export function figuresOf(comparison: Comparison): Figure[] {
  return [
    ...headline(comparison),
    ...coverageFigures(denseOf(comparison, 'ours')),
    ...modelFigures(comparison),
  ]
}

/** Scores from every step of the test part, by trace: of our default, or of the naive forecast beside it. */
export function denseOf(
  { walks }: Pick<Comparison, 'walks'>,
  of: 'ours' | 'naive',
): Map<string, readonly Score[]> {
  return new Map(
    [...(walks.get(DEFAULT) ?? [])].flatMap(([trace, walk]) =>
      walk.dense ? [[trace, walk.dense[of]]] : [],
    ),
  )
}

function headline(comparison: Comparison): Figure[] {
  const { field, traces } = comparison
  const ours = field.find(({ model }) => model === DEFAULT)!
  const naive = field.find(({ model }) => model === YESTERDAY)!
  const figures: Figure[] = []
  const best = bestPeer(field, traces)
  if (best) {
    const { ratio, interval } = ratioOf(ours, best, traces)
    const peer = `best single peer (${best.model}); bar ${LOSS_BAR}`
    const spread = { low: interval.low, high: interval.high }
    const name = 'forecast.spl.ratio_to_best_peer'
    figures.push({ name, value: ratio, unit: '× its mean loss', peer, ratio })
    for (const [end, value] of Object.entries(spread))
      figures.push({ name: `${name}.${end}`, value, unit: '95 % bootstrap', peer, ratio: value })
  }
  figures.push(...rankFigure(comparison, ours))
  const worst = worstRatio(ours, naive, traces)
  const peer = `${YESTERDAY} on ${worst.trace}; bar ${NAIVE_BAR}`
  figures.push({
    name: 'forecast.spl.worst_ratio_to_naive',
    value: worst.ratio,
    unit: '× its loss',
    peer,
    ratio: worst.ratio,
  })
  return [...figures, ...denseRatios(comparison)]
}

/** Our default's mean rank against that of the next best, naive forecasts and peers alike. */
function rankFigure({ field, traces }: Comparison, ours: Entrant): Figure[] {
  const rankOf = (entrant: Entrant) => summarise(entrant, field, traces).rank
  const next = field
    .filter(({ side }) => side === 'peer' || side === 'naive')
    .map((entrant) => ({ model: entrant.model, rank: rankOf(entrant) }))
    .sort((a, b) => a.rank - b.rank)[0]
  if (!next) return []
  const value = rankOf(ours)
  const peer = `${next.model}, ${next.rank.toFixed(2)}; bar: below 1`
  return [{ name: 'forecast.rank', value, unit: 'mean rank', peer, ratio: value / next.rank }]
}

/** The same from every step of the test part: less chance in which issue times were drawn. */
function denseRatios(comparison: Comparison): Figure[] {
  const entrant = (of: 'ours' | 'naive'): Entrant => ({
    model: of,
    side: 'naive',
    scores: denseOf(comparison, of),
  })
  const [ours, naive] = [entrant('ours'), entrant('naive')]
  const traces = comparison.traces.filter((trace) => ours.scores.has(trace))
  if (traces.length === 0) return []
  const { ratio } = ratioOf(ours, naive, traces)
  const worst = worstRatio(ours, naive, traces)
  const unit = '× its loss, issued at every step'
  return [
    { name: 'forecast.dense.spl.ratio_to_naive', value: ratio, unit, peer: YESTERDAY, ratio },
    {
      name: 'forecast.dense.spl.worst_ratio_to_naive',
      value: worst.ratio,
      unit,
      peer: `${YESTERDAY} on ${worst.trace}; bar ${NAIVE_BAR}`,
      ratio: worst.ratio,
    },
  ]
}

/** How far the 90 % interval of a whole trace is from holding 90 %, at each horizon and worst. */
function coverageFigures(dense: ReadonlyMap<string, readonly Score[]>): Figure[] {
  const scores = [...dense].flatMap(([trace, of]) => of.map((score) => ({ trace, ...score })))
  const row = (name: string, of: typeof scores, held: (score: Score) => number): Figure[] => {
    const error = (score: Score) => Math.abs(held(score) - COVERAGE)
    const worst = of.toSorted((a, b) => error(b) - error(a))[0]
    if (!worst) return []
    return [
      {
        name,
        value: error(worst),
        unit: '|coverage − 0.9|',
        peer: `bar ${COVERAGE_BAR}; worst on ${worst.trace}, horizon ${worst.horizon}`,
        ratio: error(worst) / COVERAGE_BAR,
      },
    ]
  }
  const name = 'forecast.coverage90.worst_error'
  const within = scores.filter(({ coverage90 }) => Math.abs(coverage90 - COVERAGE) <= COVERAGE_BAR)
  const share = within.length / scores.length
  return [
    {
      name: 'forecast.coverage90.within_bar',
      value: share,
      unit: 'of trace × horizon cells hold 88–92 %',
      peer: 'bar: all',
      ratio: share,
    },
    ...row(name, scores, (score) => score.coverage90),
    ...row(`${name}.closed_interval`, scores, (score) => score.closed90),
    ...['5', '15', '60', 'day'].flatMap((horizon) => {
      const of = scores.filter((score) => score.horizon === horizon)
      return row(`${name}.${horizon}`, of, (score) => score.coverage90)
    }),
  ]
}

function modelFigures({ field, traces }: Comparison): Figure[] {
  const naive = field.find(({ model }) => model === YESTERDAY)!
  const reference = summarise(naive, field, traces)
  return field.flatMap((entrant): Figure[] => {
    const { spl, mase, rank } = summarise(entrant, field, traces)
    const name = entrant.model.replaceAll(/[^A-Za-z0-9]+/g, '_')
    const peer = YESTERDAY
    return [
      {
        name: `forecast.model.${name}.spl`,
        value: spl,
        unit: 'pinball loss ÷ mean load',
        peer,
        ratio: spl / meanSpl(naive, traces),
      },
      {
        name: `forecast.model.${name}.mase`,
        value: mase,
        unit: 'MASE',
        peer,
        ratio: mase / reference.mase,
      },
      {
        name: `forecast.model.${name}.rank`,
        value: rank,
        unit: 'mean rank',
        peer,
        ratio: rank / reference.rank,
      },
    ]
  })
}
