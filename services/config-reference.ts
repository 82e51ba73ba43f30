/** The table of all settings in docs/config.md, made from the JSON Schema; `node services/config-write.ts` writes it. */
import { isTakenAtStart } from './config-restart.ts'
import { allowedAt, configJsonSchema, type JsonSchema, resolve } from './config-schema.ts'

export const REFERENCE_START = '<!-- settings: made by services/config-write.ts -->'
export const REFERENCE_END = '<!-- settings end -->'

/** Markdown: one row a setting, `*` for any service's name. */
export function configReference(): string {
  const rows = rowsOf(configJsonSchema(), [])
  return ['| setting | allowed | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** `page` with its table of settings replaced. */
export function withReference(page: string): string {
  const start = page.indexOf(REFERENCE_START)
  const end = page.indexOf(REFERENCE_END)
  if (start < 0 || end < start) return page
  return `${page.slice(0, start)}${REFERENCE_START}\n\n${configReference()}\n\n${page.slice(end)}`
}

function rowsOf(node: JsonSchema, path: readonly string[]): string[] {
  const properties = new Map<string, JsonSchema>()
  let anyName: JsonSchema | undefined
  for (const part of resolve(node)) {
    for (const [key, child] of Object.entries(part.properties ?? {})) {
      if (!properties.has(key)) properties.set(key, child)
    }
    if (typeof part.additionalProperties === 'object') anyName = part.additionalProperties
  }
  const rows = [...properties].flatMap(([key, child]) => [
    ...rowOf(child, [...path, key], defaultIn(node, key)),
    ...rowsOf(child, [...path, key]),
  ])
  return anyName === undefined ? rows : [...rows, ...rowsOf(anyName, [...path, '*'])]
}

/** The default that the section itself gives to its setting `key`. */
function defaultIn({ default: initial }: JsonSchema, key: string): unknown {
  return typeof initial === 'object' && initial !== null
    ? Object.entries(initial).find(([k]) => k === key)?.[1]
    : undefined
}

function rowOf(node: JsonSchema, path: readonly string[], fallback: unknown): string[] {
  const parts = resolve(node)
  const section = parts.every(
    (p) => p.properties !== undefined || p.additionalProperties !== undefined,
  )
  const description = node.description ?? parts[0]?.description ?? ''
  // a section without a sentence of its own is known by its settings
  if (section && description === '') return []
  const taken = !section && isTakenAtStart(path.join('.')) ? 'Read at the start only.' : ''
  const allowed = section ? '' : (allowedAt(path) ?? '')
  const value = node.default ?? fallback
  const initial = section || value === undefined ? '' : `\`${JSON.stringify(value)}\``
  return [
    `| \`${path.join('.')}\` | ${allowed.replaceAll('|', '\\|')} | ${initial} | ${[description, taken].filter(Boolean).join(' ')} |`,
  ]
}
