/**
 * JSON bodies are bounded in depth and in keys before they are parsed: what a schema would refuse anyway must not cost
 * the loop its time first.
 */
import type { MiddlewareHandler } from 'hono'
import { invalidRequest } from './problem.ts'

const DEEPEST = 64
const MOST_KEYS = 500_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPENING: readonly number[] = [0x7b, 0x5b]
const CLOSING: readonly number[] = [0x7d, 0x5d]

export const jsonGuard: MiddlewareHandler = async (c, next) => {
  const type = c.req.header('content-type')
  if (type === undefined || !/[/+]json\b/.test(type)) return next()
  const { depth, keys } = measure(await c.req.text())
  if (depth > DEEPEST)
    throw invalidRequest([
      { field: 'body', value: `${depth} levels`, allowed: `${DEEPEST} levels` },
    ])
  if (keys > MOST_KEYS)
    throw invalidRequest([{ field: 'body', value: `${keys} keys`, allowed: `${MOST_KEYS} keys` }])
  return next()
}

/** Depth and number of keys of a JSON text, in one pass; of no use for what is no JSON, which parsing refuses. */
export function measure(text: string): { depth: number; keys: number } {
  let depth = 0
  let deepest = 0
  let keys = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = endOfString(text, i)
    else if (code === COLON) keys++
    else if (OPENING.includes(code)) deepest = Math.max(deepest, ++depth)
    else if (CLOSING.includes(code)) depth--
  }
  return { depth: deepest, keys }
}

/** Index of the closing quote; the text's end when there is none. */
function endOfString(text: string, start: number): number {
  let i = start
  for (;;) {
    i = text.indexOf('"', i + 1)
    if (i === -1) return text.length
    let back = i - 1
    while (back > start && text.charCodeAt(back) === BACKSLASH) back--
    if ((i - 1 - back) % 2 === 0) return i
  }
}
