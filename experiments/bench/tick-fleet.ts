/** The fleet of the tick's benchmarks: configuration, a book in memory, settings and counts. Synthetic load. */
import { AppConfig } from '../../services/config.ts'
import type { Entry } from '../../services/loops/entry.ts'
import type { LoadBook } from '../../services/loops/load-book.ts'
import type { Settings } from '../../services/loops/settings.ts'
import {
  fitFleet,
  fleetCapacity,
  fleetContenders,
  fleetSpec,
  followingOf,
  forecastConfig,
  loadAt,
  STEP_MS,
} from './fleet.ts'

export const START_MS = 3 * 288 * STEP_MS

export const nameOf = (i: number) => `s${i}`

export function fleetConfig(n: number): AppConfig {
  return AppConfig.parse({
    tickMs: STEP_MS,
    stepMs: STEP_MS,
    mode: 'recommend',
    costBudgetPerHour: n * 0.9, // about what the fleet wants at the middle of its day: it binds for some
    forecast: forecastConfig,
    services: Object.fromEntries(Array.from({ length: n }, (_, i) => [nameOf(i), fleetSpec])),
  })
}

/** A book that holds a fleet in memory: what the pure part works on. */
export function memoryBook(n: number): { book: LoadBook; entries: Entry[] } {
  const entries = fitFleet(n).map(
    (state, i): Entry => ({
      service: nameOf(i),
      capacity: fleetCapacity(),
      loadAtMs: START_MS,
      loadRps: loadAt(i, 0),
      violationRatio: 0,
      latencyP95Seconds: 0.1,
      readyReplicas: 4,
      contenders: fleetContenders(nameOf(i), state),
    }),
  )
  const none = () => Promise.reject(new Error('the pure part does not read'))
  const book = {
    entries: new Map(entries.map((e) => [e.service, e])),
    readToMs: () => START_MS,
    read: none,
    following: followingOf,
    replay: none,
    history: none,
  }
  return { book, entries }
}

export const plainSettings = (config: AppConfig): Settings => ({
  budget: () => config.costBudgetPerHour,
  amountOf: () => undefined,
  mode: () => 'recommend',
  paused: () => false,
  modeOf: () => 'recommend',
  policyOf: () => 'predictive',
  policyVersionOf: () => undefined,
  tierOf: () => undefined,
  specOf: (service) => config.services[service]!,
  put: async () => {},
  rebase: () => {},
  reread: async () => {},
})

export const counts = (n: number) =>
  new Map(
    Array.from({ length: n }, (_, i) => {
      const replicas = Math.max(1, Math.round(loadAt(i, 0) / 22))
      return [nameOf(i), { requested: replicas, ready: replicas, starting: 0, terminating: 0 }]
    }),
  )
