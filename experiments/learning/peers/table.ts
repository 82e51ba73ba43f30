/** What a comparison prints. */
import { difference, type Estimate, estimate } from './interval.ts'

export interface Compared {
  readonly name: string
  readonly steps: number
  /** The most that can be earned, where that is known. */
  readonly best: number | undefined
  /** Mean returns, one a seed. */
  readonly ours: readonly number[]
  readonly theirs: readonly number[]
  /** Steps by second of processor time, one a turn; none where they were not measured. */
  readonly ourSpeeds: readonly number[]
  readonly theirSpeeds: readonly number[]
}

const HEADS = [
  'row',
  'steps',
  'seeds',
  'return, ours',
  'theirs',
  'difference',
  'best possible',
  'steps/s, ours',
  'theirs',
  'ratio',
]

/** A Markdown table, and below it what its figures are. */
export function tableOf(rows: readonly Compared[]): string[] {
  const cells = rows.map((row) => [
    row.name,
    row.steps.toLocaleString('en'),
    seedsOf(row),
    shown(estimate(row.ours)),
    shown(estimate(row.theirs)),
    shown(difference(row.ours, row.theirs)),
    row.best?.toFixed(2) ?? '',
    ...speedsOf(row),
  ])
  return [HEADS, HEADS.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`)
}

export function printMarkdown(
  rows: readonly Compared[],
  peer: string,
  { turns }: { readonly turns: number },
): void {
  const speeds =
    turns > 0 ? ` Speeds: medians of ${turns} turns, the ratio’s least and most in brackets.` : ''
  process.stdout.write(`${tableOf(rows).join('\n')}\n\n`)
  process.stdout.write(
    `Theirs: ${peer}. Returns: means over seeds ± half of the 95 % interval.${speeds}\n`,
  )
}

function seedsOf({ ours, theirs }: Compared): string {
  return ours.length === theirs.length ? `${ours.length}` : `${ours.length} and ${theirs.length}`
}

/** One alone spreads by nobody knows how much. */
function shown({ mean, half }: Estimate): string {
  if (Number.isNaN(mean)) return ''
  const spread = Number.isNaN(half) ? '' : ` ± ${half.toFixed(2)}`
  return `${mean.toFixed(2)}${spread}`.replaceAll('-', '−')
}

function speedsOf({ ourSpeeds, theirSpeeds }: Compared): string[] {
  if (ourSpeeds.length === 0) return ['', '', '']
  const ratios = ourSpeeds.map((speed, turn) => speed / theirSpeeds[turn]!).sort((a, b) => a - b)
  const [least, most] = [ratios[0]!, ratios.at(-1)!]
  return [
    Math.round(median(ourSpeeds)).toLocaleString('en'),
    Math.round(median(theirSpeeds)).toLocaleString('en'),
    `${median(ratios).toFixed(1)} [${least.toFixed(1)}, ${most.toFixed(1)}]`,
  ]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}
