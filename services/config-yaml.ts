/** YAML text to plain data, with the line and column of every setting, so that a fault can point at it. */
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { type ConfigFault, showPath } from './config-error.ts'
import type { Path } from './config-schema.ts'

/** Keys that would reach into an object's prototype. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
])

export interface Place {
  readonly line: number
  readonly column: number
}

export interface YamlFile {
  readonly fileName: string
  readonly value: unknown
  readonly faults: readonly ConfigFault[]
  /** Place of the value at `path`, or of the nearest thing around it. */
  locate(path: Path): Place
  /** Place of the key itself. */
  locateKey(path: Path): Place
}

export function readYaml(text: string, fileName: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const faults: ConfigFault[] = []
  const refuse = (offset: number, path: string, message: string, allowed: string | null = null) =>
    faults.push({
      source: fileName,
      ...at(offset),
      path,
      message,
      value: null,
      allowed,
      suggestion: null,
    })
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    refuse(pos[0], '', `not valid YAML: ${message}`)
  }
  if (faults.length === 0) {
    visit(document, {
      Pair(_key, pair, ancestors) {
        const name = isScalar(pair.key) ? String(pair.key.value) : ''
        if (!FORBIDDEN_KEYS.has(name)) return
        const offset = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0
        refuse(
          offset,
          showPath([...pathOf(ancestors), name]),
          `"${name}" may not be used as a name`,
        )
      },
    })
  }
  const value = faults.length > 0 ? undefined : plainValue(document, refuse)
  const locate = (path: Path) => at(offsetAt(document, path, false))
  return {
    fileName,
    value,
    faults,
    locate,
    locateKey: (path) => at(offsetAt(document, path, true)),
  }
}

function plainValue(
  document: Document,
  refuse: (offset: number, path: string, message: string) => void,
): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    // the only throw: aliases that would grow without bound
    refuse(0, '', `not valid YAML: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function pathOf(ancestors: readonly unknown[]): string[] {
  return ancestors.flatMap((a) => (isPair(a) && isScalar(a.key) ? [String(a.key.value)] : []))
}

function offsetAt(document: Document, path: Path, key: boolean): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const around = path.slice(0, depth)
    const offset =
      key || depth < path.length ? keyOffset(document, around) : valueOffset(document, around)
    if (offset !== undefined) return offset
  }
  return 0
}

function valueOffset(document: Document, path: Path): number | undefined {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  return isNode(node) ? node.range?.[0] : undefined
}

function keyOffset(document: Document, path: Path): number | undefined {
  if (path.length === 0) return valueOffset(document, path)
  const parent: unknown =
    path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap<Node>(parent)) return valueOffset(document, path)
  const pair = parent.items.find(
    (p) => isScalar(p.key) && String(p.key.value) === String(path.at(-1)),
  )
  return pair?.key.range?.[0]
}
