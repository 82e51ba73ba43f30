/** Rollouts of strategies, and comparisons of any two. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { AutomaticView } from '../rollouts/automatic-view.ts'
import { RolloutError, RolloutRequest, RolloutView, Why } from '../rollouts/request.ts'
import { Rollout } from '../rollouts/rollout.ts'
import { actorOf } from './callers.ts'
import * as examples from './examples-rollouts.ts'
import { acts, reads } from './permission.ts'
import { policyRoutes } from './policies.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { BooleanText, Cursor, integerText, Limit, NoQuery, strict } from './query.ts'
import { body, json, problems, type RouteDeps } from './route.ts'
import { page } from './views.ts'

const tags = ['rollouts']
const PAGE_ROWS = 50
const MOST_ROLLOUTS = 999_999_999

const NumberParam = strict({
  number: integerText(1, MOST_ROLLOUTS, 'Number of the rollout.', 1),
})
const WhyRequest = strict({ why: Why }).meta({ id: 'WhyRequest' })
const RollbackRequest = strict({
  number: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Without it: the newest that runs or was promoted.' }),
  why: Why,
}).meta({ id: 'RolloutRollbackRequest' })
const listRollouts = createRoute({
  method: 'get',
  path: '/v1/rollouts',
  ...reads('fleet'),
  tags,
  summary: 'Rollouts and comparisons, newest first',
  request: {
    query: strict({
      service: ServiceId.optional().openapi({ example: 'search' }),
      open: BooleanText.optional(),
      limit: Limit.default(PAGE_ROWS),
      cursor: Cursor.optional(),
    }),
  },
  responses: {
    200: json(page(Rollout), 'Each with its stage and how it got there.', {
      items: [plain(examples.canary)],
      next: null,
    }),
    ...problems('invalid-request'),
  },
})

const readAutomatic = createRoute({
  method: 'get',
  path: '/v1/rollouts/automatic',
  ...reads('fleet'),
  tags,
  summary: 'Rollouts that are begun by themselves: what is known of each policy',
  description:
    'With rollouts.automatic policies that come into the registry are judged by what the log predicts of them, and the best is rolled out. One that was tried is not tried again.',
  request: { query: NoQuery },
  responses: {
    200: json(AutomaticView, 'As of the last look.', examples.automatic),
    ...problems('invalid-request'),
  },
})

const readRollout = createRoute({
  method: 'get',
  path: '/v1/rollouts/{number}',
  ...reads('fleet'),
  tags,
  summary: 'One rollout, with what its units say so far',
  request: { params: NumberParam, query: NoQuery },
  responses: {
    200: json(RolloutView, 'The rollout.', examples.canary),
    ...problems('invalid-request', 'rollout-not-found'),
  },
})

const startRollout = createRoute({
  method: 'post',
  path: '/v1/rollouts',
  ...acts('operator', 'fleet', 'rollout.start'),
  tags,
  summary: 'Begin a rollout, or a comparison of two strategies',
  description:
    'A rollout goes from shadow to canary to full as its candidate proves better, and back by itself when it does harm.',
  request: { query: NoQuery, ...body(RolloutRequest, examples.request) },
  responses: {
    201: json(RolloutView, 'It begins with the next tick.', examples.shadow),
    ...problems('invalid-request', 'conflict'),
  },
})

const advanceRollout = createRoute({
  method: 'post',
  path: '/v1/rollouts/{number}/advance',
  ...acts('operator', 'fleet', 'rollout.advance'),
  tags,
  summary: 'One stage on, whatever was found',
  description: 'shadow → canary → full → promoted. By whom and why is kept.',
  request: { params: NumberParam, query: NoQuery, ...body(WhyRequest, { why: 'sure enough' }) },
  responses: {
    200: json(RolloutView, 'The rollout as it is now.', examples.canary),
    ...problems('invalid-request', 'rollout-not-found', 'conflict'),
  },
})

const stopRollout = createRoute({
  method: 'post',
  path: '/v1/rollouts/{number}/stop',
  ...acts('operator', 'fleet', 'rollout.stop'),
  tags,
  summary: 'End a rollout; what acted before acts again from the next tick on',
  request: { params: NumberParam, query: NoQuery, ...body(WhyRequest, { why: 'not today' }) },
  responses: {
    200: json(RolloutView, 'The rollout as it ended.', {
      ...examples.rolledBack,
      outcome: 'stopped',
    }),
    ...problems('invalid-request', 'rollout-not-found', 'conflict'),
  },
})

const takeBack = createRoute({
  method: 'post',
  path: '/v1/rollouts/rollback',
  ...acts('operator', 'fleet', 'rollout.rollback'),
  tags,
  summary: 'Back to what acted before, from the next tick on',
  description: 'Whether the rollout still runs or its candidate was promoted long ago.',
  request: { query: NoQuery, ...body(RollbackRequest, { why: 'too dear at noon' }) },
  responses: {
    200: json(RolloutView, 'The rollout that was taken back.', examples.rolledBack),
    ...problems('invalid-request', 'rollout-not-found', 'conflict'),
  },
})

function plain({ findings: _, waiting: __, ...rollout }: RolloutView): Rollout {
  return rollout
}

export function rolloutRoutes(app: OpenAPIHono, deps: RouteDeps): void {
  policyRoutes(app, deps)
  const { control, ledger } = deps
  const { rollouts } = control
  app.openapi(listRollouts, async (c) => {
    const { items, next } = await ledger.rollouts(c.req.valid('query'))
    return c.json({ items: [...items], next: next ?? null }, 200)
  })
  app.openapi(readAutomatic, (c) => c.json(control.automaticRollouts(), 200))
  app.openapi(startRollout, async (c) =>
    c.json(await checked(() => rollouts.start(c.req.valid('json'), actorOf(c))), 201),
  )
  app.openapi(readRollout, async (c) => {
    const { number } = c.req.valid('param')
    return c.json(found(await rollouts.read(number), number), 200)
  })
  app.openapi(advanceRollout, async (c) => {
    const { number } = c.req.valid('param')
    const { why } = c.req.valid('json')
    return c.json(found(await rollouts.advance(number, actorOf(c), why), number), 200)
  })
  app.openapi(stopRollout, async (c) => {
    const { number } = c.req.valid('param')
    const { why } = c.req.valid('json')
    return c.json(found(await rollouts.stop(number, actorOf(c), why), number), 200)
  })
  app.openapi(takeBack, async (c) => {
    const { number, why } = c.req.valid('json')
    return c.json(found(await rollouts.rollback(number, actorOf(c), why), number ?? 0), 200)
  })
}

function found(rollout: RolloutView | undefined, number: number): RolloutView {
  if (rollout) return rollout
  throw new ProblemError('rollout-not-found', `there is no rollout ${number}`)
}

async function checked<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error
    const { field, value, allowed } = error
    throw invalidRequest([{ field, value, allowed }])
  }
}
