/**
 * What a history cannot tell and the user therefore declares: price, start-up, how much a replica carries, how long a
 * request takes, the SLO, and what each metric of the manifest measures. For all services by options, for one by
 * annotations of its manifest (`forescale.dev/…`), which win.
 */
import {
  type Manifest,
  ManifestError,
  type ManifestMetric,
} from '../../services/kubernetes/manifests/manifest.ts'
import { milliQuantityOf } from '../../services/kubernetes/manifests/quantity.ts'

export const ANNOTATION = 'forescale.dev/'

/** Options of the command, as numbers; absent where only annotations say it. */
export interface DeclaredOptions {
  /** Requests/s that keep one replica busy from end to end. */
  readonly capacity?: number | undefined
  readonly pricePerReplicaHour: number
  readonly startupSeconds: number
  /** 0.1 s, or longer where one request keeps a whole replica busy for longer. */
  readonly serviceSeconds?: number | undefined
  readonly sloSeconds: number
  readonly objective: number
  /** What `kubectl top` shows of a replica that is busy from end to end, cores; for targets in cores. */
  readonly cpuAtCapacity?: string | undefined
  /** The same in percent of its request. */
  readonly utilizationAtCapacity: number
  /** `name=load` of metrics. */
  readonly signals: Readonly<Record<string, string>>
}

export const SIGNALS = ['load', 'queue', 'in-flight'] as const
/** load: requests/s · queue: waiting and being served · in-flight: being served. Of the whole service. */
export type SignalKind = (typeof SIGNALS)[number]

export interface Signal {
  readonly kind: SignalKind
  /** Of the metric in one unit of the signal. */
  readonly factor: number
  /** By its name alone, without anybody declaring it. */
  readonly guessed: boolean
}

export interface Declared {
  readonly service: string
  readonly capacity: number
  readonly pricePerReplicaHour: number
  readonly startupSeconds: number
  /** Requests that a replica serves at once, and the mean time of one: together exactly `capacity`. */
  readonly concurrency: number
  readonly serviceSeconds: number
  readonly sloSeconds: number
  readonly objective: number
  readonly cpuAtCapacityMilli: number | null
  readonly utilizationAtCapacity: number
  /** By the metric's label; resource metrics follow utilization and have none. */
  readonly signals: Readonly<Record<string, Signal>>
}

const USUAL_SERVICE_SECONDS = 0.1
/** `--utilization-at-capacity`, `--cpu-at-capacity` …: how the command calls it, for who has to add it. */
const NUMBERS = {
  capacity: 'requests-per-second',
  pricePerReplicaHour: 'price-per-replica-hour',
  startupSeconds: 'startup-seconds',
  serviceSeconds: 'service-seconds',
  sloSeconds: 'slo-seconds',
  objective: 'slo-objective',
  utilizationAtCapacity: 'utilization-at-capacity',
} as const
const KNOWN = new Set<string>([...Object.values(NUMBERS), 'cpu-at-capacity', 'service'])

/** Throws a ManifestError: an unknown annotation of ours, a value that cannot be, a metric that nobody declared. */
export function declaredOf(manifest: Manifest, options: DeclaredOptions): Declared {
  const own = ownAnnotations(manifest)
  const number = (key: keyof typeof NUMBERS): number | undefined => {
    const text = own[NUMBERS[key]]
    if (text === undefined) return options[key]
    const value = Number(text)
    const least = key === 'startupSeconds' ? value >= 0 : value > 0
    if (least && (key !== 'objective' || (value > 0.5 && value < 1))) return value
    throw wrong(manifest, NUMBERS[key], text, key === 'objective' ? '0.5 to 1' : 'a number above 0')
  }
  const capacity = number('capacity')
  if (capacity === undefined)
    throw wrong(
      manifest,
      NUMBERS.capacity,
      undefined,
      'the requests/s that keep one replica busy from end to end, here or by --capacity',
    )
  const cpu = own['cpu-at-capacity'] ?? options.cpuAtCapacity
  return {
    service: own.service ?? manifest.target.name,
    capacity,
    ...places(manifest, capacity, number('serviceSeconds')),
    pricePerReplicaHour: number('pricePerReplicaHour')!,
    startupSeconds: number('startupSeconds')!,
    sloSeconds: number('sloSeconds')!,
    objective: number('objective')!,
    utilizationAtCapacity: number('utilizationAtCapacity')!,
    cpuAtCapacityMilli: cpuMilli(manifest, cpu),
    signals: Object.fromEntries(
      manifest.metrics
        .filter(({ kind }) => kind !== 'resource')
        .map((metric) => [metric.label, signalOf(manifest, metric, own, options)]),
    ),
  }
}

