/** Sentences of the registry: why a challenger won or lost. */
import type { Verdict } from '../../forecaster/accuracy/shadow.ts'

const REASONS: Record<Verdict['why'], string> = {
  better: 'better',
  'not-worse': 'not worse than a champion that drifts or is too old',
  worse: 'worse',
  'not-better': 'no better by the last review',
  undecided: 'undecided',
}

export function verdictWords({
  why,
  review,
  alpha,
  championLoss,
  challengerLoss,
  test,
}: Verdict): string {
  const losses = `pinball loss ${figure(challengerLoss)} against ${figure(championLoss)}`
  const tested = test
    ? `, p ${probability(why === 'worse' ? test.pFirstBetter : test.pSecondBetter)}`
    : ''
  const level = alpha > 0 ? `, review ${review} at level ${probability(alpha)}` : ''
  return `${REASONS[why]}: ${losses} over ${test?.count ?? 0} issue times${tested}${level}`
}

const figure = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'unknown'

const probability = (p: number): string => (p < 0.0001 ? '< 0.0001' : p.toFixed(4))
