/**
 * Reads the one configuration file: YAML, then the environment, then the schema. A wrong file is refused whole, with
 * every fault at once; each names its place, the setting, its value and what is allowed.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { AppConfig } from './config.ts'
import { applyEnvironment, type Environment, withValue } from './config-env.ts'
import { ConfigError, type ConfigFault, nearest, showPath, showValue } from './config-error.ts'
import { allowedAt, keysAt, type Path, schemasAt } from './config-schema.ts'
import { readYaml, type YamlFile } from './config-yaml.ts'
import { ofShard } from './shards/assignment.ts'

type Issue = z.core.$ZodIssue

/** Throws ConfigError when the file cannot be read or is refused. Of a shard: what it goes by. */
export function loadConfigFile(path: string, env: Environment = process.env): AppConfig {
  return parseConfig(readText(path), path, env)
}

/** Throws ConfigError with every fault of `text`; `fileName` is only named in them. */
export function parseConfig(text: string, fileName: string, env: Environment = {}): AppConfig {
  const file = readYaml(text, fileName)
  if (file.faults.length > 0) throw new ConfigError(file.faults)
  const overrides = applyEnvironment(withoutNulls(file.value), env)
  const parsed = AppConfig.safeParse(overrides.value)
  if (parsed.success && overrides.faults.length === 0) return ofShard(parsed.data)
  const issues = parsed.success ? [] : allIssues(parsed.error.issues, overrides.value)
  const faults = issues.flatMap((issue) => faultsOf(issue, overrides.value))
  throw new ConfigError([
    ...faults
      .map((fault) => placed(fault, file, overrides.variableByPath))
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    ...overrides.faults,
  ])
}

/** Same for the same settings, however they were written: sha256 of the canonical JSON. */
export function configHash(config: AppConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex')
}

/** JSON with sorted keys and without white space. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const fault = { source: path, line: null, column: null, path: '', value: null }
    const message = `cannot be read: ${reason}`
    throw new ConfigError(
      [{ ...fault, message, allowed: 'a readable YAML file', suggestion: null }],
      {
        cause,
      },
    )
  }
}

/** An empty file and a service without settings are empty mappings; YAML says null of them. */
function withoutNulls(value: unknown): unknown {
  if (value === null || value === undefined) return {}
  if (!isRecord(value) || !isRecord(value.services)) return value
  const services = Object.entries(value.services).map(([name, spec]) => [name, spec ?? {}] as const)
  return { ...value, services: Object.fromEntries(services) }
}

interface Unplaced extends Omit<ConfigFault, 'source' | 'line' | 'column'> {
  readonly at: Path
  readonly isKey: boolean
}

/**
 * Rules that span several settings would be checked against what misspelt and wrong settings left behind. So those are
 * put right first (misspelt names as they were meant, wrong values taken out) and the rules checked on the rest; a rule
 * about a place where a value was taken out does not count.
 */
function allIssues(issues: readonly Issue[], value: unknown): readonly Issue[] {
  const single = issues.filter((issue) => issue.code !== 'custom')
  if (single.length === 0) return issues
  const wrong = single.filter((issue) => issue.code !== 'unrecognized_keys').map(pathOf)
  if (wrong.some((path) => path.length === 0)) return single
  const again = AppConfig.safeParse(wrong.reduce(without, single.reduce(respelt, value)))
  const concerned = (path: Path) => wrong.some((gone) => startsWith(path, gone.slice(0, -1)))
  const rules = (again.error?.issues ?? []).filter(
    (issue) => issue.code === 'custom' && !concerned(pathOf(issue)),
  )
  return [...single, ...rules]
}

function respelt(value: unknown, issue: Issue): unknown {
  if (issue.code !== 'unrecognized_keys') return value
  let changed = value
  const section = pathOf(issue)
  for (const key of issue.keys) {
    const meaning = nearest(key, keysAt(section))
    const leaf = valueAt(changed, [...section, key])
    changed = without(changed, [...section, key])
    if (meaning !== null && valueAt(changed, [...section, meaning]) === undefined) {
      changed = withValue(changed, [...section, meaning], leaf)
    }
  }
  return changed
}

function faultsOf(issue: Issue, root: unknown): Unplaced[] {
  const at = pathOf(issue)
  const common = { at, path: showPath(at), isKey: false, suggestion: null, allowed: null }
  const value = showValue(valueAt(root, at))
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, at, valueAt(root, [...at, key])))
    case 'invalid_key':
      return [
        { ...common, isKey: true, message: issue.issues[0]?.message ?? issue.message, value: null },
      ]
    case 'custom':
      return [{ ...common, message: issue.message, value }]
    default: {
      const message = value === null ? 'is required' : 'is not allowed'
      return [
        {
          ...common,
          message,
          value,
          allowed: allowedAt(at) ?? issue.message,
          suggestion: meant(root, at),
        },
      ]
    }
  }
}

function unknownKey(key: string, parent: Path, value: unknown): Unplaced {
  const keys = keysAt(parent)
  return {
    at: [...parent, key],
    path: showPath([...parent, key]),
    isKey: true,
    message: 'there is no such setting',
    value: showValue(value),
    allowed: keys.join(', '),
    suggestion: nearest(key, keys),
  }
}

/** For a misspelt choice: the nearest one. */
function meant(root: unknown, path: Path): string | null {
  const value = valueAt(root, path)
  if (typeof value !== 'string') return null
  const choices = schemasAt(path).flatMap((node) => [
    ...(node.enum ?? []),
    ...(node.const === undefined ? [] : [node.const]),
  ])
  return nearest(
    value,
    choices.filter((choice) => typeof choice === 'string'),
  )
}

function placed(
  { at, isKey, ...fault }: Unplaced,
  file: YamlFile,
  variables: ReadonlyMap<string, string>,
): ConfigFault {
  const variable = variables.get(fault.path)
  if (variable !== undefined) return { source: variable, line: null, column: null, ...fault }
  return { source: file.fileName, ...(isKey ? file.locateKey(at) : file.locate(at)), ...fault }
}

function pathOf(issue: Issue): Path {
  return issue.path.map((key) => (typeof key === 'number' ? key : String(key)))
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((key, i) => path[i] === key)
}

function valueAt(root: unknown, path: Path): unknown {
  let here = root
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)]
    else here = isRecord(here) && Object.hasOwn(here, key) ? here[key] : undefined
  }
  return here
}

function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path
  if (key === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return rest.length === 0
      ? value.filter((_, i) => i !== key)
      : value.map((v, i) => (i === key ? without(v, rest) : v))
  }
  const entries = Object.entries(value)
  return Object.fromEntries(
    rest.length === 0
      ? entries.filter(([name]) => name !== key)
      : entries.map(([name, part]) => [name, name === key ? without(part, rest) : part]),
  )
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
