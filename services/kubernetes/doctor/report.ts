/** A diagnosis as a person reads it. Pure. */
import type { Fate } from '../../../agents/hpa/dead-band.ts'
import { type Column, span, table } from '../../cli/format.ts'
import type { Diagnosis, SwallowedRow } from './diagnose.ts'
import type { Trap } from './traps.ts'

const MOST_SHOWN = 6

export function reportOf(diagnosis: Diagnosis): string[] {
  const { kind, name, namespace, target, minReplicas, maxReplicas } = diagnosis
  return [
    `${kind} ${namespace}/${name} → ${target}, ${minReplicas} to ${maxReplicas} replicas`,
    ...metricLines(diagnosis),
    '',
    ...table(COLUMNS, diagnosis.rows),
    ...cutLine(diagnosis),
    ...triedLines(diagnosis),
    ...(diagnosis.fixes.length > 0 ? ['', 'so that nothing is swallowed, either of:'] : []),
    ...diagnosis.fixes.map((fix) => `  - ${fix}`),
    ...(diagnosis.traps.length > 0 ? [''] : []),
    ...diagnosis.traps.flatMap(trapLines),
  ]
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`

function metricLines({ metric, form, toleranceUp, toleranceDown }: Diagnosis): string[] {
  const what = form === 'replicas' ? 'a number of replicas' : 'a load, divided by its target'
  const followed =
    metric === null
      ? `no metric of Forescale's: what follows would hold of its desired replicas`
      : `${metric}: ${what}`
  return [followed, `tolerance ${percent(toleranceUp)} up, ${percent(toleranceDown)} down`]
}

const COLUMNS: readonly Column<SwallowedRow>[] = [
  { title: 'AT', right: true, text: ({ current }) => String(current) },
  { title: 'SWALLOWED WISHES', text: ({ swallowed }) => listed(swallowed) },
  { title: 'SMALLEST STEP', text: stepText },
  { title: 'TWICE AS MANY', text: ({ doubled }) => fateText(doubled) },
  { title: 'HALF AS MANY', text: ({ halved }) => fateText(halved) },
]

function listed(counts: readonly number[]): string {
  if (counts.length === 0) return 'none'
  if (counts.length <= MOST_SHOWN) return counts.join(', ')
  return `${counts[0]} to ${counts.at(-1)} (${counts.length})`
}

function stepText({ smallestUp, smallestDown }: SwallowedRow): string {
  const up = smallestUp === null ? 'no more' : `+${smallestUp}`
  return `${up} ${smallestDown === null ? 'no less' : `−${smallestDown}`}`
}

const CAUSES: Readonly<Record<NonNullable<Fate['by']>, string>> = {
  tolerance: 'tolerance',
  'min-replicas': 'minimum',
  'max-replicas': 'maximum',
  disabled: 'disabled',
  'rate-limit': 'rate policy',
}

function fateText({ wanted, reached, afterMs, by, delayedBy }: Fate & { wanted: number }): string {
  const when = afterMs === 0 ? 'at once' : `in ${span(afterMs)}`
  const why = by ? CAUSES[by] : delayedBy === 'rate-limit' ? 'rate policy' : delayedBy
  return `${wanted}: ${reached} ${when}${why === undefined ? '' : ` (${why})`}`
}

function cutLine({ minReplicas, maxReplicas }: Diagnosis): string[] {
  return [`wishes over ${maxReplicas} and under ${minReplicas} are cut to these bounds`]
}

function triedLines({ tried }: Diagnosis): string[] {
  if (tried === null) return []
  const share = tried.changes === 0 ? 0 : tried.swallowed / tried.changes
  const examples = tried.examples.map(({ from, to, times }) => `${from} → ${to} (${times}×)`)
  const head = `of ${tried.changes} changes that were decided ${tried.swallowed} (${percent(share)}) would be swallowed`
  return ['', examples.length === 0 ? head : `${head}: ${examples.join(', ')}`]
}

function trapLines({ severity, field, why, fix }: Trap): string[] {
  return [`${severity}: ${field}: ${why}`, `  → ${fix}`]
}
