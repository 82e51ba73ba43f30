/** Ticks: the history, one tick's arbitration, and (under the manual clock) the door through which time passes. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { Decision as DecisionSchema } from '../../coordinator/decision.ts'
import { ServiceId } from '../../forecaster/series.ts'
import { Conflict, ReplicaReport, TickSummary } from '../control-plane.ts'
import type { Ledger, TickRecord } from '../ledger/ledger.ts'
import * as examples from './examples.ts'
import { feeds, reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { Cursor, Limit, NoQuery, strict, TimeValue } from './query.ts'
import { body, json, problems, type RouteDeps } from './route.ts'
import { Arbitration, page, type TickRow, TickRow as TickRowSchema } from './views.ts'

const tags = ['ticks']
const TickParam = strict({
  tick: z
    .string()
    .regex(/^\d{1,15}$/, 'a tick number: 0, 1, 2, …')
    .transform(Number)
    .openapi({
      type: 'integer',
      minimum: 0,
      description: "The tick's number.",
      example: examples.tick.tick,
    }),
})

const TickRequest = strict({
  at: TimeValue.openapi({ description: 'The time of this tick; later than the tick before.' }),
  replicas: z
    .record(
      ServiceId,
      z.union([z.int().min(0), ReplicaReport]).openapi({
        description: 'A number stands for that many requested and ready replicas.',
      }),
    )
    .optional()
    .openapi({ description: 'Replica counts as the caller sees them, by service.' }),
}).meta({ id: 'TickRequest' })

const listTicks = createRoute({
  method: 'get',
  path: '/v1/ticks',
  ...reads('fleet'),
  tags,
  summary: 'The history of ticks, newest first',
  request: { query: strict({ limit: Limit.default(50), cursor: Cursor.optional() }) },
  responses: {
    200: json(page(TickRowSchema), 'One page.', { items: [examples.tickRow], next: null }),
    ...problems('invalid-request'),
  },
})

const latestTick = createRoute({
  method: 'get',
  path: '/v1/ticks/latest',
  ...reads('fleet'),
  tags,
  summary: 'The last tick and its decisions',
  request: { query: NoQuery },
  responses: {
    200: json(TickSummary, 'The tick.', examples.tick),
    ...problems('invalid-request', 'tick-not-found'),
  },
})

const readTick = createRoute({
  method: 'get',
  path: '/v1/ticks/{tick}',
  ...reads('fleet'),
  tags,
  summary: 'One tick with all its decisions: the arbitration',
  request: { params: TickParam, query: NoQuery },
  responses: {
    200: json(Arbitration, 'How the budget was shared.', {
      ...examples.tickRow,
      decisions: [examples.storedDecision],
    }),
    ...problems('invalid-request', 'tick-not-found'),
  },
})

const runTick = createRoute({
  method: 'post',
  path: '/v1/ticks',
  ...feeds('fleet'),
  tags,
  summary: 'Run one tick at a given time (manual clock only)',
  description:
    'The door of tests, replays and outside judges: push samples with their own timestamps, then run the tick. The answer depends on data, config and seed alone.',
  request: {
    query: NoQuery,
    ...body(TickRequest, { at: '2026-11-21T08:00:00Z', replicas: { search: 4 } }),
  },
  responses: {
    200: json(TickSummary, 'The tick and its decisions.', { ...examples.tick, durationMs: 0 }),
    ...problems('invalid-request', 'conflict', 'unsupported-media-type'),
  },
})

export function tickRoutes(app: OpenAPIHono, { control, ledger }: RouteDeps): void {
  app.openapi(listTicks, async (c) => {
    const rows = await ledger.ticks(c.req.valid('query'))
    return c.json({ items: rows.items.map(tickRow), next: rows.next ?? null }, 200)
  })
  app.openapi(latestTick, async (c) => {
    const tick = control.lastTick() ?? (await storedTick(ledger))
    if (tick) return c.json(tick, 200)
    throw new ProblemError('tick-not-found', 'no tick has run yet')
  })
  app.openapi(readTick, async (c) => {
    const { tick } = c.req.valid('param')
    const record = await ledger.tick(tick)
    if (!record) throw new ProblemError('tick-not-found', `there is no tick ${tick} in the ledger`)
    const decisions = [...(await ledger.decisionsOfTick(tick))]
    return c.json({ ...tickRow(record), decisions }, 200)
  })
  app.openapi(runTick, async (c) => {
    const { at, replicas } = c.req.valid('json')
    if (control.config().clock !== 'manual') {
      throw new Conflict('clock is "system": ticks run by themselves; POST needs clock: manual')
    }
    return c.json(await control.runTick(at, replicas && reports(replicas, control.config())), 200)
  })
}

/** Counts as the controller takes them; a service that is not configured is refused by name. */
function reports(
  replicas: Readonly<Record<string, number | ReplicaReport>>,
  config: { services: Readonly<Record<string, unknown>> },
): Map<string, ReplicaReport> {
  const unknown = Object.keys(replicas).filter((name) => !Object.hasOwn(config.services, name))
  if (unknown.length > 0) {
    const allowed = Object.keys(config.services).slice(0, 20).join(' | ')
    throw invalidRequest(
      unknown.map((name) => ({
        field: `replicas.${name}`,
        value: replicas[name] ?? null,
        allowed: `counts of ${allowed}`,
      })),
    )
  }
  return new Map(
    Object.entries(replicas).map(([name, count]) => [
      name,
      typeof count === 'number'
        ? { requested: count, ready: count, starting: 0, terminating: 0 }
        : count,
    ]),
  )
}

/** The last tick of the process before this one. */
async function storedTick(ledger: Ledger): Promise<TickSummary | undefined> {
  const record = await ledger.lastTick()
  if (!record) return undefined
  const { epoch: _, configHash: __, outputsHash: ___, ...summary } = tickRow(record)
  const decisions = await ledger.decisionsOfTick(record.tick)
  return { ...summary, decisions: decisions.map((row) => DecisionSchema.strip().parse(row)) }
}

/** Exactly the public fields: the inputs stay in the ledger. */
function tickRow(row: Omit<TickRecord, 'inputs'>): TickRow {
  return {
    tick: row.tick,
    atMs: row.atMs,
    epoch: row.epoch,
    costBudgetPerHour: row.costBudgetPerHour,
    spendPerHour: row.spendPerHour,
    shadowPrice: row.shadowPrice,
    feasible: row.feasible,
    boundBy: row.boundBy,
    configHash: row.configHash,
    durationMs: row.durationMs,
    outputsHash: row.outputsHash,
  }
}
