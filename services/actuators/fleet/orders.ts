/** What becomes of one order, given what was just read of its target. Pure. */
import type { Fence, ScaleOrder } from '../actuator.ts'
import type { Mark, TargetView } from './target.ts'

export type Verdict =
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'there'; readonly note?: string | undefined }
  | {
      readonly kind: 'set'
      readonly replicas: number
      readonly mark: Mark
      readonly note?: string | undefined
    }

/** `fences` are the greatest tokens that this process has seen for the service, by ledger. */
export function judge(
  order: ScaleOrder,
  view: TargetView,
  fences: ReadonlyMap<string, number>,
): Verdict {
  const { fence, decisionId, to } = order
  const newest = fence && greatestToken(fence, view.mark, fences)
  if (fence && newest !== undefined && newest > fence.token)
    return {
      kind: 'refused',
      why: `fence.token = ${fence.token}; allowed: ${newest} or greater, for a newer leader is known`,
    }
  if (view.otherWriter !== undefined)
    return {
      kind: 'refused',
      why: `${view.otherWriter} sets the count too; one of the two must be switched off`,
    }
  const { min, max } = view.bounds
  const replicas = Math.min(Math.max(to, min), max)
  const note =
    replicas === to
      ? undefined
      : `set to ${replicas}, not ${to}: the group itself allows ${min} to ${max}`
  if (view.requested === replicas && view.mark.decisionId === decisionId)
    return { kind: 'there', note }
  return {
    kind: 'set',
    replicas,
    mark: {
      decisionId,
      replicas,
      ledger: fence?.ledger ?? view.mark.ledger,
      token: fence?.token ?? view.mark.token,
    },
    note,
  }
}

function greatestToken(
  fence: Fence,
  mark: Mark,
  fences: ReadonlyMap<string, number>,
): number | undefined {
  const held = mark.ledger === fence.ledger ? mark.token : undefined
  const seen = fences.get(fence.ledger)
  return held === undefined && seen === undefined ? undefined : Math.max(held ?? 0, seen ?? 0)
}

/** The decision behind the present count; undefined when somebody else wrote since. */
export function lastDecisionOf({ requested, mark }: TargetView): string | undefined {
  return mark.replicas === requested ? mark.decisionId : undefined
}
