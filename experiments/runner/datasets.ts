/**
 * The data sets of an experiment as scenarios: traces verified by checksum and synthetic loads, put on one grid, without
 * gaps, scaled to a number of replicas, cut into what may be learned from and what is replayed.
 */
import { z } from 'zod'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { DatasetError } from '../../datasets/dataset-error.ts'
import { syntheticSeries } from '../../datasets/synthetic.ts'
import { type LibraryOptions, listTraces, placeOf } from '../../datasets/traces/library.ts'
import { loadTrace } from '../../datasets/traces/trace.ts'
import type { Series } from '../../forecaster/series.ts'
import { withoutGaps } from '../environments/loads.ts'
import { type Scenario, Scrape, Serving, type SimulatedService } from '../simulator/scenario.ts'
import type { Dataset, ExperimentConfig, Override, Setting } from './config.ts'

const DAY_MS = 86_400_000
const SECOND_MS = 1000

type NamedService = Extract<Dataset, { kind: 'services' }>['services'][number]

/** One data set, spelt out: everything that makes its scenario but seed and bytes. Plain data that travels to workers. */
export interface DatasetPlan {
  readonly name: string
  readonly simulator: ExperimentConfig['simulator']
  readonly setting: Setting
  readonly services: readonly NamedService[]
}

/** Where a load is from, for whoever reads the results. */
export interface Provenance {
  readonly load: string
  readonly synthetic: boolean
  readonly sha256?: string
  readonly licence?: string
  readonly origin?: string
}

/** Every data set in every variant. Throws DatasetError for a trace or group that there is not. */
export async function plansOf(
  config: ExperimentConfig,
  library: LibraryOptions,
): Promise<DatasetPlan[]> {
  const listed = (await listTraces(library)).filter((one) => placeOf(one, library) !== undefined)
  const named: { name: string; services: readonly NamedService[]; over: Override | undefined }[] =
    []
  for (const dataset of config.datasets) {
    const over = dataset.setting as Override | undefined
    for (const [name, services] of servicesOf(dataset, listed)) named.push({ name, services, over })
  }
  const variants = config.variants ?? [undefined]
  const plans = named.flatMap(({ name, services, over }) =>
    variants.map((variant) => ({
      name: variant ? `${name}/${variant.name}` : name,
      services,
      simulator: variant?.simulator ?? config.simulator,
      setting: overlaid(overlaid(config.setting, over), variant?.setting as Override | undefined),
    })),
  )
  const twice = plans.find(({ name }, i) => plans.findIndex((p) => p.name === name) !== i)
  if (twice) throw new DatasetError('datasets', twice.name, 'names that differ')
  return plans
}

function overlaid(setting: Setting, over: Override | undefined): Setting {
  if (!over) return setting
  return {
    ...setting,
    ...over,
    spec: { ...setting.spec, ...over.spec },
    serving: { ...setting.serving, ...over.serving },
    scrape: Scrape.parse({ ...setting.scrape, ...over.scrape }),
  }
}

const plain = { spec: {}, serving: {}, calls: [] }

function servicesOf(
  dataset: Dataset,
  listed: Awaited<ReturnType<typeof listTraces>>,
): [string, readonly NamedService[]][] {
  switch (dataset.kind) {
    case 'traces':
      return namesOf(
        dataset.ids,
        listed.map(({ entry }) => entry.id),
      ).map((id) => [id, [{ name: id.toLowerCase(), load: { trace: id }, ...plain }]])
    case 'groups': {
      const groups = [...new Set(listed.flatMap(({ entry }) => entry.group ?? []))]
      return namesOf(dataset.groups, groups).map((group) => {
        const own = listed.filter(({ entry }) => entry.group === group)
        if (own.length === 0) throw new DatasetError('group', group, groups.join(', '))
        const services = own.map(({ entry: { id } }) => ({
          name: id.toLowerCase(),
          load: { trace: id },
          ...plain,
        }))
        return [group, services]
      })
    }
    case 'synthetic': {
      const { workloads, days, stepSeconds, services } = dataset
      return workloads.map((workload) => [
        `${workload}${services > 1 ? `-x${services}` : ''}`,
        Array.from({ length: services }, (_, i) => ({
          name: services > 1 ? `${workload}-${i + 1}` : workload,
          load: { workload, days, stepSeconds },
          ...plain,
        })),
      ])
    }
    case 'services':
      return [[dataset.name, dataset.services]]
  }
}

function namesOf(asked: readonly string[], all: readonly string[]): readonly string[] {
  return asked.includes('all') ? all : asked
}

