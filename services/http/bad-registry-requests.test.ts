/** Wrong requests about what is kept by number or hash: models, policies and their rollouts, trainings, jobs. */
import { describe, it } from 'vitest'
import { createApp } from './app.ts'
import { waiting as waitingJob } from './examples-jobs.ts'
import * as modelExamples from './examples-models.ts'
import * as rolloutExamples from './examples-rollouts.ts'
import { type Case, expectProblem, query, send } from './test-bad-requests.ts'
import { AWAY_JOB } from './test-jobs.ts'
import { createTestParts } from './test-plane.ts'

const CASES: readonly Case[] = [
  query('a version of a model that is none', '/v1/models/search/0', ['number', '0', 'from 1 to']),
  query('a comparison with nothing', '/v1/models/search/compare?a=1', ['b', null, 'a string']),
  query('a standing that is none', '/v1/models?status=winner', [
    'status',
    'winner',
    'champion | challenger | retired',
  ]),
  {
    what: 'a version that is not there',
    path: '/v1/models/search/9',
    status: 404,
    code: 'model-not-found',
  },
  {
    what: 'a promotion of the champion',
    path: '/v1/models/search/promote',
    init: send('POST', { number: 1 }),
    status: 409,
    code: 'conflict',
  },
  {
    what: 'a reason that is too long',
    path: '/v1/models/search/rollback',
    init: send('POST', { why: 'x'.repeat(201) }),
    status: 400,
    code: 'invalid-request',
    error: ['why', `"${'x'.repeat(199)}…`, 'at most 200 characters'],
  },
  {
    what: 'a model file of a later form',
    path: '/v1/models/search/import',
    init: send('POST', { ...modelExamples.file, formatVersion: 2 }),
    status: 400,
    code: 'invalid-request',
    error: ['formatVersion', 2, '1'],
  },
  {
    what: 'a model file of another kind',
    path: '/v1/models/search/import',
    init: send('POST', { ...modelExamples.file, format: 'onnx' }),
    status: 400,
    code: 'invalid-request',
    error: ['format', 'onnx', 'forescale-model'],
  },
  {
    what: 'a model file of another service',
    path: '/v1/models/payment/import',
    init: send('POST', modelExamples.file),
    status: 400,
    code: 'invalid-request',
    error: ['model.service', 'search', 'payment'],
  },
  query('a rollout that is none', '/v1/rollouts/0', ['number', '0', 'from 1 to']),
  query('a policy by another name', '/v1/policies/best', ['version', 'best', '16 hexadecimal']),
  {
    what: 'a rollout that is not there',
    path: '/v1/rollouts/7',
    status: 404,
    code: 'rollout-not-found',
  },
  {
    what: 'a policy that is not there',
    path: '/v1/policies/0000000000000000',
    status: 404,
    code: 'policy-not-found',
  },
  {
    what: 'a candidate that is not in the registry',
    path: '/v1/rollouts',
    init: send('POST', { candidate: { policy: 'learned', version: '0000000000000000' } }),
    status: 400,
    code: 'invalid-request',
    error: ['candidate.version', '0000000000000000', rolloutExamples.policy.version],
  },
  {
    what: 'a learned candidate without its version',
    path: '/v1/rollouts',
    init: send('POST', { candidate: { policy: 'learned' } }),
    status: 400,
    code: 'invalid-request',
    error: ['candidate.version', null, 'with policy "learned"'],
  },
  {
    what: 'a share of all',
    path: '/v1/rollouts',
    init: send('POST', { candidate: { policy: 'reactive' }, settings: { share: 1 } }),
    status: 400,
    code: 'invalid-request',
    error: ['settings.share', 1, 'less than 1'],
  },
  {
    what: 'a rollout on a service that has one',
    path: '/v1/rollouts',
    init: send('POST', { candidate: { policy: 'reactive' }, services: ['payment'] }),
    status: 409,
    code: 'conflict',
  },
  {
    what: 'a rollout that has ended',
    path: '/v1/rollouts/9/stop',
    init: send('POST', {}),
    status: 409,
    code: 'conflict',
  },
  query('a training that is none', '/v1/trainings/0', ['number', '0', 'from 1 to']),
  query('trainings in a state of their own', '/v1/trainings?state=paused', [
    'state',
    'paused',
    'queued',
  ]),
  {
    what: 'a training that is not there',
    path: '/v1/trainings/7',
    status: 404,
    code: 'training-not-found',
  },
  {
    what: 'a training that is neither a name nor settings',
    path: '/v1/trainings',
    init: send('POST', { training: '../smoke' }),
    status: 400,
    code: 'invalid-request',
    error: ['training', '../smoke', 'a name of'],
  },
  {
    what: 'a training that nobody knows',
    path: '/v1/trainings',
    init: send('POST', { training: 'unknown' }),
    status: 400,
    code: 'invalid-request',
    error: ['training', 'unknown', 'a shipped one: smoke'],
  },
  {
    what: 'a training with a seed twice',
    path: '/v1/trainings',
    init: send('POST', { training: 'smoke', seeds: [1, 1] }),
    status: 400,
    code: 'invalid-request',
    error: ['seeds', [1, 1], 'each seed once'],
  },
  {
    what: 'a training when too many wait',
    path: '/v1/trainings',
    init: send('POST', { training: 'shipped' }),
    status: 409,
    code: 'conflict',
  },
  {
    what: 'a training that has ended',
    path: '/v1/trainings/9/cancel',
    init: send('POST', {}),
    status: 409,
    code: 'conflict',
  },
  query('a job by no hash', '/v1/jobs/12', ['id', '12', '32 hexadecimal digits']),
  query('jobs in a state of their own', '/v1/jobs?state=lost', ['state', 'lost', 'waiting']),
  query('jobs of no kind', '/v1/jobs?kind=chore', ['kind', 'chore', 'backtest']),
  query('more jobs than are shown', '/v1/jobs?limit=501', ['limit', '501', 'from 1 to 500']),
  {
    what: 'a job that is not there',
    path: `/v1/jobs/${'0'.repeat(32)}`,
    status: 404,
    code: 'job-not-found',
  },
  {
    what: 'a job while its queue is away',
    path: `/v1/jobs/${AWAY_JOB}`,
    status: 503,
    code: 'jobs-unavailable',
  },
  {
    what: 'a job that is not dead begun anew',
    path: `/v1/jobs/${waitingJob.id}/retry`,
    init: { method: 'POST' },
    status: 409,
    code: 'conflict',
  },
  {
    what: 'a policy of a later form',
    path: '/v1/policies',
    init: send('POST', { document: { ...rolloutExamples.document, formatVersion: 99 } }),
    status: 400,
    code: 'invalid-request',
    error: ['document.formatVersion', 99, '1'],
  },
]

describe('a wrong request', () => {
  const app = createApp(createTestParts())

  it.each(CASES)('$what: $code', (wrong) => expectProblem(app, wrong))
})
