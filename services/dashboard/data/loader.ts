/** Fetches what the stream does not carry: the first snapshot, the history, and what was missed meanwhile. */
import type { Api } from './api.ts'
import { pointsOf } from './points.ts'
import { type News, type State, TRACKS, type Track } from './state.ts'
import { TRAININGS_MAX } from './trainings.ts'

const DEMO_DAYS = 2
const PLAIN_KEEP_MS = 6 * 3_600_000
/** Points per chart that a history is fetched with, at most. */
const HISTORY_POINTS = 720
/**
 * Earlier forecasts fetched, so that the band against what came stands there at once: so many per service, and for
 * all services together. Where that leaves too few for a band, it grows from what comes live.
 */
const EARLIER_FORECASTS = 40
const EARLIER_FORECASTS_IN_ALL = 400
const EARLIER_FORECASTS_MIN = 8
const PAGE_ROWS = 500
const PAGES_MAX = 3
const ALERT_ROWS = 50
/** The newest stretch of a series that is asked for again and again. */
const TAIL_TICKS = 12
/** Replica counts come with every status; these have steps in between. */
const TAIL_TRACKS: readonly Track[] = [
  'requests_per_second',
  'latency_p95_seconds',
  'violation_ratio',
]
const AT_ONCE = 4

export interface Loader {
  /** The present: services, budget, mode, demo. Rejects when the controller does not answer. */
  snapshot(): Promise<void>
  /** What lies before it: series, ticks, decisions, earlier forecasts. Parts that fail are left out. */
  history(fromMs?: number): Promise<void>
  /** The newest points of the named services' series: steps that no event carried. */
  tail(services: readonly string[]): Promise<void>
  demo(): Promise<void>
  /** The newest trainings with their curves so far. */
  trainings(): Promise<void>
}

interface Source {
  readonly api: Api
  readonly state: () => State
  readonly tell: (news: News) => void
  /** Grid that series are asked for in; undefined is the controller's own. */
  stepMs: number | undefined
}

export function createLoader(api: Api, state: () => State, tell: (news: News) => void): Loader {
  const source: Source = { api, state, tell, stepMs: undefined }
  return {
    snapshot: () => loadSnapshot(source),
    demo: () => loadDemo(source),
    trainings: () => loadTrainings(source),
    async history(fromMs = state().atMs - state().keepMs) {
      const names = [...state().services.keys()]
      await pool([
        ...eachTrack(names, (name, track) => loadTrack(source, name, track, fromMs)),
        async () => tell({ kind: 'ticks', items: (await api.ticks(PAGE_ROWS)).items }),
        () => loadDecisions(source, fromMs, false),
        () => loadDecisions(source, fromMs, true),
      ])
      await loadHindsight(source, fromMs)
    },
    async tail(services) {
      const fromMs = state().atMs - TAIL_TICKS * state().tickMs
      await pool(
        services.flatMap((name) =>
          TAIL_TRACKS.map((track) => () => loadTrack(source, name, track, fromMs)),
        ),
      )
    },
  }
}

async function loadDemo({ api, state, tell }: Source): Promise<void> {
  // asked once where there is none: a 404 is an answer
  if (state().demo === null) return
  const known = state().demo ?? null
  const demo = await api.demo().catch((error: { status?: number }) => {
    // a load generator that is just being restarted does not end the demo
    return error.status === 404 ? null : known
  })
  tell({ kind: 'demo', demo, nowMs: nowOf(state()) })
}

async function loadSnapshot(source: Source): Promise<void> {
  const { api, state, tell } = source
  const [services, budget, mode, config] = await Promise.all([
    api.services(),
    api.budget(),
    api.mode(),
    api.config().catch(() => ({ stepMs: undefined, tickMs: undefined })),
    loadDemo(source),
  ])
  const dayMs = state().demo?.dayMs
  const keepMs = dayMs === undefined ? PLAIN_KEEP_MS : DEMO_DAYS * dayMs
  const { stepMs } = config
  if (stepMs !== undefined) source.stepMs = stepMs * Math.ceil(keepMs / stepMs / HISTORY_POINTS)
  tell({ kind: 'keep', keepMs, tickMs: config.tickMs ?? state().tickMs })
  const loads = services.items.map((service) => service.loadAtMs ?? 0)
  const decided = services.items.map((service) => service.decision?.atMs ?? 0)
  const atMs = Math.max(...loads, ...decided, state().atMs)
  const { leadership, ...asked } = mode
  const known = { services: [...services.items], budget, paused: mode.paused, atMs }
  const data = { ...known, ...(leadership ? { leadership } : {}) }
  tell({ kind: 'event', heardAtMs: Date.now(), event: { kind: 'status', data } })
  tell({ kind: 'mode', ...asked })
  await Promise.all([loadAlerts(source), loadTrainings(source)])
}

