/** What Budgets say: of the whole cluster, and of namespaces. What of one cannot be read is told, and the rest holds. */
import type { z } from 'zod'
import { BudgetFields, BudgetSpec } from '../crds/budget.ts'
import { type Values, valuesOf } from './fields.ts'
import { tightest } from './narrow.ts'
import { refused, type SeenBudget, type SettingFault } from './seen.ts'

export interface ReadBudget {
  readonly seen: SeenBudget
  readonly spec: BudgetSpec
  readonly faults: readonly SettingFault[]
}

const NOTHING: BudgetSpec = { namespaces: [], limits: {} }

export function readBudget(seen: SeenBudget): ReadBudget {
  const read = BudgetSpec.safeParse(seen.spec ?? {})
  if (read.success) return { seen, spec: read.data, faults: [] }
  return { seen, spec: readableOf(seen.spec), faults: read.error.issues.map(faultOf) }
}

/** A budget is not lost because something else in it is wrong; but whose it is must be known. */
function readableOf(spec: unknown): BudgetSpec {
  const fields = Object.entries(Object(spec)).flatMap(([key, value]) => {
    const one = BudgetFields.safeParse({ [key]: value })
    return one.success ? [[key, value] as const] : []
  })
  const isWhole = Reflect.get(Object(spec), 'namespaces') === undefined
  const kept = Object.fromEntries(fields)
  return isWhole || 'namespaces' in kept ? BudgetFields.parse(kept) : NOTHING
}

/** The server refuses most of it; a definition of an older version, or none at all, lets it through. */
export const faultOf = (issue: z.core.$ZodIssue): SettingFault =>
  refused(`spec${issue.path.map((key) => `.${String(key)}`).join('')}`, undefined, issue.message)

export const isOfCluster = ({ spec }: ReadBudget): boolean => spec.namespaces.length === 0

export const concerns = ({ spec }: ReadBudget, namespace: string): boolean =>
  spec.namespaces.length === 0 || spec.namespaces.includes(namespace)

/** The limits of all Budgets that concern a namespace. */
export function limitsIn(budgets: readonly ReadBudget[], namespace: string): Values {
  return tightest(
    ...budgets.filter((one) => concerns(one, namespace)).map((one) => valuesOf(one.spec.limits)),
  )
}

/** The least of what is said; undefined where nothing is. */
export function least(...amounts: readonly (number | undefined)[]): number | undefined {
  const said = amounts.filter((amount) => amount !== undefined)
  return said.length === 0 ? undefined : Math.min(...said)
}
