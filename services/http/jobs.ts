/** Jobs: what waits, what workers are at, what was given up, and what becomes of that. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { JobId, JobKind, JobState, JobSummary, JobView } from '../jobs/job.ts'
import * as examples from './examples-jobs.ts'
import { acts, reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { integerText, NoBody, NoQuery, strict } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { items } from './views.ts'

const tags = ['jobs']
const MOST_JOBS = 500
const USUAL_JOBS = 50

const IdParam = strict({ id: JobId.meta({ example: examples.dead.id }) })

const listJobs = createRoute({
  method: 'get',
  path: '/v1/jobs',
  ...reads('fleet'),
  tags,
  summary: 'Jobs, newest first',
  description:
    'Fits, backtests, trainings and runs of experiments that workers do (`forescale worker`). Those of all controllers on the same Redis; without one (`jobs.redis`) those of this process.',
  request: {
    query: strict({
      kind: JobKind.optional().openapi({ example: 'fit' }),
      state: JobState.optional().openapi({ example: 'dead' }),
      limit: integerText(1, MOST_JOBS, 'At most so many.', USUAL_JOBS).optional(),
    }),
  },
  responses: {
    200: json(items(JobSummary), 'Without payloads.', { items: [examples.dead] }),
    ...problems('invalid-request', 'jobs-unavailable'),
  },
})

const readJob = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}',
  ...reads('fleet'),
  tags,
  summary: 'One job with what was asked for and every error',
  request: { params: IdParam, query: NoQuery },
  responses: {
    200: json(JobView, 'Of long lists their length and how they begin.', examples.view),
    ...problems('invalid-request', 'job-not-found', 'jobs-unavailable'),
  },
})

const retryJob = createRoute({
  method: 'post',
  path: '/v1/jobs/{id}/retry',
  ...acts('operator', 'fleet', 'job.retry'),
  tags,
  summary: 'Begin a dead job anew',
  description: 'As if no attempt had failed. Its result is kept for whoever asks for the same.',
  request: { params: IdParam, query: NoQuery, body: NoBody },
  responses: {
    200: json(JobView, 'It waits for a worker.', examples.begun),
    ...problems(
      ...(['invalid-request', 'job-not-found', 'conflict', 'jobs-unavailable'] as const),
      'unsupported-media-type',
    ),
  },
})

const discardJob = createRoute({
  method: 'delete',
  path: '/v1/jobs/{id}',
  ...acts('operator', 'fleet', 'job.discard'),
  tags,
  summary: 'Remove a job; a worker that is at it stops',
  request: { params: IdParam, query: NoQuery },
  responses: {
    204: { description: 'It is gone, or goes as soon as its worker hears of it.' },
    ...problems('invalid-request', 'job-not-found', 'jobs-unavailable'),
  },
})

export function jobRoutes(app: OpenAPIHono, { jobs }: RouteDeps): void {
  app.openapi(listJobs, async (c) => {
    const { limit = USUAL_JOBS, ...query } = c.req.valid('query')
    return c.json({ items: [...(await jobs.list({ ...query, limit }))] }, 200)
  })
  app.openapi(readJob, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(found(await jobs.get(id), id), 200)
  })
  app.openapi(retryJob, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(found(await jobs.retry(id), id), 200)
  })
  app.openapi(discardJob, async (c) => {
    const { id } = c.req.valid('param')
    if (await jobs.discard(id)) return c.body(null, 204)
    throw notFound(id)
  })
}

const notFound = (id: string) => new ProblemError('job-not-found', `there is no job ${id}`)

function found(job: JobView | undefined, id: string): JobView {
  if (job) return job
  throw notFound(id)
}
