import { describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { waiting as waitingJob } from './examples-jobs.ts'
import * as modelExamples from './examples-models.ts'
import * as rolloutExamples from './examples-rollouts.ts'
import { type PROBLEMS, Problem } from './problem.ts'
import { AWAY_JOB } from './test-jobs.ts'
import { createTestParts } from './test-plane.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const send = (method: string, body: unknown) => ({
  method,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: JSON_TYPE,
})

interface Case {
  readonly what: string
  readonly path: string
  readonly init?: RequestInit
  readonly status: number
  readonly code: keyof typeof PROBLEMS
  /** Field, value and a part of what is allowed. */
  readonly error?: readonly [field: string, value: unknown, allowed: string]
}

const query = (
  what: string,
  path: string,
  error: readonly [field: string, value: unknown, allowed: string],
): Case => ({ what, path, status: 400, code: 'invalid-request', error })

const CASES: readonly Case[] = [
  query('an unknown key', '/v1/decisions?bogus=1', ['bogus', '1', 'only service, from, to']),
  query('a key on a route without any', '/v1/services?limit=1', ['limit', '1', 'no fields']),
  query('a limit of 0', '/v1/decisions?limit=0', ['limit', '0', 'an integer from 1 to 500']),
  query('a limit of 501', '/v1/decisions?limit=501', ['limit', '501', 'from 1 to 500']),
  query('a limit in hex', '/v1/decisions?limit=0x10', ['limit', '0x10', 'an integer']),
  query('an empty limit', '/v1/ticks?limit=', ['limit', '', 'an integer']),
  query('a limit given twice', '/v1/ticks?limit=1&limit=2', ['limit', ['1', '2'], 'a string']),
  query('a boolean as 1', '/v1/decisions?changes=1', ['changes', '1', 'true | false']),
  query('no time', '/v1/decisions?from=yesterday', ['from', 'yesterday', 'ISO 8601']),
  query('a time without zone', '/v1/decisions?from=2026-11-21T08:00:00', [
    'from',
    '2026-11-21T08:00:00',
    'with a zone',
  ]),
  query('a 32nd of the month', '/v1/decisions?to=2026-11-32T08:00:00Z', [
    'to',
    '2026-11-32T08:00:00Z',
    'ISO 8601',
  ]),
  query('a range that ends before it begins', '/v1/decisions?from=2000&to=1000', [
    'from',
    2000,
    'a time before to (1000)',
  ]),
  query('no service name', '/v1/decisions?service=Search!', ['service', 'Search!', 'DNS label']),
  query('an impossible metric', '/v1/services/search/series?metric=a-b', [
    'metric',
    'a-b',
    'must match',
  ]),
  query('more points than an answer holds', '/v1/services/search/series?from=0&to=20001&step=1', [
    'step',
    1,
    'at most 20000 points an answer, this range has 20001',
  ]),
  query('a step of 0', '/v1/services/search/series?step=0', ['step', '0', 'from 1 to']),
  query('an unknown level', '/v1/services/search/forecast?levels=0.5,0.55', [
    'levels',
    '0.5,0.55',
    '0.01, 0.025',
  ]),
  query('a horizon beyond the forecast', '/v1/services/search/forecast?horizon=31', [
    'horizon',
    31,
    'from 1 to 30',
  ]),
  query('outcomes of a month', '/v1/outcomes?from=0&to=2592000000', ['from', 0, '604800000 ms']),
  query('a horizon in words', '/predict/search?horizon_seconds=soon', [
    'horizon_seconds',
    'soon',
    'an integer',
  ]),
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
  query('a tick that is no number', '/v1/ticks/first', ['tick', 'first', 'a tick number']),
  query('a resume number that is none', '/v1/decisions/a%20b', ['id', 'a b', 'letters']),
  {
    what: 'a budget below zero',
    path: '/v1/budget',
    init: send('PUT', { costBudgetPerHour: -1 }),
    status: 400,
    code: 'invalid-request',
    error: ['costBudgetPerHour', -1, 'more than 0'],
  },
  {
    what: 'a budget in words',
    path: '/v1/budget',
    init: send('PUT', { costBudgetPerHour: 'much' }),
    status: 400,
    code: 'invalid-request',
    error: ['costBudgetPerHour', 'much', 'a number'],
  },
  {
    what: 'a body with a key too many',
    path: '/v1/budget',
    init: send('PUT', { costBudgetPerHour: 1, currency: 'EUR' }),
    status: 400,
    code: 'invalid-request',
    error: ['currency', 'EUR', 'only costBudgetPerHour'],
  },
  {
    what: 'an empty body',
    path: '/v1/mode',
    init: send('PUT', {}),
    status: 400,
    code: 'invalid-request',
    error: ['mode', null, 'off | recommend | enforce'],
  },
  {
    what: 'a body that is no JSON',
    path: '/v1/mode',
    init: send('PUT', '{"mode":'),
    status: 400,
    code: 'invalid-request',
    error: ['body', null, 'well-formed JSON'],
  },
  {
    what: 'a body that is a list',
    path: '/v1/mode',
    init: send('PUT', '[]'),
    status: 400,
    code: 'invalid-request',
    error: ['body', [], 'an object'],
  },
  {
    what: 'an unknown policy',
    path: '/v1/services/search/policy',
    init: send('PUT', { policy: 'magic' }),
    status: 400,
    code: 'invalid-request',
    error: ['policy', 'magic', 'reactive | predictive'],
  },
  {
    what: 'a command with a body that says something',
    path: '/v1/pause',
    init: send('POST', { reason: 'night' }),
    status: 400,
    code: 'invalid-request',
    error: ['reason', 'night', 'no fields'],
  },
  {
    what: 'a tick without a time',
    path: '/v1/ticks',
    init: send('POST', {}),
    status: 400,
    code: 'invalid-request',
    error: ['at', null, 'ISO 8601'],
  },
  {
    what: 'a negative replica count',
    path: '/v1/ticks',
    init: send('POST', { at: 1, replicas: { search: -1 } }),
    status: 400,
    code: 'invalid-request',
    error: ['replicas.search', -1, 'at least 0'],
  },
  {
    what: 'replicas of a service that is not configured',
    path: '/v1/ticks',
    init: send('POST', { at: 1, replicas: { nosuch: 1 } }),
    status: 400,
    code: 'invalid-request',
    error: ['replicas.nosuch', 1, 'search | payment'],
  },
  {
    what: 'a sample without a value',
    path: '/v1/samples',
    init: send('POST', { samples: [{ service: 'search', metric: 'm', atMs: 1, value: null }] }),
    status: 400,
    code: 'invalid-request',
    error: ['samples.0.value', null, 'a number'],
  },
  {
    what: 'a line that is no line protocol',
    path: '/v1/samples',
    init: {
      method: 'POST',
      body: 'shop,service=search a=1\nshop,service=search a=fast',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    },
    status: 400,
    code: 'invalid-request',
    error: ['line 2', 'fast', 'number'],
  },
  {
    what: 'a precision that is none',
    path: '/v1/samples?precision=h',
    init: { method: 'POST', body: '', headers: { 'content-type': 'text/plain' } },
    status: 400,
    code: 'invalid-request',
    error: ['precision', 'h', 'ns | us | ms | s'],
  },
  {
    what: 'a precision for JSON',
    path: '/v1/samples?precision=s',
    init: send('POST', { samples: [] }),
    status: 400,
    code: 'invalid-request',
    error: ['precision', 's', 'only with line protocol'],
  },
  {
    what: 'no lines',
    path: '/v1/samples',
    init: { method: 'POST', body: '# none\n', headers: { 'content-type': 'text/plain' } },
    status: 400,
    code: 'invalid-request',
    error: ['body', '0 samples', '1 to 100000'],
  },
  {
    what: 'no samples at all',
    path: '/v1/samples',
    init: { method: 'POST' },
    status: 400,
    code: 'invalid-request',
    error: ['body', null, 'samples'],
  },
  {
    what: 'a spike of no factor',
    path: '/v1/demo/spikes',
    init: send('POST', { service: 'search', factor: 1000, durationMs: 1000 }),
    status: 400,
    code: 'invalid-request',
    error: ['factor', 1000, 'at most 100'],
  },
  {
    what: 'an unknown service',
    path: '/v1/services/nope',
    status: 404,
    code: 'service-not-found',
    error: ['service', 'nope', 'search | payment'],
  },
  { what: 'an unknown page', path: '/v2/services', status: 404, code: 'not-found' },
  { what: 'an unknown decision', path: '/v1/decisions/0', status: 404, code: 'decision-not-found' },
  {
    what: 'the demo where there is none',
    path: '/v1/demo',
    status: 404,
    code: 'shop-not-found',
  },
  {
    what: 'a method that the page does not have',
    path: '/v1/pause',
    status: 405,
    code: 'method-not-allowed',
    error: ['method', 'GET', 'POST'],
  },
  {
    what: 'a body of another type',
    path: '/v1/budget',
    init: { method: 'PUT', body: 'costBudgetPerHour=1', headers: { 'content-type': 'text/plain' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    what: 'a compressed body',
    path: '/v1/samples',
    init: { ...send('POST', {}), headers: { ...JSON_TYPE, 'content-encoding': 'br' } },
    status: 415,
    code: 'unsupported-media-type',
    error: ['content-encoding', 'br', 'gzip'],
  },
  {
    what: 'a socket address asked without a socket',
    path: '/v1/ws',
    status: 426,
    code: 'upgrade-required',
  },
]

describe('a wrong request', () => {
  const parts = createTestParts()
  const app = createApp(parts)

  it.each(CASES)('$what: $code', async ({ path, init, status, code, error }) => {
    const response = await app.request(path, init)
    const problem = Problem.parse(await response.json())
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect([response.status, problem.status, problem.code]).toEqual([status, status, code])
    expect(problem.type).toBe(`urn:forescale:problem:${code}`)
    expect(problem.instance).toBe(path.split('?')[0])
    if (!error) return
    const [field, value, allowed] = error
    const found = problem.errors?.find((entry) => entry.field === field)
    expect(found).toMatchObject({ field, value })
    expect(found?.allowed).toContain(allowed)
    expect(problem.detail).toContain(field)
  })

  it('names every wrong field at once', async () => {
    const response = await app.request('/v1/decisions?limit=x&from=y&bogus=z')
    const { errors } = Problem.parse(await response.json())
    expect(errors?.map(({ field }) => field).sort()).toEqual(['bogus', 'from', 'limit'])
  })

  it('cuts long values short', async () => {
    const response = await app.request(`/v1/decisions?service=${'a'.repeat(5000)}`)
    const { errors } = Problem.parse(await response.json())
    expect(String(errors?.[0]?.value).length).toBeLessThan(250)
  })

  it('says nothing of our own failures but that there is one', async () => {
    const failing = createTestParts()
    const broken = createApp({
      ...failing,
      control: {
        ...failing.control,
        budget: () => {
          throw new Error('/secret/path is gone')
        },
      },
    })
    const response = await broken.request('/v1/budget')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })
})

describe('a tick by hand', () => {
  it('is refused while the clock is the system clock', async () => {
    const parts = createTestParts()
    parts.state.config = { ...parts.state.config, clock: 'system' }
    const response = await createApp(parts).request('/v1/ticks', send('POST', { at: 1 }))
    const problem = Problem.parse(await response.json())
    expect([response.status, problem.code]).toEqual([409, 'conflict'])
    expect(problem.detail).toContain('clock')
  })
})