function ownAnnotations({ annotations, place }: Manifest): Readonly<Record<string, string>> {
  const own = Object.entries(annotations)
    .filter(([key]) => key.startsWith(ANNOTATION))
    .map(([key, value]) => [key.slice(ANNOTATION.length), value] as const)
  for (const [key, value] of own)
    if (!KNOWN.has(key) && !key.startsWith('metric.'))
      throw new ManifestError(
        place,
        `metadata.annotations.${ANNOTATION}${key}`,
        value,
        `${[...KNOWN].join(', ')}, metric.NAME`,
      )
  return Object.fromEntries(own)
}

/** A replica has whole places: as many as its capacity and a request's time make, and then the time that fits them. */
function places(
  manifest: Manifest,
  capacity: number,
  seconds: number | undefined,
): { concurrency: number; serviceSeconds: number } {
  const least = 1 / capacity
  if (seconds !== undefined && seconds < 0.75 * least)
    throw wrong(
      manifest,
      NUMBERS.serviceSeconds,
      seconds,
      `at least ${least} s: one request at a time would carry more than ${capacity} requests/s`,
    )
  const wanted = seconds ?? Math.max(USUAL_SERVICE_SECONDS, least)
  const concurrency = Math.max(1, Math.round(capacity * wanted))
  return { concurrency, serviceSeconds: concurrency / capacity }
}

function cpuMilli(manifest: Manifest, text: string | undefined): number | null {
  const milli = text === undefined ? null : milliQuantityOf(text)
  if (milli !== null && !(milli > 0))
    throw wrong(manifest, 'cpu-at-capacity', text, 'cores, like 1 or 500m')
  const inCores = manifest.metrics.find(
    ({ kind, target }) => kind === 'resource' && target.type !== 'Utilization',
  )
  if (milli === null && inCores !== undefined)
    throw wrong(
      manifest,
      'cpu-at-capacity',
      undefined,
      `the cores that a busy replica uses, here or by --cpu-at-capacity: ${inCores.label} aims at cores`,
    )
  return milli
}

const BY_NAME: readonly (readonly [SignalKind, RegExp])[] = [
  [
    'queue',
    /queue|backlog|lag|pending|depth|trigger \d+ \((kafka|rabbitmq|aws-sqs-queue|redis)\)/i,
  ],
  ['in-flight', /in_?-?flight|concurren/i],
  ['load', /requests?_?-?(per_?-?second|total|rate|count)?\b|rps|qps|http_requests|throughput/i],
]
const DECLARED = /^(load|queue|in-flight)(?:\*(\d+(?:\.\d+)?(?:e-?\d+)?))?$/

function signalOf(
  manifest: Manifest,
  { label, name }: ManifestMetric,
  own: Readonly<Record<string, string>>,
  { signals }: DeclaredOptions,
): Signal {
  const text = own[`metric.${name}`] ?? own[`metric.${label}`] ?? signals[name] ?? signals[label]
  if (text !== undefined) {
    const [, kind, factor = '1'] = DECLARED.exec(text.trim()) ?? []
    if (kind === undefined || !(Number(factor) > 0))
      throw wrong(
        manifest,
        `metric.${name}`,
        text,
        `${SIGNALS.join(', ')}, also times a number: load*60`,
      )
    return { kind: kind as SignalKind, factor: Number(factor), guessed: false }
  }
  const kind = BY_NAME.find(([, pattern]) => pattern.test(`${name} ${label}`))?.[0]
  if (kind !== undefined) return { kind, factor: 1, guessed: true }
  throw wrong(
    manifest,
    `metric.${name}`,
    undefined,
    `what ${label} measures, here or by --signal '${name}=…': ${SIGNALS.join(', ')}, also times a number`,
  )
}

function wrong({ place }: Manifest, key: string, value: unknown, allowed: string): ManifestError {
  return new ManifestError(place, `annotation ${ANNOTATION}${key}`, value, allowed)
}
