/** Payloads and results as they lie in Redis: exact JSON, deflated, base64. And as people are shown them: in short. */
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { fromExactJson, toExactJson } from '../exact-json.ts'

/** No payload is as large by far; what inflates to more is not ours. */
const MOST_BYTES = 256 * 1024 * 1024
const LONGEST_TEXT = 120
const LONGEST_LIST = 8

const deflated = promisify<string, Buffer>(deflate)
const inflated = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate)

export async function pack(value: unknown): Promise<string> {
  return (await deflated(toExactJson(value ?? null))).toString('base64')
}

/** Throws for what was not packed so. */
export async function unpack(packed: string): Promise<unknown> {
  const bytes = await inflated(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_BYTES })
  return fromExactJson(bytes.toString('utf8'))
}

/** For people: whole where it is short, else how long it is and how it begins. */
export function inShort(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length <= LONGEST_TEXT
      ? value
      : `${value.slice(0, LONGEST_TEXT)}… (${value.length} characters)`
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return listInShort(value as Float64Array)
  if (Array.isArray(value)) return listInShort(value)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inShort(inner)]))
}

function listInShort(values: ArrayLike<unknown>): unknown {
  const first = Array.from({ length: Math.min(values.length, LONGEST_LIST) }, (_, i) =>
    inShort(values[i]),
  )
  return values.length <= LONGEST_LIST ? first : { length: values.length, first }
}
