/** Trainings: ask for one, see how far it is, end it, have it go on. */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import { Why } from '../rollouts/request.ts'
import {
  Training,
  TrainingRefused,
  TrainingRequest,
  TrainingState,
  TrainingView,
} from '../trainings/training.ts'
import { actorOf } from './callers.ts'
import * as examples from './examples-trainings.ts'
import { acts, reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { integerText, NoBody, NoQuery, strict } from './query.ts'
import { body, json, problems, type RouteDeps } from './route.ts'
import { items } from './views.ts'

const tags = ['trainings']
const MOST_TRAININGS = 999_999_999

const NumberParam = strict({
  number: integerText(1, MOST_TRAININGS, 'Number of the training.', 1),
})
const CancelRequest = strict({ why: Why }).meta({ id: 'TrainingCancelRequest' })

const listTrainings = createRoute({
  method: 'get',
  path: '/v1/trainings',
  ...reads('fleet'),
  tags,
  summary: 'Trainings of policies, newest first',
  request: { query: strict({ state: TrainingState.optional().openapi({ example: 'running' }) }) },
  responses: {
    200: json(items(Training), 'Each with its runs and how far they are.', {
      items: [examples.running],
    }),
    ...problems('invalid-request'),
  },
})

const readTraining = createRoute({
  method: 'get',
  path: '/v1/trainings/{number}',
  ...reads('fleet'),
  tags,
  summary: 'One training with its reward curves so far',
  request: { params: NumberParam, query: NoQuery },
  responses: {
    200: json(TrainingView, 'Progress, curves, and where its files lie.', examples.view),
    ...problems('invalid-request', 'training-not-found'),
  },
})

const startTraining = createRoute({
  method: 'post',
  path: '/v1/trainings',
  ...acts('operator', 'fleet', 'training.start'),
  tags,
  summary: 'Train a policy on simulated services',
  description:
    'One trains at a time, in a process of its own; the others wait, no more than trainings.mostQueued. Its best policy comes into the registry and acts for nobody until it is rolled out.',
  request: { query: NoQuery, ...body(TrainingRequest, examples.request) },
  responses: {
    201: json(TrainingView, 'It runs, or waits.', examples.begun),
    ...problems('invalid-request', 'conflict', 'body-too-large'),
  },
})

const cancelTraining = createRoute({
  method: 'post',
  path: '/v1/trainings/{number}/cancel',
  ...acts('operator', 'fleet', 'training.cancel'),
  tags,
  summary: 'End a training; it can be resumed',
  request: { params: NumberParam, query: NoQuery, ...body(CancelRequest, { why: 'not today' }) },
  responses: {
    200: json(TrainingView, 'As it ended.', examples.cancelled),
    ...problems('invalid-request', 'training-not-found', 'conflict'),
  },
})

const resumeTraining = createRoute({
  method: 'post',
  path: '/v1/trainings/{number}/resume',
  ...acts('operator', 'fleet', 'training.resume'),
  tags,
  summary: 'Have a training go on that was cancelled or failed',
  description: 'From its last round; to the bit what it would have been without the break.',
  request: { params: NumberParam, query: NoQuery, body: NoBody },
  responses: {
    200: json(TrainingView, 'It runs, or waits.', examples.begun),
    ...problems('invalid-request', 'training-not-found', 'conflict', 'unsupported-media-type'),
  },
})

const removeTraining = createRoute({
  method: 'delete',
  path: '/v1/trainings/{number}',
  ...acts('operator', 'fleet', 'training.remove'),
  tags,
  summary: 'Remove a training with its files, ended first where it still runs',
  description: 'What it brought into the registry stays there.',
  request: { params: NumberParam, query: NoQuery },
  responses: {
    204: { description: 'It is gone.' },
    ...problems('invalid-request', 'training-not-found'),
  },
})

export function trainingRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  const { trainings } = control
  app.openapi(listTrainings, (c) => {
    const { state } = c.req.valid('query')
    const shown = trainings.list().filter((one) => state === undefined || one.state === state)
    return c.json({ items: [...shown] }, 200)
  })
  app.openapi(startTraining, async (c) =>
    c.json(await checked(() => trainings.start(c.req.valid('json'), actorOf(c))), 201),
  )
  app.openapi(cancelTraining, async (c) => {
    const { number } = c.req.valid('param')
    const { why } = c.req.valid('json')
    return c.json(found(await trainings.cancel(number, actorOf(c), why), number), 200)
  })
  app.openapi(resumeTraining, async (c) => {
    const { number } = c.req.valid('param')
    return c.json(found(await trainings.resume(number, actorOf(c)), number), 200)
  })
  // after what needs it to be there: the documentation keeps this order, and its examples are run in it
  app.openapi(readTraining, (c) => {
    const { number } = c.req.valid('param')
    return c.json(found(trainings.read(number), number), 200)
  })
  app.openapi(removeTraining, async (c) => {
    const { number } = c.req.valid('param')
    if (await trainings.remove(number, actorOf(c))) return c.body(null, 204)
    throw notFound(number)
  })
}

const notFound = (number: number) =>
  new ProblemError('training-not-found', `there is no training ${number}`)

function found(training: z.infer<typeof TrainingView> | undefined, number: number) {
  if (training) return training
  throw notFound(number)
}

async function checked<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof TrainingRefused ? invalidRequest(error.faults) : error
  }
}
