/** Advice about requests of CPU and memory as a person reads it in a terminal. Pure. */
import { quantityOf } from '../../kubernetes/resources/quantities.ts'
import type {
  ContainerAdvice,
  RequestEstimate,
  ResourceAdvice,
} from '../../kubernetes/resources/view.ts'
import { type Column, table } from '../format.ts'

interface Row {
  readonly container: string
  readonly resource: 'cpu' | 'memory'
  readonly estimate: RequestEstimate
}

const RESOURCES = ['cpu', 'memory'] as const

/** With the patch where `isWhole`. */
export function adviceLines(advice: ResourceAdvice, isWhole: boolean): string[] {
  const { workload, why, containers, warnings, yaml } = advice
  const rows = containers.flatMap((one) =>
    RESOURCES.flatMap((resource): Row[] => {
      const estimate = one[resource]
      return estimate ? [{ container: one.container, resource, estimate }] : []
    }),
  )
  return [
    `${workload}: ${why}`,
    ...(rows.length > 0 ? table(COLUMNS, rows) : []),
    ...containers.flatMap(restsOn),
    ...warnings.map((one) => `${one.id}: ${one.why}\n  ${one.fix}`),
    ...(isWhole && yaml !== null ? ['', yaml.trimEnd()] : []),
  ]
}

/** Of several whose saving is known. */
export function sumLines(found: readonly ResourceAdvice[]): string[] {
  const known = found.flatMap(({ savingPerHour }) => savingPerHour ?? [])
  if (known.length < 2) return []
  const sum = known.reduce((all, one) => all + one, 0)
  const what = sum >= 0 ? 'less' : 'more'
  return [`all together $${Math.abs(sum).toFixed(3)}/h ${what}; nothing is changed`]
}

const written = ({ resource, estimate }: Row, of: 'requested' | 'lower' | 'target' | 'upper') => {
  const amount = estimate[of]
  return amount === null ? '-' : quantityOf[resource](amount)
}

const COLUMNS: Column<Row>[] = [
  { title: 'CONTAINER', text: ({ container }) => container },
  { title: 'RESOURCE', text: ({ resource }) => resource },
  { title: 'REQUESTED', right: true, text: (row) => written(row, 'requested') },
  { title: 'LOWER', right: true, text: (row) => written(row, 'lower') },
  {
    title: 'TARGET',
    right: true,
    text: (row) => `${written(row, 'target')}${row.estimate.isLeast ? ' (minimum)' : ''}`,
  },
  { title: 'UPPER', right: true, text: (row) => written(row, 'upper') },
]

function restsOn({ container, historyDays, oomKills }: ContainerAdvice): string[] {
  const kills =
    oomKills > 0 ? `, ${oomKills} ${oomKills === 1 ? 'kill' : 'kills'} for want of memory` : ''
  return [`${container}: ${Number(historyDays.toPrecision(2))} days of history${kills}`]
}
