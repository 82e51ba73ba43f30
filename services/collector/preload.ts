/** Before the first scrape of a store that knows nothing recent: the recorded days of this shop, in the right phase. */
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PlacedSample, placeRecording, readRecording } from '../../datasets/recording.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { SampleStore } from '../stores/sample-store.ts'

const RECORDINGS = new URL('../../datasets/recordings/', import.meta.url)

export interface PreloadOptions {
  readonly store: SampleStore
  readonly config: AppConfig
  readonly stateDir: string
  readonly epochMs: number
  readonly nowMs: number
  /** Folder of the recordings, ending with a slash; those of this repository when absent. */
  readonly recordings?: URL
}

/** How many samples were laid in; 0 when the store knows enough or there is no recording of this workload. */
export async function preload({
  store,
  config,
  stateDir,
  epochMs,
  nowMs,
  recordings = RECORDINGS,
}: PreloadOptions): Promise<number> {
  const shop = config.shop!
  const file = new URL(`${shop.workload}.csv`, recordings)
  if (!shop.preload || !(await exists(file))) return 0
  const newestMs = Math.max(
    ...[...(await store.latest(LOAD_METRIC, nowMs)).values()].map((s) => s.atMs),
    0,
  )
  if (nowMs - newestMs <= shop.dayMs) return 0
  const recording = readRecording(await readFile(file, 'utf8'))
  const { days, dayMs, source, recordedAt } = recording.header
  if (dayMs !== shop.dayMs) return 0 // a recording of longer or shorter days has other shapes
  const fromMs = Math.max(newestMs, nowMs - days * dayMs)
  const samples = placeRecording(recording, { epochMs, fromMs, toMs: nowMs }).filter(
    (s) => Object.hasOwn(config.services, s.service) && s.atMs <= nowMs,
  )
  const marker = { fromMs, toMs: nowMs, source: `${source} (${recordedAt})` }
  // the marker first, then all samples at once: a crash leaves none that is not marked as recorded
  await writeFile(join(stateDir, 'preload.json'), JSON.stringify(marker))
  await store.append(samples satisfies PlacedSample[], nowMs)
  return samples.length
}

const exists = (file: URL): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
