/** TEST-ONLY: the API's routes over the synthetic fleet; answers are the shapes of the real one. */

import type { Mode, PolicyKind } from '../../../agents/service-spec.ts'
import type { Alert } from '../../alerts/alert.ts'
import type { ControlEvent } from '../../control-plane.ts'
import { canary } from '../../http/examples-rollouts.ts'
import { scoreboard } from '../../http/examples-scoreboard.ts'
import * as ahead from './ahead.ts'
import * as documents from './documents.ts'
import { createSyntheticImportance, explanationOf } from './explanations.ts'
import { createSyntheticModels, type SyntheticModels } from './models.ts'
import { createSyntheticTrainings, type SyntheticTrainings } from './trainings.ts'
import { createWorld, type Measured, type World, type WorldOptions } from './world.ts'

interface Answer {
  readonly status: number
  readonly body?: unknown
}
const ok = (body: unknown): Answer => ({ status: 200, body })
const missing = (detail: string): Answer => ({
  status: 404,
  body: { title: 'Not found', status: 404, detail },
})

const READ: Record<string, (m: Measured) => number> = {
  requests_per_second: (m) => m.load,
  latency_p95_seconds: (m) => m.p95,
  violation_ratio: (m) => m.violations,
  ready_replicas: (m) => m.ready,
  starting_replicas: (m) => m.starting,
}

/** What a request may carry, all of it optional here: the page is what is tested, not this. */
interface Sent {
  readonly service: string
  readonly factor: number
  readonly durationMs: number
  readonly mode: Mode
  readonly policy: PolicyKind
  readonly costBudgetPerHour: number
  readonly number: number | undefined
  readonly why: string
}

interface Request {
  readonly method: string
  readonly rest: readonly string[]
  readonly query: URLSearchParams
  readonly body: Sent
}

const { findings: _, waiting: __, ...rollout } = canary

interface Backend {
  readonly world: World
  readonly modes: documents.Modes
  readonly hasDemo: boolean
  readonly models: SyntheticModels
  readonly importance: ReturnType<typeof createSyntheticImportance>
  readonly trainings: SyntheticTrainings
  /** What is told with the next tick. */
  readonly news: ControlEvent[]
  alerts: Alert[]
  /** Services whose requests somebody asked for. */
  readonly advised: Set<string>
}

type Room = (backend: Backend, request: Request) => Answer

const ROOMS: Record<string, Room> = {
  services,
  decisions,
  alerts,
  // nobody has to sign in
  session: () => ok({ required: false, caller: null, csrfToken: null }),
  scoreboard: () => ok(scoreboard),
  rollouts: () => ok({ items: [rollout], next: null }),
  trainings: ({ trainings, news }, { method, rest: [number, what = ''] }) => {
    if (number === undefined) return ok({ items: trainings.list() })
    if (method === 'POST') news.push(trainings.ask(what))
    const found = trainings.read(Number(number))
    return found ? ok(found) : missing(`there is no training ${number}`)
  },
  'right-sizing': ({ world }) => ok(ahead.sizesOf(world)),
  resources: ({ advised, world }) => ok({ items: ahead.advisedOf(world, advised) }),
  outlook: ({ world }, { query }) => ok(ahead.outlookOf(world, Number(query.get('days') ?? 7))),
  ticks: ({ world }, { query }) => {
    const rows = world.ticks.slice(-Number(query.get('limit') ?? 50)).reverse()
    return ok({ items: rows.map((tick) => documents.tickRow(world, tick)), next: null })
  },
  demo,
  models: ({ models }, { method, rest: [service = '', what = ''], query, body }) => {
    if (method === 'GET') return ok({ items: models.list(query.get('service')), next: null })
    const answer = models.ask(service, what, body.number, body.why)
    return answer ? ok(answer) : missing(`nothing to ${what}`)
  },
  config: ({ world: { options } }) => ok({ stepMs: options.stepMs, tickMs: options.tickMs }),
  budget: ({ world }, { method, body }) => {
    if (method === 'PUT') world.budget = body.costBudgetPerHour
    return ok(documents.budgetOf(world))
  },
  mode: (backend, { method, body }) => set(backend, method === 'PUT' ? { mode: body.mode } : {}),
  pause: (backend) => set(backend, { paused: true }),
  resume: (backend) => set(backend, { paused: false }),
}

export function createBackend(options: WorldOptions, hasDemo: boolean) {
  const world = createWorld(options)
  const { names, epochMs } = options
  const modes: documents.Modes = {
    mode: 'enforce',
    paused: false,
    own: new Map(),
    policies: new Map(),
  }
  const models = createSyntheticModels(names, epochMs)
  const importance = createSyntheticImportance()
  const alerts = ahead.alertsOf(world)
  const trainings = createSyntheticTrainings()
  const news: ControlEvent[] = []
  const shown = { models, importance, trainings, news, alerts, advised: new Set<string>() }
  const backend: Backend = { world, modes, hasDemo, ...shown }
  const status = (): ControlEvent => ({
    kind: 'status',
    data: {
      services: names.map((_, i) => documents.statusOf(world, modes, i)),
      budget: documents.budgetOf(world),
      paused: modes.paused,
      leadership: { leads: true, token: 7, leader: 'dev', url: '' },
      atMs: world.ticks.at(-1)?.atMs ?? epochMs,
    },
  })
  const forecasts = (): ControlEvent[] =>
    names.map((_, i) => ({
      kind: 'forecast',
      data: documents.forecastOf(world, i, world.measured[i]!.at(-1)!.t),
    }))
  const tickEvent = (tick: (typeof world.ticks)[number]): ControlEvent => ({
    kind: 'tick',
    data: documents.tickOf(world, modes, tick),
  })
  return {
    handle(method: string, url: URL, sent: unknown): Answer {
      const [, , room = '', ...rest] = url.pathname.split('/').map(decodeURIComponent)
      const request = { method, rest, query: url.searchParams, body: sent as Sent }
      return ROOMS[room]?.(backend, request) ?? missing(`there is nothing at ${url.pathname}`)
    },
    /** What a fresh listener gets. */
    present(): ControlEvent[] {
      const tick = world.ticks.at(-1)
      return [status(), ...(tick ? [tickEvent(tick)] : []), ...forecasts(), ...models.news()]
    },
    advance(nowMs: number): ControlEvent[] {
      const made = world.advance(nowMs)
      if (made.length === 0) return []
      const told = [...news.splice(0), ...trainings.advance()]
      return [...made.map(tickEvent), ...forecasts(), ...told, status()]
    },
  }
}

