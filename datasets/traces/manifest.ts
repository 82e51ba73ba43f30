/**
 * The manifest of a folder of traces: what each file is, where it comes from, under which licence, and its checksum. Ours
 * (manifest.json beside this file) holds facts only, no data; a folder of files has one of the same form.
 */
import { z } from 'zod'
import { DatasetError } from '../dataset-error.ts'
import { ORIGIN_FORMS } from './origin-forms.ts'

/** Names of files lie in the manifest's folder and nowhere else. */
const FileName = z.string().regex(/^[A-Za-z0-9][\w.+-]*$/, 'must be the name of a file beside it')

export const TraceOrigin = z.object({
  /** GitHub's owner/name. */
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name'),
  path: z.string().min(1),
  commit: z.string().regex(/^[0-9a-f]{40}$/, 'must be a full commit'),
  /** The files that a download fetches, in order; none where it cannot be converted. */
  raw_urls: z.array(z.url()).default([]),
  /** How the origin's files become ours; null where that is no simple matter. */
  form: z.enum(ORIGIN_FORMS).nullable().default(null),
})

export const TraceEntry = z.object({
  id: z.string().min(1),
  file: FileName,
  description: z.string().default(''),
  set: z.string().nullable().default(null),
  group: z.string().nullable().default(null),
  kind: z.string().default('unknown'),
  unit: z.string().default('unknown'),
  /** Factor that makes the values a rate a second; null where they are none. */
  value_to_per_second: z.number().positive().nullable().default(null),
  step_s: z.number().positive(),
  /** Rows. */
  n: z.int().nonnegative().optional(),
  time_column: z.enum(['timestamp', 't']).default('timestamp'),
  start: z.union([z.string(), z.number()]).optional(),
  split: z.string().default('shared'),
  real: z.boolean().optional(),
  derived: z.boolean().optional(),
  processing: z.string().default(''),
  notes: z.string().default(''),
  origin: TraceOrigin.optional(),
  licence: z.object({ id: z.string(), attribution: z.string() }).optional(),
  bytes: z.int().nonnegative().optional(),
  /** Of the file's bytes, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal'),
})
export type TraceEntry = z.infer<typeof TraceEntry>

export const TraceManifest = z.object({
  format: z.string().default(''),
  made: z.string().default(''),
  traces: z.array(TraceEntry),
})
export type TraceManifest = z.infer<typeof TraceManifest>

/** Throws DatasetError with every fault of the manifest that is called `name`. */
export function readTraceManifest(text: string, name: string): TraceManifest {
  const manifest = TraceManifest.safeParse(parseJson(text, name))
  if (manifest.success) return manifest.data
  const faults = z.prettifyError(manifest.error).replaceAll('\n', ' ')
  throw new DatasetError(
    name,
    faults,
    'a manifest: {"traces": [{"id", "file", "step_s", "sha256", …}]}',
    {
      cause: manifest.error,
    },
  )
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DatasetError(name, text.slice(0, 40), 'JSON', { cause })
  }
}
