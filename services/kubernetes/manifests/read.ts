/**
 * Manifests as they lie in a repository or come from `kubectl get hpa -o yaml`: several documents in a file, lists, and
 * other kinds among them, which are left out and named.
 */
import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { readHpa } from './hpa.ts'
import { type Manifest, ManifestError } from './manifest.ts'
import { readScaledObject } from './scaled-object.ts'

export interface ReadManifests {
  readonly manifests: readonly Manifest[]
  /** Kind/name of what does not scale. */
  readonly left: readonly string[]
}

/** Throws a ManifestError: no file, no YAML, no autoscaler in it, two for one target. */
export function readManifests(files: readonly string[]): ReadManifests {
  const manifests: Manifest[] = []
  const left: string[] = []
  for (const file of files)
    for (const { document, place } of documentsIn(textOf(file), file)) {
      const read = readOne(document, place)
      if (typeof read === 'string') left.push(read)
      else manifests.push(read)
    }
  if (manifests.length === 0)
    throw new ManifestError(
      files.join(', '),
      'kind',
      left.join(', ') || undefined,
      'a HorizontalPodAutoscaler or a ScaledObject at least',
    )
  refuseAmbiguous(manifests)
  return { manifests, left }
}

export interface PlacedDocument {
  readonly document: unknown
  /** File and, where it holds several, which. */
  readonly place: string
}

/** Every document and item of YAML or JSON text. Throws a ManifestError for what is neither. */
export function documentsIn(text: string, file: string): PlacedDocument[] {
  const parsed = parseAllDocuments(text)
  const documents = 'empty' in parsed ? [] : parsed
  return documents.flatMap((one, i) => {
    const place = documents.length > 1 ? `${file}, document ${i + 1}` : file
    const [error] = one.errors
    if (error !== undefined) throw new ManifestError(place, 'YAML', error.message, 'YAML')
    const document: unknown = one.toJS()
    if (document === null || document === undefined) return []
    return itemsOf(document).map((item, k, all) => ({
      document: item,
      place: all.length > 1 ? `${place}, item ${k + 1}` : place,
    }))
  })
}

export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ManifestError(file, 'file', file, 'a file of YAML that can be read')
  }
}

/** `kubectl get` gives a List of several. */
function itemsOf(document: unknown): readonly unknown[] {
  if (typeof document !== 'object' || document === null || !('kind' in document)) return [document]
  const isList = typeof document.kind === 'string' && document.kind.endsWith('List')
  return isList && 'items' in document && Array.isArray(document.items)
    ? document.items
    : [document]
}

/** Kind/name of what is no autoscaler. */
function readOne(document: unknown, place: string): Manifest | string {
  const { kind, metadata } = (document ?? {}) as {
    kind?: unknown
    metadata?: { name?: unknown }
  }
  if (kind === 'HorizontalPodAutoscaler') return readHpa(document, place)
  if (kind === 'ScaledObject') return readScaledObject(document, place)
  if (kind === 'ScaledJob')
    throw new ManifestError(place, 'kind', kind, 'HorizontalPodAutoscaler, ScaledObject')
  return `${String(kind ?? 'unnamed')}/${String(metadata?.name ?? 'unnamed')}`
}

/** Kubernetes lets neither of two that select the same pods scale (AmbiguousSelector). */
function refuseAmbiguous(manifests: readonly Manifest[]): void {
  const seen = new Map<string, Manifest>()
  for (const manifest of manifests) {
    const { namespace, target, place } = manifest
    const key = `${namespace}/${target.kind}/${target.name}`
    const other = seen.get(key)
    if (other !== undefined)
      throw new ManifestError(
        place,
        'spec.scaleTargetRef',
        key,
        `a target of its own: ${other.kind} ${other.name} scales it already, and of two neither would`,
      )
    seen.set(key, manifest)
  }
}
