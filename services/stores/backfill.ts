/** What was measured before, as samples for a store: out of an embedded store, or out of any source of data sets. */
import { readDataset, type SourceInput } from '../../datasets/dataset.ts'
import { floorToStep } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import { openLibsqlStore } from './libsql.ts'
import type { Sample } from './sample-store.ts'

const CELLS_A_READ = 20_000

export type FillSource =
  | { readonly kind: 'embedded'; readonly folder: string }
  | { readonly kind: 'dataset'; readonly source: SourceInput }

/** One value a step, stamped with the step's end, as the controller reads it; in pieces of bounded size. */
export async function* samplesToFill(
  source: FillSource,
  config: Pick<AppConfig, 'stepMs' | 'retentionMs'>,
): AsyncGenerator<Sample[]> {
  if (source.kind === 'embedded') {
    yield* fromEmbedded(source.folder, config)
    return
  }
  for (const { series } of await readDataset(source.source)) {
    const { service, metric, startMs, stepMs, values } = series
    for (let from = 0; from < values.length; from += CELLS_A_READ) {
      const cells = values.subarray(from, from + CELLS_A_READ)
      yield samplesOf({ service, metric }, cells, startMs + from * stepMs, stepMs)
    }
  }
}

async function* fromEmbedded(
  folder: string,
  { stepMs, retentionMs }: Pick<AppConfig, 'stepMs' | 'retentionMs'>,
): AsyncGenerator<Sample[]> {
  const store = await openLibsqlStore({ folder, retentionMs })
  try {
    for (const { service, metric, firstMs, lastMs } of await store.inventory()) {
      const endMs = floorToStep(lastMs, stepMs) + stepMs
      const spanMs = CELLS_A_READ * stepMs
      for (let fromMs = floorToStep(firstMs - 1, stepMs); fromMs < endMs; fromMs += spanMs) {
        const toMs = Math.min(endMs, fromMs + spanMs)
        // a cell holds the samples of (start, end]
        const range = { fromMs: fromMs + 1, toMs: toMs + 1, stepMs }
        const cells = await store.grid({ metric, services: [service], ...range })
        yield samplesOf({ service, metric }, cells, fromMs, stepMs)
      }
    }
  } finally {
    await store.close()
  }
}

function samplesOf(
  of: Pick<Sample, 'service' | 'metric'>,
  values: Float64Array,
  startMs: number,
  stepMs: number,
): Sample[] {
  return [...values].flatMap((value, k) =>
    Number.isNaN(value) ? [] : [{ ...of, atMs: startMs + (k + 1) * stepMs, value }],
  )
}