function set({ world, modes }: Backend, change: { mode?: Mode; paused?: boolean }): Answer {
  Object.assign(modes, change)
  world.acts = !modes.paused && modes.mode === 'enforce'
  return ok({ mode: modes.mode, paused: modes.paused })
}

function services(
  { world, modes, importance, advised }: Backend,
  { method, rest, query, body }: Request,
): Answer {
  const { names } = world.options
  const [name, what, about] = rest
  if (name === undefined) {
    return ok({ items: names.map((_, i) => documents.statusOf(world, modes, i)) })
  }
  const i = names.indexOf(name)
  if (i < 0) return missing(`there is no service "${name}"`)
  if (method === 'PUT' && what === 'mode') modes.own.set(name, body.mode)
  if (method === 'PUT' && what === 'policy') modes.policies.set(name, body.policy)
  if (what === 'resources') {
    advised.add(name)
    return ok(ahead.adviceOf(name))
  }
  if (what === 'series') return series(world, i, query)
  if (what !== 'forecast') return ok(documents.statusOf(world, modes, i))
  if (about === 'explanation') return ok(explanationOf(world, i, Date.now()))
  if (about === 'importance') return ok(importance(name))
  return ok(documents.forecastOf(world, i, Number(query.get('at') ?? Date.now())))
}

function series({ options, measured }: World, i: number, query: URLSearchParams): Answer {
  const { stepMs, epochMs, names } = options
  const metric = query.get('metric') ?? 'requests_per_second'
  const from = Math.floor(Number(query.get('from')) / stepMs) * stepMs
  const to = Math.ceil(Number(query.get('to')) / stepMs) * stepMs
  const byEnd = new Map(measured[i]!.map((m) => [m.t, m]))
  const values = Array.from({ length: (to - from) / stepMs }, (_, k) => {
    const m = byEnd.get(from + (k + 1) * stepMs)
    return m ? READ[metric]!(m) : null
  })
  const grid = { startMs: from, stepMs, values, recordedUntilMs: epochMs }
  return ok({ service: names[i], metric, ...grid })
}

function decisions({ world, modes }: Backend, { rest, query }: Request): Answer {
  const [id, action] = rest
  const all = world.ticks.flatMap((tick) =>
    tick.rows.map((_, i) => ({ tick, i, row: documents.decisionOf(world, modes, tick, i) })),
  )
  if (id !== undefined) {
    const found = all.find(({ row }) => row.id === id)
    if (!found) return missing(`there is no decision "${id}"`)
    const { tick, i, row } = found
    return ok(
      action === 'replay'
        ? documents.replayOf(row)
        : documents.explanationOf(world, modes, tick, i),
    )
  }
  const from = Number(query.get('from') ?? 0)
  const rows = all
    .map(({ row }) => row)
    .filter((row) => row.atMs >= from && (query.get('changes') !== 'true' || row.from !== row.to))
    .reverse()
  const start = Number(query.get('cursor') ?? 0)
  const end = start + Number(query.get('limit') ?? 50)
  return ok({ items: rows.slice(start, end), next: end < rows.length ? String(end) : null })
}

function alerts(backend: Backend, { method, rest }: Request): Answer {
  const [id] = rest
  if (id === undefined) return ok({ items: backend.alerts, next: null })
  const found = backend.alerts.find((alert) => alert.id === id)
  if (!found) return missing(`there is no alert "${id}"`)
  if (method !== 'POST') return ok(found)
  const seen = { ...found, acknowledgedAtMs: Date.now(), acknowledgedBy: 'http' }
  backend.alerts = backend.alerts.map((alert) => (alert === found ? seen : alert))
  return ok(seen)
}

function demo({ world, hasDemo }: Backend, { method, rest, body }: Request): Answer {
  if (!hasDemo) return missing('no demo shop is running')
  const nowMs = Date.now()
  if (method === 'POST') {
    const { service, factor, durationMs } = body
    const id = `spike-${world.spikes.length + 1}`
    const spike = { id, service, factor, durationMs, fromMs: nowMs, toMs: nowMs + durationMs }
    world.spikes.push(spike)
    return { status: 201, body: spike }
  }
  if (method === 'DELETE') {
    const spike = world.spikes.find((s) => s.id === rest[1])
    if (!spike) return missing(`there is no spike "${rest[1]}"`)
    spike.toMs = nowMs
    return { status: 204 }
  }
  const { epochMs, dayMs } = world.options
  const fromMs = epochMs - 2 * dayMs
  const recording = { fromMs, toMs: epochMs, source: 'synthetic, made for tests' }
  const spikes = world.spikes.filter((spike) => spike.toMs > nowMs)
  return ok({ workload: 'weekday', dayMs, epochMs, recording, spikes })
}
