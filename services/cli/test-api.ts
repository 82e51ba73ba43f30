/**
 * The part of the HTTP API that the command line uses, on a real port, with one hand-made instant of the demo shop;
 * every answer is read by the API's own schemas first. Only for tests.
 */
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { BudgetView, Explanation, ReplayReport, ServiceStatus } from '../control-plane.ts'
import * as examples from '../http/examples.ts'
import { PROBLEMS, Problem, type ProblemCode } from '../http/problem.ts'
import { ModeView, page, StoredDecisionView } from '../http/views.ts'

export interface TestApi {
  readonly url: string
  readonly state: TestState
  /** Requests served, as `METHOD path?query body`. */
  readonly served: string[]
  close(): Promise<void>
}

export interface TestState {
  mode: 'off' | 'recommend' | 'enforce'
  paused: boolean
  budget: BudgetView
  services: ServiceStatus[]
  identical: boolean
  ready: boolean
  delayMs: number
}

const problem = (c: Context, code: ProblemCode, detail: string): Response => {
  const { status, title } = PROBLEMS[code]
  const body = Problem.parse({
    type: `urn:forescale:problem:${code}`,
    title,
    status,
    detail,
    instance: c.req.path,
    code,
  })
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

function initialState(): TestState {
  const payment = { ...examples.serviceStatus, service: 'payment', decision: null, replicas: null }
  return {
    mode: 'enforce',
    paused: false,
    budget: examples.budget,
    services: [examples.serviceStatus, payment].map((row) => ServiceStatus.parse(row)),
    identical: true,
    ready: true,
    delayMs: 0,
  }
}

export async function startTestApi(): Promise<TestApi> {
  const state = initialState()
  const served: string[] = []
  const app = new Hono()
  app.use(async (c, next) => {
    const { pathname, search } = new URL(c.req.url)
    served.push(`${c.req.method} ${pathname}${search} ${await c.req.raw.clone().text()}`.trim())
    if (state.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, state.delayMs))
    return next()
  })
  addReadings(app, state)
  addActs(app, state)
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () =>
      resolve(listening),
    )
  })
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, state, served, close }
}

function addReadings(app: Hono, state: TestState): void {
  const known = (name: string) => state.services.find((row) => row.service === name)
  app.get('/livez', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', (c) => {
    const check = {
      name: 'ledger',
      ok: state.ready,
      detail: state.ready ? 'answered' : 'database is locked',
    }
    return c.json(
      { status: state.ready ? 'ready' : 'not-ready', checks: [check] },
      state.ready ? 200 : 503,
    )
  })
  app.get('/v1/services', (c) => c.json({ items: state.services }))
  app.get('/v1/services/:service', (c) => {
    const row = known(c.req.param('service'))
    return row ? c.json(row) : problem(c, 'service-not-found', 'there is none')
  })
  app.get('/v1/services/:service/forecast', (c) => {
    const name = c.req.param('service')
    if (known(name) === undefined)
      return problem(c, 'service-not-found', `there is no service "${name}"`)
    if (name === 'payment') return problem(c, 'forecast-expired', 'it expired 10 s ago')
    return c.json(examples.forecast)
  })
  app.get('/v1/decisions', (c) => {
    const items = c.req.query('service') === 'payment' ? [] : [examples.storedDecision]
    return c.json(page(StoredDecisionView).parse({ items, next: 'abc' }))
  })
  app.get('/v1/decisions/:id', (c) => {
    const { id } = examples.decision
    if (c.req.param('id') === id) return c.json(Explanation.parse(examples.explanation))
    return problem(c, 'decision-not-found', 'there is none')
  })
  app.get('/v1/mode', (c) => c.json(ModeView.parse({ mode: state.mode, paused: state.paused })))
  app.get('/v1/budget', (c) => c.json(state.budget))
}

function addActs(app: Hono, state: TestState): void {
  app.post('/v1/decisions/:id/replay', (c) => {
    if (c.req.param('id') !== examples.decision.id)
      return problem(c, 'decision-not-found', 'there is none')
    return c.json(ReplayReport.parse({ ...examples.replay, identical: state.identical }))
  })
  for (const [path, paused] of [
    ['/v1/pause', true],
    ['/v1/resume', false],
  ] as const) {
    app.post(path, (c) => {
      state.paused = paused
      return c.json({ mode: state.mode, paused })
    })
  }
  app.put('/v1/mode', async (c) => {
    state.mode = (await c.req.json()).mode
    return c.json({ mode: state.mode, paused: state.paused })
  })
  app.put('/v1/services/:service/mode', async (c) => {
    const row = state.services.find((s) => s.service === c.req.param('service'))
    if (row === undefined) return problem(c, 'service-not-found', 'there is none')
    row.mode = (await c.req.json()).mode
    return c.json(row)
  })
  app.put('/v1/budget', async (c) => {
    const { costBudgetPerHour } = await c.req.json()
    if (costBudgetPerHour > 1000)
      return problem(c, 'invalid-request', 'costBudgetPerHour: at most 1000')
    if (costBudgetPerHour === 409)
      return problem(c, 'conflict', 'another controller holds the lease')
    state.budget = BudgetView.parse({ ...state.budget, costBudgetPerHour })
    return c.json(state.budget)
  })
}
