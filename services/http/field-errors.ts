/** Turns a schema's issues into {field, value, allowed}: which field, what was read, what may stand there. */
import type { z } from 'zod'
import type { FieldError } from './problem.ts'

type Issue = z.core.$ZodIssue
const LONGEST_VALUE = 200

export function fieldErrors(issues: readonly Issue[], data: unknown): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [
        {
          field: fieldName(issue.path),
          value: shown(valueAt(data, issue.path)),
          allowed: allowedBy(issue),
        },
      ]
    }
    return issue.keys.map((key) => ({
      field: fieldName([...issue.path, key]),
      value: shown(valueAt(data, [...issue.path, key])),
      allowed: issue.message.startsWith('Unrecognized key') ? 'no such field' : issue.message,
    }))
  })
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'body' : path.map(String).join('.')
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

/** JSON that is short enough to be sent back. */
function shown(value: unknown): unknown {
  if (value === undefined) return null
  const text = JSON.stringify(value)
  if (text.length <= LONGEST_VALUE) return value
  return `${text.slice(0, LONGEST_VALUE)}…`
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' items' }

function allowedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected)
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${UNITS[issue.origin] ?? ''}`
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${UNITS[issue.origin] ?? ''}`
    case 'invalid_value':
      return issue.values.map(String).join(' | ')
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.map(allowedBy).join(', ')
    case 'invalid_union':
      if (issue.message !== 'Invalid input') return issue.message // the schema says it better
      return issue.errors.map((branch) => branch.map(branchText).join(', ')).join(', or ')
    default:
      return issue.message
  }
}

function branchText(issue: Issue): string {
  return issue.path.length === 0 ? allowedBy(issue) : `${fieldName(issue.path)} ${allowedBy(issue)}`
}

function article(type: string): string {
  if (type === 'int') return 'an integer'
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}
