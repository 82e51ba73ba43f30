/**
 * Public traces by name. A trace is looked for in the folder that is named, in the one of FORESCALE_TRACES, in
 * ../shared/traces beside the checkout, in the cache of earlier downloads; else its origin is downloaded, converted and
 * kept there. Wherever it comes from, its checksum is the manifest's, or it is refused.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatasetError } from '../dataset-error.ts'
import { type DownloadLimits, download } from './download.ts'
import { readTraceManifest, type TraceEntry } from './manifest.ts'
import { fromOrigin } from './origin-forms.ts'

export const TRACES_VARIABLE = 'FORESCALE_TRACES'
/** Base address that takes the place of https://raw.githubusercontent.com, for a mirror. */
export const MIRROR_VARIABLE = 'FORESCALE_TRACES_MIRROR'

const OURS = fileURLToPath(new URL('manifest.json', import.meta.url))
const BESIDE_CHECKOUT = fileURLToPath(new URL('../../../shared/traces', import.meta.url))
const RAW_BASE = 'https://raw.githubusercontent.com'
const LIMITS: DownloadLimits = { timeoutMs: 60_000, mostBytes: 64 * 1024 * 1024 }

export interface LibraryOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A folder with a manifest.json that comes before all others. */
  readonly folder?: string | undefined
  /** The folder beside the checkout, where tests say otherwise. */
  readonly besideCheckout?: string
  readonly limits?: DownloadLimits
}

/** Where a trace lies: in a folder, in the cache, or where it comes from. */
export type TracePlace = 'folder' | 'cache' | 'origin'

export interface ListedTrace {
  readonly entry: TraceEntry
  /** The folder whose manifest lists it; undefined when only ours does. */
  readonly folder: string | undefined
}

export interface TraceFile extends ListedTrace {
  readonly text: string
  /** Path of the file; of a download, in the cache. */
  readonly path: string
  readonly from: TracePlace
}

/** Every trace that can be named, the first of a name wins: named folder, FORESCALE_TRACES, beside the checkout, ours. */
export async function listTraces(options: LibraryOptions): Promise<ListedTrace[]> {
  const listed = new Map<string, ListedTrace>()
  for (const folder of [...foldersOf(options), undefined]) {
    const name = folder === undefined ? OURS : join(folder, 'manifest.json')
    const { traces } = readTraceManifest(await readFile(name, 'utf8'), name)
    for (const entry of traces) {
      if (!listed.has(entry.id)) listed.set(entry.id, { entry, folder })
    }
  }
  return [...listed.values()]
}

/**
 * The trace's file, verified. Throws DatasetError when there is no such trace, its file is missing or not the one that
 * the manifest describes, or its origin cannot be converted; DatasetUnreachable when the origin does not answer.
 */
export async function traceFile(name: string, options: LibraryOptions): Promise<TraceFile> {
  const listed = await findTrace(name, options)
  const { entry, folder } = listed
  if (folder !== undefined && liesInFolder(listed)) {
    const path = join(folder, entry.file)
    const text = await readOrRefuse(path, name)
    refuseWrongBytes(text, entry, path)
    return { entry, folder, text, path, from: 'folder' }
  }
  const path = join(cacheFolder(options.env), entry.file)
  const cached = existsSync(path) ? await readFile(path, 'utf8') : undefined
  if (cached !== undefined && sha256(cached) === entry.sha256) {
    return { entry, folder, text: cached, path, from: 'cache' }
  }
  const text = await fetchOrigin(entry, options)
  await keep(path, text)
  return { entry, folder, text, path, from: 'origin' }
}

/** Where the trace would be taken from, unverified; undefined where it cannot be had. */
export function placeOf(
  { entry, folder }: ListedTrace,
  { env }: Pick<LibraryOptions, 'env'>,
): TracePlace | undefined {
  if (folder !== undefined && existsSync(join(folder, entry.file))) return 'folder'
  if (existsSync(join(cacheFolder(env), entry.file))) return 'cache'
  return entry.origin?.form ? 'origin' : undefined
}

/** A folder may be a mere catalogue: what it lists with an origin that can be converted may be fetched. */
function liesInFolder({ entry, folder = '' }: ListedTrace): boolean {
  return existsSync(join(folder, entry.file)) || !entry.origin?.form
}

/** Throws DatasetError with the names that there are. */
export async function findTrace(name: string, options: LibraryOptions): Promise<ListedTrace> {
  const listed = await listTraces(options)
  const found = listed.find(({ entry }) => entry.id === name)
  if (found !== undefined) return found
  const names = listed.map(({ entry }) => entry.id)
  throw new DatasetError('trace', name, names.join(', '))
}

/** Folders with a manifest, in the order in which they are asked. A folder that somebody named must have one. */
function foldersOf({ env, folder, besideCheckout = BESIDE_CHECKOUT }: LibraryOptions): string[] {
  const named = [
    ['folder', folder],
    [TRACES_VARIABLE, env[TRACES_VARIABLE]],
  ] as const
  const folders: string[] = []
  for (const [field, value] of named) {
    if (value === undefined || value === '') continue
    if (!existsSync(join(value, 'manifest.json'))) {
      throw new DatasetError(
        field,
        value,
        'a folder with a manifest.json and the files that it names',
      )
    }
    folders.push(resolve(value))
  }
  if (existsSync(join(besideCheckout, 'manifest.json'))) folders.push(besideCheckout)
  return folders
}

/** Downloads of traces: $XDG_CACHE_HOME or ~/.cache, then forescale/traces. */
export function cacheFolder(env: LibraryOptions['env']): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'forescale', 'traces')
}

async function fetchOrigin(entry: TraceEntry, options: LibraryOptions): Promise<string> {
  const { id, origin, step_s } = entry
  const elsewhere = `${TRACES_VARIABLE} set to a folder with a manifest.json and ${entry.file}`
  if (origin === undefined || origin.form === null || origin.raw_urls.length === 0) {
    const where = origin === undefined ? id : `${origin.repo}/${origin.path}`
    throw new DatasetError(
      `download of ${id}`,
      where,
      `${elsewhere}: its origin needs more conversion`,
    )
  }
  const base = options.env[MIRROR_VARIABLE] || RAW_BASE
  const files: string[] = []
  for (const url of origin.raw_urls) {
    files.push(
      await download(url.replace(RAW_BASE, base.replace(/\/+$/, '')), options.limits ?? LIMITS),
    )
  }
  const text = fromOrigin(origin.form, files, { id, stepSeconds: step_s })
  if (sha256(text) === entry.sha256) return text
  const allowed = `SHA-256 ${entry.sha256}; the origin is not what it was, so ${elsewhere}`
  throw new DatasetError(`download of ${id}`, `SHA-256 ${sha256(text)}`, allowed)
}

function refuseWrongBytes(text: string, { id, sha256: expected }: TraceEntry, path: string): void {
  const actual = sha256(text)
  if (actual === expected) return
  throw new DatasetError(
    `${path} (${id})`,
    `SHA-256 ${actual}`,
    `SHA-256 ${expected}, as the manifest says`,
  )
}

async function readOrRefuse(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new DatasetError(`file of ${name}`, path, 'a file that can be read', { cause })
  }
}

/** Written beside and renamed: no reader sees half a file. */
async function keep(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  const half = `${path}.${process.pid}.part`
  await writeFile(half, text)
  await rename(half, path)
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
