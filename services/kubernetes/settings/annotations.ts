/** What a workload's annotations say: each is read for itself, so that one that is wrong takes none of the others with it. */
import { z } from 'zod'
import { nearest } from '../../config-error.ts'
import { allowedBy, type JsonSchema, resolve } from '../../config-schema.ts'
import { OWN_ANNOTATIONS } from '../target/marks.ts'
import { FIELDS, type Field, PREFIX, type Values } from './fields.ts'
import { refused, type SettingFault } from './seen.ts'

export const ENABLED = `${PREFIX}enabled`
/** Every annotation that is read. */
export const ANNOTATIONS: readonly string[] = [ENABLED, ...FIELDS.map((f) => f.annotation)]

/** What we write onto workloads ourselves: nothing a tenant says. */
const WRITTEN: readonly string[] = OWN_ANNOTATIONS

export interface Said {
  /** undefined: nothing was said of it. */
  readonly enabled: boolean | undefined
  readonly values: Values
  readonly faults: readonly SettingFault[]
}

const BY_ANNOTATION = new Map(FIELDS.map((field) => [field.annotation, field]))

export function readAnnotations(
  annotations: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): Said {
  const values = new Map<string, unknown>()
  const faults: SettingFault[] = []
  for (const [name, text] of Object.entries(annotations)) {
    if (!name.startsWith(PREFIX) || name === ENABLED || WRITTEN.includes(name)) continue
    const field = BY_ANNOTATION.get(name)
    const read = field && readValue(field, text)
    if (read?.success) values.set(field!.path, read.data)
    else faults.push(refused(name, text, field ? allowedIn(field) : unknown(name)))
  }
  const written = annotations[ENABLED] ?? labels[ENABLED]
  const enabled = written === undefined ? undefined : SWITCH.get(written)
  if (written !== undefined && enabled === undefined)
    faults.push(refused(ENABLED, written, 'allowed: "true" or "false"'))
  return { enabled, values, faults }
}

const SWITCH = new Map([
  ['true', true],
  ['false', false],
])

/** Texts as they stand, numbers and lists as JSON writes them. */
function readValue({ schema }: Field, text: string) {
  const plain = schema.safeParse(text)
  if (plain.success) return plain
  try {
    return schema.safeParse(JSON.parse(text))
  } catch {
    return plain
  }
}

function unknown(name: string): string {
  const own = ANNOTATIONS.map((annotation) => annotation.slice(PREFIX.length))
  const meant = nearest(name.slice(PREFIX.length), own)
  return `there is no such annotation${meant === null ? '' : `; did you mean ${PREFIX}${meant}?`}`
}

const phrases = new Map<string, string>()

/** What a field takes, as a phrase; worked out once. */
export function allowedIn({ path, schema }: Field): string {
  const phrase = phrases.get(path) ?? phraseOf(schema)
  phrases.set(path, phrase)
  return phrase
}

function phraseOf(schema: z.ZodType): string {
  const made: unknown = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' })
  const json: JsonSchema = JSON.parse(JSON.stringify(made))
  return `allowed: ${allowedBy(resolve(json, json)) ?? 'what ServiceSpec allows'}`
}
