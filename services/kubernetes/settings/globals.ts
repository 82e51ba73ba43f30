/** The ConfigMap of globals: what holds for all found workloads. Each of its keys is read for itself. */
import { z } from 'zod'
import { Mode } from '../../../agents/service-spec.ts'
import { nearest } from '../../config-error.ts'
import { readYaml } from '../../config-yaml.ts'
import { TenantLimits, TenantSettings } from './config.ts'
import { type Values, valuesOf } from './fields.ts'
import { refused, type SeenGlobals, type SettingFault } from './seen.ts'

export const GLOBALS_KEY = 'settings.yaml'

export const Globals = z
  .strictObject({
    costBudgetPerHour: z.number().positive().optional().meta({
      description: 'Cost of all replicas together, $/hour; never above the configuration’s.',
    }),
    mode: Mode.optional().meta({ description: 'Global mode; never beyond the configuration’s.' }),
    defaults: TenantSettings.optional().meta({
      description: 'Of found workloads; over kubernetes.settings.defaults.',
    }),
    limits: TenantLimits.optional().meta({
      description: 'The narrower of these and of kubernetes.settings.limits holds.',
    }),
  })
  .meta({ id: 'KubernetesGlobals' })

export interface ReadGlobals {
  readonly costBudgetPerHour: number | undefined
  readonly mode: Mode | undefined
  readonly defaults: Values
  readonly limits: Values
  readonly faults: readonly SettingFault[]
}

const NONE: ReadGlobals = {
  costBudgetPerHour: undefined,
  mode: undefined,
  defaults: new Map(),
  limits: new Map(),
  faults: [],
}

export function readGlobals(seen: SeenGlobals | undefined): ReadGlobals {
  if (!seen) return NONE
  if (seen.text === undefined)
    return { ...NONE, faults: [refused(GLOBALS_KEY, undefined, 'the ConfigMap has no such key')] }
  const file = readYaml(seen.text, GLOBALS_KEY)
  if (file.faults.length > 0)
    return { ...NONE, faults: file.faults.map((f) => refused(GLOBALS_KEY, undefined, f.message)) }
  const faults: SettingFault[] = []
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(Object(file.value ?? {}))) {
    const one = Globals.safeParse({ [key]: value })
    if (one.success) kept[key] = value
    else faults.push(faultAt(key, value, one.error))
  }
  const globals = Globals.parse(kept)
  return {
    costBudgetPerHour: globals.costBudgetPerHour,
    mode: globals.mode,
    defaults: valuesOf(globals.defaults),
    limits: valuesOf(globals.limits),
    faults,
  }
}

function faultAt(key: string, value: unknown, error: z.ZodError): SettingFault {
  const issue = error.issues[0]!
  const path = issue.path.length === 0 ? key : issue.path.join('.')
  const meant =
    issue.code === 'unrecognized_keys' && issue.path.length === 0
      ? nearest(key, Object.keys(Globals.shape))
      : null
  const hint = meant === null ? '' : `; did you mean ${meant}?`
  return refused(path, value, `${issue.message}${hint}`)
}
