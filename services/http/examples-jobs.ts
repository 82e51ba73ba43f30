/** Jobs, as the API's documentation and tests show them. */
import type { JobSummary, JobView } from '../jobs/job.ts'

const AT_MS = Date.parse('2026-11-21T08:00:00Z')

export const dead: JobSummary = {
  ...{ id: '4be0643f1d98573b97caa8b4ad3c4c6e', kind: 'fit', state: 'dead' },
  ...{ title: 'a model for payment', code: '9b1c6d3f70ae5428-v8.12.4-x64' },
  ...{ attempts: 3, stalls: 1, worker: 'worker-2.17', askedAtMs: AT_MS },
  ...{ startedAtMs: AT_MS + 9000, endedAtMs: AT_MS + 9400, error: 'out of memory' },
}

export const waiting: JobSummary = {
  ...{ id: '0d61f8370cad1d412f80b84d143e1257', kind: 'training', state: 'waiting' },
  ...{ title: 'training 3: --out 3/out smoke', code: '9b1c6d3f70ae5428-v8.12.4-x64' },
  ...{ attempts: 0, stalls: 0, worker: null, askedAtMs: AT_MS - 60_000 },
  ...{ startedAtMs: null, endedAtMs: null, error: null },
}

export const view: JobView = {
  ...dead,
  errors: ['Error: out of memory\n    at fit (forecaster/models/arima.ts:61:11)'],
  payload: {
    series: { service: 'payment', stepMs: 15_000, values: { length: 5760, first: [41.5, 40.25] } },
    seed: 1,
  },
}

export const begun: JobView = {
  ...view,
  ...{ state: 'waiting', attempts: 0, stalls: 0, startedAtMs: null, endedAtMs: null, error: null },
  errors: [],
}
