/**
 * Settings from the environment: FORESCALE_PORT, FORESCALE_STATE_DIR, and FORESCALE_A__B for the setting a.b, words
 * within a name parted by one underscore (FORESCALE_SERVICES__SEARCH__MAX_REPLICAS). Values are read as YAML.
 * A name without "__" that is no setting of the first level is somebody else's and left alone.
 */
import { parse } from 'yaml'
import { type ConfigFault, nearest, showPath, showValue } from './config-error.ts'
import { allowedAt, keysAt, type Path, schemasAt } from './config-schema.ts'
import { FORBIDDEN_KEYS } from './config-yaml.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'FORESCALE_'
const SHORT_NAMES: Readonly<Record<string, Path>> = {
  FORESCALE_PORT: ['http', 'port'],
  FORESCALE_STATE_DIR: ['stateDir'],
}

export interface EnvOverrides {
  readonly value: unknown
  /** Name of the variable that set a path. */
  readonly variableByPath: ReadonlyMap<string, string>
  readonly faults: readonly ConfigFault[]
}

export function applyEnvironment(value: unknown, env: Environment): EnvOverrides {
  const variableByPath = new Map<string, string>()
  const faults: ConfigFault[] = []
  let changed = value
  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (!name.startsWith(PREFIX) || text === undefined || text === '') continue
    const path = pathOf(name, changed)
    if (path === undefined) continue
    const fault = faultOf(name, path, text)
    if (fault !== undefined) {
      faults.push(fault)
      continue
    }
    changed = withValue(changed, path, readValue(text, path))
    variableByPath.set(showPath(path), name)
  }
  return { value: changed, variableByPath, faults }
}

function pathOf(name: string, value: unknown): Path | undefined {
  const short = SHORT_NAMES[name]
  if (short !== undefined) return short
  const words = name.slice(PREFIX.length).split('__')
  const path: string[] = []
  let here: unknown = value
  for (const word of words) {
    // service names are the file's own; settings are the schema's
    const known = [...keysAt(path), ...(isRecord(here) ? Object.keys(here) : [])]
    const key: string = known.find((k) => fold(k) === fold(word)) ?? camelCase(word)
    here = isRecord(here) && Object.hasOwn(here, key) ? here[key] : undefined
    path.push(key)
  }
  const foreign = words.length === 1 && !keysAt([]).includes(path[0] ?? '')
  return foreign ? undefined : path
}

function faultOf(name: string, path: Path, text: string): ConfigFault | undefined {
  const forbidden = path.some((key) => FORBIDDEN_KEYS.has(String(key)))
  if (!forbidden && schemasAt(path).length > 0) return undefined
  const parent = path.slice(0, -1)
  return {
    source: name,
    line: null,
    column: null,
    path: showPath(path),
    message: 'there is no such setting',
    value: showValue(text),
    allowed: allowedAt(parent) ?? null,
    suggestion: nearest(String(path.at(-1)), keysAt(parent)),
  }
}

function readValue(text: string, path: Path): unknown {
  const kinds = schemasAt(path)
  // a folder called 2024 stays a text
  if (kinds.length > 0 && kinds.every((kind) => kind.type === 'string')) return text
  try {
    return parse(text)
  } catch {
    return text // the schema will say what it should have been
  }
}

/** A copy of `value` with `leaf` at `path`; what stands in the way is replaced by a mapping, lists stay lists. */
export function withValue(value: unknown, path: Path, leaf: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return leaf
  if (Array.isArray(value))
    return value.map((item, i) => (i === key ? withValue(item, rest, leaf) : item))
  const here = isRecord(value) ? value : {}
  const below = Object.hasOwn(here, key) ? here[String(key)] : undefined
  return { ...here, [key]: withValue(below, rest, leaf) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}

function camelCase(word: string): string {
  return word.toLowerCase().replaceAll(/_(.)/g, (_match, letter: string) => letter.toUpperCase())
}
