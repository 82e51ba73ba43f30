/** The user's load from where it is kept, as one series of requests/s a service; and whose manifest goes with which. */
import path from 'node:path'
import { readDataset, type SourceInput } from '../../datasets/dataset.ts'
import { DatasetError } from '../../datasets/dataset-error.ts'
import { serviceIdOf } from '../../datasets/readings.ts'
import { floorToStep, LOAD_METRIC, type Series } from '../../forecaster/series.ts'
import { checkSampleStore } from '../../services/cli/checks/local.ts'
import { CommandFailure, EXIT } from '../../services/cli/exit-codes.ts'
import { loadConfigFile } from '../../services/config-file.ts'
import { type Manifest, ManifestError } from '../../services/kubernetes/manifests/manifest.ts'
import { openStore } from '../../services/stores/registry.ts'

export const SOURCES = ['prometheus', 'influx', 'csv', 'parquet', 'store'] as const
export type SourceName = (typeof SOURCES)[number]

export interface LoadOptions {
  readonly source: SourceName
  readonly file?: string | undefined
  readonly columns?: readonly string[] | undefined
  readonly timeColumn?: string | undefined
  readonly stepMs?: number | undefined
  /** Values are requests a step, not requests/s. */
  readonly counts: boolean
  readonly server?: string | undefined
  readonly query?: string | undefined
  readonly label: string
  readonly org?: string | undefined
  readonly bucket?: string | undefined
  readonly measurement: string
  readonly field: string
  readonly token?: string | undefined
  readonly configFile?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly days: number
  readonly untilMs: number
}

const DAY_MS = 86_400_000
const USUAL_STEP_MS = 60_000

/** Throws DatasetError, naming the option; DatasetUnreachable when a server does not answer. */
export async function readLoads(options: LoadOptions): Promise<Series[]> {
  const read = options.source === 'store' ? await readStore(options) : await readSource(options)
  if (read.length === 0)
    throw new DatasetError('source', options.source, 'one with load: it holds no series at all')
  const twice = read.find(({ service }, i) => read.findIndex((o) => o.service === service) < i)
  if (twice !== undefined)
    throw new DatasetError('source', twice.service, 'one series a service: it has several')
  return options.counts ? read.map(perSecond) : read
}

function perSecond(series: Series): Series {
  return { ...series, values: series.values.map((count) => count / (series.stepMs / 1000)) }
}

async function readSource(options: LoadOptions): Promise<Series[]> {
  const { stepMs, counts } = options
  const read = await readDataset(inputOf(options), { stepMs, by: counts ? 'sum' : 'mean' })
  // a file of several columns has a service in each
  const isWide = 'file' in inputOf(options) && read.length > 1
  return read.map(({ series }) =>
    isWide ? { ...series, service: serviceIdOf(series.metric) } : series,
  )
}

function inputOf(options: LoadOptions): SourceInput {
  const need = (value: string | undefined, option: string): string => {
    if (value !== undefined) return value
    throw new DatasetError(option, 'absent', `given with --source ${options.source}`)
  }
  const { stepMs = USUAL_STEP_MS, days, untilMs, label, token, measurement, field } = options
  const toMs = floorToStep(untilMs, stepMs)
  const range = { fromMs: toMs - days * DAY_MS, toMs, stepMs }
  switch (options.source) {
    case 'csv':
    case 'parquet':
      return {
        kind: options.source,
        file: path.normalize(need(options.file, '--file')),
        ...{ timeColumn: options.timeColumn, valueColumns: options.columns?.slice() },
      }
    case 'prometheus':
      return {
        kind: 'prometheus',
        ...{ url: need(options.server, '--server'), query: need(options.query, '--query') },
        ...{ serviceLabel: label, token, ...range },
      }
    case 'influx':
      return {
        kind: 'influx',
        ...{ url: need(options.server, '--server'), org: need(options.org, '--org') },
        ...{ bucket: need(options.bucket, '--bucket'), serviceTag: label, measurement, field },
        ...{ token: need(token, 'environment FORESCALE_SOURCE_TOKEN'), ...range },
      }
    case 'store':
      throw new DatasetError('source', 'store', 'read by readStore')
  }
}

/** Of the controller's own sample store, on its step, or minutes where that is finer. */
async function readStore(options: LoadOptions): Promise<Series[]> {
  const { configFile, env, days, untilMs } = options
  if (configFile === undefined)
    throw new DatasetError('--config', 'absent', 'given with --source store')
  const config = loadConfigFile(configFile, env)
  const stepMs = options.stepMs ?? Math.max(config.stepMs, USUAL_STEP_MS)
  // a look must not make a store where there is none
  const { status, detail, hint } = checkSampleStore(config)
  if (status !== 'ok') throw new CommandFailure(EXIT.failure, detail, hint ?? undefined)
  const store = await openStore(config, path.resolve(config.stateDir))
  try {
    const known = (await store.inventory()).filter(({ metric }) => metric === LOAD_METRIC)
    const services = known.map(({ service }) => service).sort()
    const toMs = floorToStep(untilMs, stepMs)
    const first = Math.min(...known.map(({ firstMs }) => firstMs))
    const fromMs = Math.max(toMs - days * DAY_MS, floorToStep(first, stepMs))
    const steps = Math.max(0, (toMs - fromMs) / stepMs)
    if (services.length === 0 || steps === 0) return []
    const query = { metric: LOAD_METRIC, services, fromMs, toMs, stepMs }
    const grid = await store.grid(query)
    return services.map((service, i) => ({
      ...{ service, metric: LOAD_METRIC, startMs: fromMs, stepMs },
      values: grid.slice(i * steps, (i + 1) * steps),
    }))
  } finally {
    await store.close()
  }
}

/**
 * The series of each manifest: of the service that it names or targets; the only one where there is one of each. Throws a
 * ManifestError where a manifest has no load.
 */
export function seriesOf(
  manifests: readonly { readonly manifest: Manifest; readonly service: string }[],
  series: readonly Series[],
): readonly Series[] {
  return manifests.map(({ manifest, service }) => {
    const found =
      series.find((one) => one.service === service) ??
      (manifests.length === 1 && series.length === 1 ? series[0] : undefined)
    if (found !== undefined) return found
    const known = series.map((one) => one.service).join(', ')
    throw new ManifestError(
      manifest.place,
      'service',
      service,
      `a service whose load was read: ${known} (annotation forescale.dev/service names another than the target)`,
    )
  })
}
