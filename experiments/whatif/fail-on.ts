/**
 * Conditions under which the command ends with code 5, for a pull request that edits a manifest.
 *
 *   condition := [arm "."] figure [ ">" number ["%"] | "+" number "%" ]
 *   arm       := "manifest" (when left out) | "baseline" | "forescale"
 *   figure    := "cost" | "replica-hours" | "shortage" | "violations" | "events"
 *
 * `violations>0.1%`: over a bound, of all services together; cost in $ a day, shortage in minutes a day. `cost+5%`: that
 * much above what it is compared with (the baseline; Forescale with the manifest), and more than chance: the interval of
 * the difference lies above 0. `violations` alone: a service misses its SLO; `shortage` alone: it was short at any time.
 */
import { FIGURES, type Figure } from './compare-days.ts'

export const ARMS = ['manifest', 'baseline', 'forescale'] as const
export type ArmName = (typeof ARMS)[number]

export interface Condition {
  readonly text: string
  readonly arm: ArmName
  readonly figure: Figure
  readonly test:
    | { readonly kind: 'over'; readonly bound: number }
    | { readonly kind: 'rise'; readonly share: number }
    | { readonly kind: 'missed' }
}

export class ConditionError extends Error {}

const CONDITION =
  /^(?:(manifest|baseline|forescale)\.)?(cost|replica-hours|shortage|violations|events)(?:\s*([>+])\s*(\d+(?:\.\d+)?)\s*(%)?)?$/

/** Throws a ConditionError that says what is allowed. */
export function readCondition(text: string): Condition {
  const match = CONDITION.exec(text.trim())
  const [, arm = 'manifest', figure, sign, digits, percent] = match ?? []
  const refuse = (allowed: string): never => {
    throw new ConditionError(`fail-on: "${text}" is not allowed; allowed: ${allowed}`)
  }
  if (figure === undefined)
    return refuse(
      `[${ARMS.join('|')}.]${FIGURES.join('|')}, alone or with >number or +number%, like cost+5%`,
    )
  const number = Number(digits)
  const base = { text: text.trim(), arm: arm as ArmName, figure: figure as Figure }
  if (sign === undefined) {
    if (figure !== 'violations' && figure !== 'shortage')
      return refuse(`${figure} with >number or +number%: only violations and shortage stand alone`)
    return { ...base, test: { kind: 'missed' } }
  }
  if (sign === '>') {
    if (percent && figure !== 'violations') return refuse(`% with > of violations only`)
    return { ...base, test: { kind: 'over', bound: percent ? number / 100 : number } }
  }
  if (!percent) return refuse(`${figure}+${digits}%`)
  if (arm === 'baseline') return refuse('a rise of manifest or forescale, not of the baseline')
  return { ...base, test: { kind: 'rise', share: number / 100 } }
}

/** What a condition looks at. */
export interface Facts {
  /** Figures of all services together; undefined where the arm was not run. */
  readonly total: (arm: ArmName, figure: Figure) => number | undefined
  /** Of `arm` against what it is compared with. */
  readonly rise: (
    arm: ArmName,
    figure: Figure,
  ) => { readonly from: number; readonly to: number; readonly low: number } | undefined
  /** Services that miss their SLO, or were short. */
  readonly missing: (arm: ArmName, figure: Figure) => readonly string[] | undefined
}

export interface Verdict {
  readonly condition: string
  readonly isMet: boolean
  readonly why: string
}

/** Throws a ConditionError where there is nothing to compare with. */
export function judge({ text, arm, figure, test }: Condition, facts: Facts): Verdict {
  const absent = (): never => {
    throw new ConditionError(`fail-on: "${text}" needs --baseline, the manifest to compare with`)
  }
  const verdict = (isMet: boolean, why: string): Verdict => ({ condition: text, isMet, why })
  if (test.kind === 'over') {
    const value = facts.total(arm, figure) ?? absent()
    return verdict(value > test.bound, `${arm}: ${show(figure, value)}`)
  }
  if (test.kind === 'missed') {
    const services = facts.missing(arm, figure) ?? absent()
    const why = services.length > 0 ? services.join(', ') : 'no service'
    return verdict(services.length > 0, `${arm}: ${why}`)
  }
  const { from, to, low } = facts.rise(arm, figure) ?? absent()
  const isMore = to > from * (1 + test.share)
  const chance = isMore && low <= 0 ? ', which may be chance' : ''
  return verdict(isMore && low > 0, `${show(figure, from)} → ${show(figure, to)}${chance}`)
}

function show(figure: Figure, value: number): string {
  const text = Number(value.toPrecision(4))
  if (figure === 'violations') return `${Number((100 * value).toPrecision(4))} %`
  if (figure === 'cost') return `$${text} a day`
  return `${text}${figure === 'shortage' ? ' minutes' : ''} a day`
}
