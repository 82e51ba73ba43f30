/**
 * Reads a training's file: one configuration, and what is to be tried beside it. Variants and seeds make a sweep: every
 * variant, laid over the rest of the file, with every seed. A wrong file is refused whole, every fault with its line.
 */
import { z } from 'zod'
import { ConfigError } from '../../../services/config-error.ts'
import { readYaml } from '../../../services/config-yaml.ts'
import { faultsOf, readText } from '../../runner/config-file.ts'
import { TrainingConfig } from './config.ts'

const Variant = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be of a–z, 0–9 and "-"'),
  over: z.record(z.string(), z.unknown()).meta({ description: 'Settings put over the rest.' }),
})
const Sweep = z.looseObject({
  variants: z.array(Variant).min(1).optional(),
  seeds: z.array(z.int().min(0)).min(1).optional(),
})

export interface Training {
  /** Folder below the training's own; empty where there is but one. */
  readonly folder: string
  readonly config: TrainingConfig
}

/** With `seeds` in place of those of the file. Throws ConfigError with every fault. */
export function readTrainingFile(file: string, seeds?: readonly number[]): Training[] {
  return readTraining(readText(file), file, seeds)
}

/** `name` is only named in faults. */
export function readTraining(
  text: string,
  name: string,
  seedsInstead?: readonly number[],
): Training[] {
  const file = readYaml(text, name)
  if (file.faults.length > 0) throw new ConfigError(file.faults)
  const root: unknown = file.value
  const place = { file, at: [], root }
  const sweep = Sweep.safeParse(root)
  if (!sweep.success) throw new ConfigError(faultsOf(sweep.error.issues, place))
  const { variants, seeds: own, ...rest } = sweep.data
  const seeds = seedsInstead ?? own
  return (variants ?? [undefined]).flatMap((variant) =>
    (seeds ?? [undefined]).map((seed) => {
      const given = overlaid(overlaid(rest, variant?.over), seed === undefined ? {} : { seed })
      const read = TrainingConfig.safeParse(given)
      if (!read.success) throw new ConfigError(faultsOf(read.error.issues, place))
      const folder = [variant?.name, seed === undefined ? undefined : `seed-${seed}`]
      return { folder: folder.filter((part) => part !== undefined).join('/'), config: read.data }
    }),
  )
}

type Plain = Readonly<Record<string, unknown>>

/** Mappings are laid over one another, anything else takes the place of what was there. */
function overlaid(under: Plain, over: Plain = {}): Plain {
  const both = { ...under }
  for (const [field, value] of Object.entries(over)) {
    const own = under[field]
    both[field] = isMapping(own) && isMapping(value) ? overlaid(own, value) : value
  }
  return both
}

const isMapping = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