/** The newest ones: what opened and closed while nobody listened. */
async function loadAlerts({ api, tell }: Source): Promise<void> {
  const known = await api.alerts(ALERT_ROWS).catch(() => ({ items: [] }))
  tell({ kind: 'alerts', items: known.items })
}

/** Ones that do not come leave the last ones. */
async function loadTrainings({ api, tell }: Source): Promise<void> {
  try {
    const newest = (await api.trainings()).items.slice(0, TRAININGS_MAX)
    const items = await Promise.all(newest.map(({ number }) => api.training(number)))
    tell({ kind: 'trainings', items })
  } catch {
    // the next opening asks again
  }
}

async function loadTrack(
  { api, state, tell, stepMs }: Source,
  service: string,
  track: Track,
  from: number,
): Promise<void> {
  const to = state().atMs
  if (!(from < to)) return
  const view = await api.series(service, track, { from, to, step: stepMs })
  tell({ kind: 'track', service, track, points: pointsOf(view, to) })
}

async function loadDecisions({ api, tell }: Source, from: number, changes: boolean): Promise<void> {
  let cursor: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const filter = {
      from,
      limit: PAGE_ROWS,
      ...(changes && { changes }),
      ...(cursor && { cursor }),
    }
    const { items, next } = await api.decisions(filter)
    tell({ kind: 'decisions', items })
    if (!next) return
    cursor = next
  }
}

/** What had been forecast: for each service since its first model, so that nothing is asked for that never was. */
async function loadHindsight(source: Source, fromMs: number): Promise<void> {
  const { items } = await source.api.models({ limit: PAGE_ROWS }).catch(() => ({ items: [] }))
  const firstFit = new Map<string, number>()
  for (const { service, fittedAtMs } of items) {
    firstFit.set(service, Math.min(fittedAtMs, firstFit.get(service) ?? fittedAtMs))
  }
  const firstTickMs = source.state().fleet[0]?.t ?? Number.POSITIVE_INFINITY
  const settleMs = 2 * source.state().tickMs
  const most = Math.floor(EARLIER_FORECASTS_IN_ALL / Math.max(1, firstFit.size))
  if (most < EARLIER_FORECASTS_MIN) return
  const times = Math.min(most, EARLIER_FORECASTS)
  await pool(
    [...firstFit].map(([service, fittedAtMs]) => () => {
      const from = Math.max(fromMs, firstTickMs, fittedAtMs + settleMs)
      return loadEarlierForecasts(source, service, from, times)
    }),
  )
}

async function loadEarlierForecasts(
  source: Source,
  service: string,
  fromMs: number,
  times: number,
): Promise<void> {
  const { api, state, tell } = source
  const toMs = state().atMs
  const everyMs = Math.max(state().tickMs, (toMs - fromMs) / times)
  for (let atMs = toMs; atMs >= fromMs; atMs -= everyMs) {
    tell({ kind: 'earlier-forecast', forecast: await api.forecastAt(service, Math.floor(atMs)) })
  }
}

const eachTrack = (
  names: readonly string[],
  load: (name: string, track: Track) => Promise<void>,
): (() => Promise<void>)[] =>
  names.flatMap((name) => TRACKS.map((track) => () => load(name, track)))

/** The controller's clock as of now. */
export function nowOf(state: State): number {
  return state.heardAtMs === 0 ? Date.now() : state.atMs + (Date.now() - state.heardAtMs)
}

/** Runs the jobs, a few at once; one that fails is left out. */
async function pool(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...jobs]
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await job().catch(() => undefined)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