/** Throws DatasetError where loads cannot be read or do not fit together. */
export async function scenarioOf(
  { name, setting, services }: DatasetPlan,
  seed: number,
  library: LibraryOptions,
): Promise<{ scenario: Scenario; provenance: readonly Provenance[] }> {
  const read: (readonly [Series, Provenance] | undefined)[] = []
  for (const { name: service, load } of services)
    read.push(load && (await readLoad(load, { service, seed, library })))
  const known = read.filter((one) => one !== undefined)
  const tickMs = setting.tickSeconds * SECOND_MS
  const grids = known.map(([series]) => atLeast(series, tickMs))
  const first = grids[0]
  if (!first) throw new DatasetError(`${name}, load`, 'none', 'a load for at least one service')
  const { stepMs, startMs } = first
  const other = grids.find((grid) => grid.stepMs !== stepMs)
  if (other)
    throw new DatasetError(`${name}, step`, `${other.stepMs} ms`, `${stepMs} ms, as the others`)
  // traces of one data set are laid side by side from their beginnings: their dates seldom overlap
  const steps = Math.min(...grids.map(({ values }) => values.length))
  const replay = Math.min(Math.round((setting.replayDays * DAY_MS) / stepMs), Math.floor(steps / 2))
  const learn = Math.min(Math.round((setting.learnDays * DAY_MS) / stepMs), steps - replay)
  const from = steps - replay - learn
  let at = 0
  const simulated = services.map((service, i): SimulatedService => {
    const parts = specOf(service, setting)
    if (!read[i])
      return {
        name: service.name,
        ...parts,
        history: new Float64Array(learn),
        load: new Float64Array(replay),
      }
    const values = withoutGaps(grids[at++]!.values.slice(0, steps), service.name)
    const scaled = scale(values, setting, parts.spec, service.busyReplicas)
    const history = scaled.slice(from, from + learn)
    return { name: service.name, ...parts, history, load: scaled.slice(from + learn) }
  })
  const scenario: Scenario = {
    name,
    startMs: startMs + (from + learn) * stepMs,
    stepMs,
    tickMs: stepMs / Math.ceil(stepMs / tickMs),
    costBudgetPerHour: budgetOf(simulated, services, setting),
    services: simulated,
    ...(setting.nodes ? { nodes: setting.nodes } : {}),
    scrape: setting.scrape,
    synthetic: known.some(([, { synthetic }]) => synthetic),
    seed,
  }
  return { scenario, provenance: known.map(([, provenance]) => provenance) }
}

async function readLoad(
  load: NonNullable<NamedService['load']>,
  { service, seed, library }: { service: string; seed: number; library: LibraryOptions },
): Promise<readonly [Series, Provenance]> {
  if ('trace' in load) {
    const { series, entry } = await loadTrace(load.trace, library)
    const { licence, origin, sha256, derived } = entry
    return [
      series,
      {
        load: load.trace,
        synthetic: entry.real === false || derived === true,
        sha256,
        ...(licence ? { licence: `${licence.id}; ${licence.attribution}` } : {}),
        ...(origin ? { origin: `${origin.repo}@${origin.commit}/${origin.path}` } : {}),
      },
    ]
  }
  const { workload, days, stepSeconds } = load
  const stepMs = stepSeconds * SECOND_MS
  const series = syntheticSeries(workload, { seed, days, stepMs, service })
  return [series, { load: `${workload}, ${days} days of ${stepSeconds} s`, synthetic: true }]
}

/** Steps shorter than a tick are taken together: their mean. */
function atLeast(series: Series, tickMs: number): Series {
  const each = Math.max(1, Math.round(tickMs / series.stepMs))
  if (each === 1) return series
  const values = Float64Array.from({ length: Math.floor(series.values.length / each) }, (_, k) => {
    const known = series.values.slice(k * each, (k + 1) * each).filter((v) => !Number.isNaN(v))
    return known.reduce((sum, v) => sum + v, 0) / known.length
  })
  return { ...series, stepMs: series.stepMs * each, values }
}

function specOf(
  service: NamedService,
  setting: Setting,
): Pick<SimulatedService, 'spec' | 'serving'> {
  const serving = Serving.parse({ ...setting.serving, calls: service.calls, ...service.serving })
  const { concurrency, serviceTime } = serving
  const busy = service.busyReplicas ?? setting.busyReplicas
  const spec = readSpec(service.name, {
    capacityPerReplica: (setting.capacityShare * concurrency) / serviceTime.meanSeconds,
    // twice the busy hours: bounds are there to catch mistakes, not to decide
    maxReplicas: Math.ceil(2 * busy),
    ...setting.spec,
    ...service.spec,
  })
  return { spec, serving }
}

/** Each field was read with the file; what is left are rules over several. */
function readSpec(service: string, value: unknown): ServiceSpec {
  const read = ServiceSpec.safeParse(value)
  if (read.success) return read.data
  const faults = z.prettifyError(read.error).replaceAll('\n', ' ')
  throw new DatasetError(`spec of ${service}`, faults, 'fields that fit one another')
}

/** A property of the scenario, not of what controllers know: all of the load counts. */
function scale(
  values: Float64Array,
  setting: Setting,
  spec: ServiceSpec,
  ownBusy: number | undefined,
): Float64Array {
  const sorted = Float64Array.from(values).sort()
  const busy = sorted[Math.floor(setting.busyQuantile * (sorted.length - 1))]! || sorted.at(-1)!
  const wanted = (ownBusy ?? setting.busyReplicas) * spec.capacityPerReplica
  return busy > 0 ? values.map((value) => (value * wanted) / busy) : values
}

function budgetOf(
  simulated: readonly SimulatedService[],
  services: readonly NamedService[],
  { budgetShare, busyReplicas }: Setting,
): number {
  return simulated.reduce((sum, { spec }, i) => {
    const busy = services[i]!.busyReplicas ?? busyReplicas
    const replicas = budgetShare === undefined ? spec.maxReplicas : budgetShare * busy
    return sum + replicas * spec.pricePerReplicaHour
  }, 0)
}
