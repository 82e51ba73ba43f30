/** Documents of the registry of models, as the API's documentation and tests show them. */
import type { ModelComparison } from '../models/compare.ts'
import type { ModelFile } from '../models/model-file.ts'
import type { ModelVersion } from '../models/model-version.ts'

const AT_MS = Date.parse('2026-11-21T08:00:00Z')
const STEP_MS = 15_000
const DAY_MS = 86_400_000

export const champion: ModelVersion = {
  service: 'search',
  metric: 'requests_per_second',
  number: 1,
  kind: 'ets',
  version: '9c1185a5d0f2',
  status: 'champion',
  fittedAtMs: AT_MS - 6 * 3_600_000,
  fromMs: AT_MS - 7 * DAY_MS,
  toMs: AT_MS - 6 * 3_600_000,
  stepMs: STEP_MS,
  steps: 38_880,
  configHash: '41c0ffee0b5e',
  config: { horizonSteps: 30, models: ['ensemble', 'seasonal-naive', 'ets'] },
  seed: 1,
  quality: { mase: 0.71, scaledPinball: 0.043, coverage90: 0.91, origins: 12 },
  contest: [
    { kind: 'ets', scaledPinball: 0.043, mase: 0.71, note: null },
    { kind: 'seasonal-naive', scaledPinball: 0.051, mase: 1, note: null },
    { kind: 'arima', scaledPinball: null, mase: null, note: 'refused: the forecast diverged' },
  ],
  parent: null,
  reason: 'first',
  detail: '',
  contestFromMs: null,
  promotedAtMs: AT_MS - 6 * 3_600_000,
  promotedBy: 'lifecycle',
  promotedWhy: 'no model was at work',
  retiredAtMs: null,
  retiredBy: null,
  retiredWhy: null,
  hasArtifact: true,
}

export const challenger: ModelVersion = {
  ...champion,
  number: 2,
  kind: 'ensemble',
  version: '0b7e52f1c9aa',
  status: 'challenger',
  fittedAtMs: AT_MS,
  toMs: AT_MS,
  steps: 40_320,
  quality: { mase: 0.64, scaledPinball: 0.039, coverage90: 0.9, origins: 12 },
  parent: 1,
  reason: 'changepoint',
  detail: 'more load than was foreseen since 2026-11-21T07:52:00.000Z',
  contestFromMs: AT_MS,
  promotedAtMs: null,
  promotedBy: null,
  promotedWhy: null,
}

export const promoted: ModelVersion = {
  ...challenger,
  status: 'champion',
  promotedAtMs: AT_MS + 3_600_000,
  promotedBy: 'http',
  promotedWhy: 'sees the campaign',
}

export const rolledBack: ModelVersion = {
  ...champion,
  number: 3,
  parent: 2,
  reason: 'rollback',
  detail: 'back to version 1',
  promotedAtMs: AT_MS + 7_200_000,
  promotedBy: 'http',
  promotedWhy: 'too low at noon',
}

export const comparison: ModelComparison = {
  service: 'search',
  a: { number: 1, kind: 'ets', loss: 1.92 },
  b: { number: 2, kind: 'ensemble', loss: 1.61 },
  fromMs: AT_MS,
  toMs: AT_MS + 270 * STEP_MS,
  horizonSteps: 30,
  issueTimes: 61,
  scores: [
    { issuedAtMs: AT_MS, a: 1.8, b: 1.7 },
    { issuedAtMs: AT_MS + 4 * STEP_MS, a: 2.1, b: 1.5 },
  ],
  test: { statistic: 3.4, pValue: 0.042, variance: 'periodogram' },
  textbookTest: { statistic: 3.9, pValue: 0.0002, variance: 'rectangular' },
  better: 'b',
}

export const file: ModelFile = {
  format: 'forescale-model',
  formatVersion: 1,
  exportedAtMs: AT_MS,
  model: champion,
  state: {
    standsAtMs: AT_MS,
    formatVersion: 1,
    encoding: 'deflate+base64',
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    data: 'eNqrVkrOSCxRslKqBQASkAOM',
  },
  sha256: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
}
