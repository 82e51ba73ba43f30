/** What moved a count, as bars: the inputs of the decision, and what a learned policy made of each thing that it saw. */
import { FEATURE_WORDS } from '../../../agents/policies/learned/feature-words.ts'
import { TUNING_WORDS } from '../../../agents/policies/learned/tuning-words.ts'
import { PART_WORDS } from '../../../coordinator/attribution-parts.ts'
import type { Explanation } from '../../explanations/explanation.ts'
import { h } from '../ui/dom.ts'
import * as format from '../ui/format.ts'
import { type Clock, fullTimeText } from '../ui/time.ts'

/** Parts that moved less are left out. */
const NEGLIGIBLE_REPLICAS = 0.05
/** And what stretched the forecast by less. */
const NEGLIGIBLE_STRETCH = 0.005

interface Bar {
  readonly words: string
  readonly figure: string
  /** Above 0 to the right, below to the left. */
  readonly amount: number
}

/** The largest first. */
function bars(rows: readonly Bar[], label: string): HTMLElement {
  const sorted = [...rows].sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount))
  const most = Math.max(...sorted.map(({ amount }) => Math.abs(amount)), 1e-9)
  const lines = sorted.map(({ words, figure, amount }) => {
    const bar = h(amount < 0 ? 'span.bar.less' : 'span.bar', { 'aria-hidden': 'true' })
    bar.style.width = `${(Math.abs(amount) / most) * 100}%`
    return h('tr', {}, h('th', { scope: 'row' }, words), h('td', {}, figure), h('td.bars', {}, bar))
  })
  return h('table.moved', { 'aria-label': label }, h('tbody', {}, ...lines))
}

export function movedBy({ moved: m }: Explanation, clock: Clock): HTMLElement {
  if (m === null)
    return h('p.muted', {}, 'It has had this count for as long as decisions are kept.')
  const parts = m.parts.filter(({ replicas }) => Math.abs(replicas) >= NEGLIGIBLE_REPLICAS)
  const rows = parts.map(({ part, replicas }) => ({
    words: PART_WORDS[part],
    figure: format.signed(replicas),
    amount: replicas,
  }))
  return h(
    'div',
    {},
    h('p', {}, `Since ${fullTimeText(m.sinceAtMs, clock)}, when it had ${m.from}:`),
    bars(rows, 'Replicas by input'),
    h('p.muted', {}, `Together ${format.signed(m.to - m.from)}, shared fairly (Shapley values).`),
  )
}

export function learnedBy(learned: NonNullable<Explanation['learned']>): HTMLElement {
  const { version, stretch, analytic, alone, tuning, atRest, effects } = learned
  const rows = [
    { ...atRest, words: 'a service like this at rest' },
    ...effects.map((effect) => ({ ...effect, words: FEATURE_WORDS[effect.feature] })),
  ].filter(({ factor }) => Math.abs(factor - 1) >= NEGLIGIBLE_STRETCH)
  const shown = [
    ...tuning.map(({ part, replicas }) => ({
      words: TUNING_WORDS[part],
      figure: format.signed(replicas),
      amount: replicas,
    })),
    ...rows.map(({ words, factor, replicas }) => ({
      words,
      figure: `×${factor.toFixed(2)}, ${format.signed(replicas)}`,
      amount: Math.log(factor),
    })),
  ]
  const took = `Policy ${version} took the forecast times ${stretch.toFixed(2)}`
  const instead = `${alone} replicas in place of the ${analytic} without it, money aside`
  return h(
    'div',
    {},
    h('p', {}, `${took}: ${instead}.`),
    shown.length > 0
      ? bars(shown, 'Stretch and replicas by what the policy saw')
      : h('p.muted', {}, 'Nothing that it saw moved it.'),
    h(
      'p.muted',
      {},
      'Factors multiply to the stretch, replicas sum to what it added (Shapley values).',
    ),
  )
}
