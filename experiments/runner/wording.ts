/** Comparisons in words: who wins on what, by how much, how sure. */
import type { Estimate, FrontierComparison } from '../frontier/compare-frontiers.ts'

export type Verdict = 'wins' | 'loses' | 'open'

export interface Said {
  readonly verdict: Verdict
  readonly words: string
}

/** `ours` against `theirs` at `atViolation`; a difference counts when its whole interval is on one side. */
export function sayCost(
  { ours, theirs }: { ours: string; theirs: string },
  { value, low, high }: Estimate,
  where: string,
): Said {
  if (Number.isNaN(value))
    return { verdict: 'open', words: `neither ${ours} nor ${theirs} gets to ${where}` }
  const between = `[${change(low)}, ${change(high)}]`
  if (value === Number.POSITIVE_INFINITY)
    return { verdict: 'loses', words: `${theirs} gets to ${where}, ${ours} does not` }
  if (value === 0) return { verdict: 'wins', words: `${ours} gets to ${where}, ${theirs} does not` }
  const verdict: Verdict = high < 1 ? 'wins' : low > 1 ? 'loses' : 'open'
  const sure = verdict === 'open' ? '; no difference shown' : ''
  return {
    verdict,
    words: `${ours} costs ${change(value)} against ${theirs} at ${where} ${between}${sure}`,
  }
}

export function sayDominance(
  { ours, theirs }: { ours: string; theirs: string },
  { dominance, dominatesInDraws, covered }: FrontierComparison,
): string {
  const share = `${ours} equals or beats ${percent(covered.value)} of ${theirs}' front`
  switch (dominance) {
    case 'dominates':
      return `${ours} dominates ${theirs} everywhere (in ${percent(dominatesInDraws)} of draws)`
    case 'equal':
      return `${ours} and ${theirs} are equal`
    case 'dominated':
      return `${theirs} dominates ${ours} everywhere`
    case 'crosses':
      return `the fronts cross: ${share} [${percent(covered.low)}, ${percent(covered.high)}]`
  }
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share !== 0 && Math.abs(share) < 0.01 ? 2 : 0)} %`
}

/** A ratio of costs as what it changes. */
function change(ratio: number): string {
  if (ratio === Number.POSITIVE_INFINITY) return 'never reached'
  if (ratio === 0) return 'only ours'
  const by = 100 * (ratio - 1)
  return `${by > 0 ? '+' : by < 0 ? '−' : '±'}${Math.abs(by).toFixed(1)} %`
}
