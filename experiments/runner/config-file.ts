/**
 * Reads an experiment's file. A wrong one is refused whole: every fault names its line, the setting, its value and what
 * is allowed. Parameters of controllers are read here too, by their own schemas, so that no run fails half way.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { ConfigError, type ConfigFault, showPath, showValue } from '../../services/config-error.ts'
import { canonicalJson } from '../../services/config-file.ts'
import type { Path } from '../../services/config-schema.ts'
import { readYaml, type YamlFile } from '../../services/config-yaml.ts'
import { controllerOf } from '../controllers/registry.ts'
import { type Arm, armName, ExperimentConfig } from './config.ts'

/** One controller with one set of parameters. */
export interface ArmSetting {
  readonly arm: string
  readonly kind: string
  /** As the kind's schema reads them, every default filled in. */
  readonly params: unknown
  readonly seesFuture: boolean
}

export interface Experiment {
  readonly config: ExperimentConfig
  readonly arms: readonly ArmSetting[]
}

/** Throws ConfigError with every fault. */
export function readExperimentFile(file: string): Experiment {
  return readExperiment(readText(file), file)
}

/** `name` is only named in faults. */
export function readExperiment(text: string, name: string): Experiment {
  const file = readYaml(text, name)
  if (file.faults.length > 0) throw new ConfigError(file.faults)
  const parsed = ExperimentConfig.safeParse(file.value)
  if (!parsed.success)
    throw new ConfigError(faultsOf(parsed.error.issues, { file, at: [], root: file.value }))
  const faults: ConfigFault[] = []
  const arms = parsed.data.controllers.flatMap((arm, i) => {
    const place = { file, at: ['controllers', i], root: file.value }
    return settingsOf(arm, (issues) => void faults.push(...faultsOf(issues, place)))
  })
  if (faults.length > 0) throw new ConfigError(faults)
  return { config: parsed.data, arms }
}

function settingsOf(arm: Arm, refuse: (issues: readonly z.core.$ZodIssue[]) => void): ArmSetting[] {
  const kind = controllerOf(arm.kind)
  const asked = (arm.sweep ? kind.sweep().filter((_, i) => i % arm.thin === 0) : [{}]).flatMap(
    (swept) => (arm.each ?? [{}]).map((own) => ({ ...(swept as object), ...arm.params, ...own })),
  )
  const settings = new Map<string, ArmSetting>()
  for (const given of asked) {
    try {
      const params = kind.parse(given)
      const seesFuture = kind.seesFuture(params)
      settings.set(canonicalJson(params), { arm: armName(arm), kind: arm.kind, params, seesFuture })
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error
      refuse(error.issues.map((issue) => ({ ...issue, path: ['params', ...issue.path] })))
      return []
    }
  }
  return [...settings.values()]
}

interface Within {
  readonly file: YamlFile
  readonly at: Path
  readonly root: unknown
}

export function faultsOf(issues: readonly z.core.$ZodIssue[], within: Within): ConfigFault[] {
  return issues.flatMap((issue): ConfigFault[] => {
    const { file, root } = within
    const at = [...within.at, ...issue.path.map((k) => (typeof k === 'number' ? k : String(k)))]
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : []
    const paths = keys.length > 0 ? keys.map((key) => [...at, key]) : [at]
    return paths.map((path) => ({
      source: file.fileName,
      ...file.locate(path),
      path: showPath(path),
      message: keys.length > 0 ? 'there is no such setting' : 'is not allowed',
      value: showValue(valueAt(root, path)),
      allowed: keys.length > 0 ? null : allowedBy(issue),
      suggestion: null,
    }))
  })
}

function allowedBy(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_value' ? issue.values.join(', ') : issue.message
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, key)
        ? (here as Record<string | number, unknown>)[key]
        : undefined,
    root,
  )
}

/** Throws ConfigError. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const nowhere = { line: null, column: null, path: '', value: null, suggestion: null }
    const fault = { source: file, ...nowhere, message: `cannot be read: ${why}` }
    throw new ConfigError([{ ...fault, allowed: 'a readable YAML file' }], { cause })
  }
}
