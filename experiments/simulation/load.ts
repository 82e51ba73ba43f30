/**
 * What people ask of the services, and what the collector says of it. Load is a function of seed and time: a short season,
 * a long one, noise, and now and then a burst. What is measured may be a lie while a fault says so.
 */
import { hashUnit } from '../../datasets/random.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { Sample } from '../../services/stores/sample-store.ts'
import { DAY_MS, type Knobs } from './knobs.ts'
import type { Platform } from './platform.ts'

export const LIES = [
  'missing',
  'stuck',
  'zero',
  'thousandfold',
  'not-a-number',
  'infinite',
  'negative',
  'future',
  'twice',
] as const
export type Lie = (typeof LIES)[number]

const TAU = 2 * Math.PI
const BURST_CHANCE = 0.01
const SHORT_SEASON_STEPS = 20

export function loadAt({ seed, loads, config }: Knobs, service: ServiceId, atMs: number): number {
  const mean = loads.get(service)!
  const step = Math.floor(atMs / config.stepMs)
  const phase = TAU * hashUnit('phase', seed, service)
  const day = 0.5 * Math.sin((TAU * atMs) / DAY_MS + phase)
  const short = 0.4 * Math.sin((TAU * step) / SHORT_SEASON_STEPS + phase)
  const noise = 0.9 + 0.2 * hashUnit('noise', seed, service, step)
  const block = Math.floor(step / SHORT_SEASON_STEPS)
  const burst = hashUnit('burst', seed, service, block) < BURST_CHANCE ? 3 : 1
  return Math.max(0, mean * (1 + day + short)) * noise * burst
}

/** What is measured of one service over the step that ends at `atMs`. */
export function measure(
  knobs: Knobs,
  platform: Platform,
  service: ServiceId,
  atMs: number,
): Sample[] {
  const load = loadAt(knobs, service, atMs - 1)
  const ready = platform.ready(service)
  const carried = ready * knobs.config.services[service]!.capacityPerReplica * 1.2
  const violation = load > carried ? 1 - carried / load : 0
  return [
    { service, atMs, metric: LOAD_METRIC, value: load },
    { service, atMs, metric: 'ready_replicas', value: ready },
    { service, atMs, metric: 'violation_ratio', value: violation },
  ]
}

/** The samples as the liar tells them; `before` is what was told last of each metric. */
export function lie(kind: Lie, samples: readonly Sample[], before: Map<string, number>): Sample[] {
  const withLoad = (change: (sample: Sample) => Sample) =>
    samples.map((sample) => (sample.metric === LOAD_METRIC ? change(sample) : sample))
  switch (kind) {
    case 'missing':
      return []
    case 'stuck':
      return withLoad((sample) => ({
        ...sample,
        value: before.get(sample.service) ?? sample.value,
      }))
    case 'zero':
      return withLoad((sample) => ({ ...sample, value: 0 }))
    case 'thousandfold':
      return withLoad((sample) => ({ ...sample, value: sample.value * 1000 }))
    case 'not-a-number':
      return withLoad((sample) => ({ ...sample, value: Number.NaN }))
    case 'infinite':
      return withLoad((sample) => ({ ...sample, value: Number.POSITIVE_INFINITY }))
    case 'negative':
      return withLoad((sample) => ({ ...sample, value: -sample.value }))
    case 'future':
      return withLoad((sample) => ({ ...sample, atMs: sample.atMs + DAY_MS }))
    case 'twice':
      return [...samples, ...samples.toReversed()]
  }
}
