/**
 * Writes our manifest from that of a folder of traces: `node datasets/traces/write-manifest.ts FOLDER`. Keeps the facts,
 * and adds where the origin's files can be fetched and which form they have. `biome check --write` lays it out afterwards.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTraceManifest, type TraceEntry, type TraceManifest } from './manifest.ts'
import type { OriginForm } from './origin-forms.ts'

const OURS = new URL('manifest.json', import.meta.url)
const RAW = 'https://raw.githubusercontent.com'
const FORMS: Readonly<Record<string, OriginForm>> = {
  'alejandrofdez-us/DataCenter-Traces-Datasets': 'first-column',
  'huaweicloud/trace_generation_rnn': 'letters-a-line',
  'microsoft/autothrottle': 'value-a-line',
  'microsoft/cloud-monitoring-dataset': 'timestamped-csv',
  'numenta/NAB': 'timestamped-csv',
}

/** Ours, as text, made from the manifest of a folder. */
export function manifestFrom(folder: string): string {
  const name = join(folder, 'manifest.json')
  const { format, made, traces } = readTraceManifest(readFileSync(name, 'utf8'), name)
  const ours: TraceManifest = { format, made, traces: traces.map(withOrigin) }
  return `${JSON.stringify(ours, null, 2)}\n`
}

function withOrigin(entry: TraceEntry): TraceEntry {
  const { origin } = entry
  if (origin === undefined) return entry
  const form = FORMS[origin.repo] ?? null
  const raw_urls =
    form === null
      ? []
      : alternatives(origin.path).map((path) => `${RAW}/${origin.repo}/${origin.commit}/${path}`)
  return { ...entry, origin: { ...origin, raw_urls, form } }
}

/** `v1.{train,dev}.txt` as a shell would expand it. */
function alternatives(path: string): string[] {
  const [, before = '', choices, after = ''] = /^(.*)\{(.+)\}(.*)$/.exec(path) ?? []
  if (choices === undefined) return [path]
  return choices.split(',').map((choice) => `${before}${choice}${after}`)
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('usage: node datasets/traces/write-manifest.ts FOLDER')
  writeFileSync(OURS, manifestFrom(folder))
}
