/** Wrong requests about services, decisions, settings and samples. About models, policies, trainings and jobs: bad-registry-requests.test.ts. */
import { describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { Problem } from './problem.ts'
import { type Case, expectProblem, JSON_TYPE, query, send } from './test-bad-requests.ts'
import { createTestParts } from './test-plane.ts'

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

  it.each(CASES)('$what: $code', (wrong) => expectProblem(app, wrong))

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
