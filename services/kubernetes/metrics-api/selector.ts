/**
 * Label selectors as text, by the grammar of kubernetes/apimachinery pkg/labels/selector.go: `a=b`, `a==b`, `a!=b`,
 * `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. What is excluded also matches where the label is missing.
 */

export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}
export type Selector = readonly Requirement[]

export class SelectorError extends Error {
  override name = 'SelectorError'
}

const KEY =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
const ALLOWED = 'a=b, a!=b, a in (b,c), a notin (b,c), a, !a'

/** Throws SelectorError. Empty text selects everything. */
export function parseSelector(text: string): Selector {
  return text.trim() === '' ? [] : split(text).map(requirementOf)
}

/** At commas that stand in no brackets. */
function split(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')') depth--
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, text.slice(start)]
}

function requirementOf(part: string): Requirement {
  const text = part.trim()
  const set = /^(\S+?)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text)
  if (set) {
    const values = set[3]!.split(',').map((value) => value.trim())
    return checked(part, set[1]!, set[2] === 'in' ? 'In' : 'NotIn', values)
  }
  const equal = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(text)
  if (equal) return checked(part, equal[1]!, equal[2] === '!=' ? 'NotIn' : 'In', [equal[3]!])
  const absent = /^!\s*(\S+)$/.exec(text)
  return absent ? checked(part, absent[1]!, 'DoesNotExist', []) : checked(part, text, 'Exists', [])
}

function checked(
  part: string,
  key: string,
  operator: Requirement['operator'],
  values: readonly string[],
): Requirement {
  if (!KEY.test(key) || !values.every((value) => VALUE.test(value)))
    throw new SelectorError(`"${part.trim()}" is no label requirement; allowed: ${ALLOWED}`)
  return { key, operator, values }
}

export function matches(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => isMet(requirement, labels))
}

function isMet(
  { key, operator, values }: Requirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

export const asksFor = (selector: Selector, key: string): boolean =>
  selector.some((requirement) => requirement.key === key)

/** As a meta/v1 LabelSelector; null: everything. */
export function labelSelectorOf(selector: Selector): unknown {
  if (selector.length === 0) return null
  const isPlain = ({ operator, values }: Requirement) => operator === 'In' && values.length === 1
  const keys = selector.map(({ key }) => key)
  const plain = selector.filter(
    (one) => isPlain(one) && keys.indexOf(one.key) === keys.lastIndexOf(one.key),
  )
  const rest = selector.filter((one) => !plain.includes(one))
  return {
    ...(plain.length > 0
      ? { matchLabels: Object.fromEntries(plain.map(({ key, values }) => [key, values[0]])) }
      : {}),
    ...(rest.length > 0
      ? {
          matchExpressions: rest.map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values.length > 0 ? { values: [...values] } : {}),
          })),
        }
      : {}),
  }
}
