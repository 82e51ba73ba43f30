/** The explanation shown in the documentation, of the same forecast as the other examples. */
import type { FeatureImportance, ForecastExplanation } from '../explanations/view.ts'
import { forecast } from './examples.ts'

const season = { name: 'season', seasonMs: 86_400_000, model: null, covariate: null } as const
const plain = { seasonMs: null, model: null, covariate: null } as const

export const forecastExplanation: ForecastExplanation = {
  service: forecast.service,
  metric: forecast.metric,
  issuedAtMs: forecast.issuedAtMs,
  stepMs: forecast.stepMs,
  drifting: false,
  model: forecast.model,
  point: [48.2, 96.8, 97.9],
  parts: [
    { name: 'level', ...plain, values: [41.5, 41.5, 41.5] },
    { name: 'trend', ...plain, values: [0.2, 0.4, 0.5] },
    { ...season, values: [5.9, 6, 6.5] },
    { name: 'correction', ...plain, values: [0.6, 0.5, 0.45] },
    { ...plain, name: 'covariate', covariate: 'campaign', values: [0, 48.4, 48.95] },
  ],
  members: [
    { kind: 'ets', weight: 0.6, weights: [0.58, 0.6, 0.62] },
    { kind: 'linear', weight: 0.4, weights: [0.42, 0.4, 0.38] },
  ],
  covariates: [
    {
      name: 'campaign',
      used: true,
      effect: 2.004,
      form: 'multiplicative',
      lossRatio: 0.21,
      note: '',
    },
    {
      name: 'newsletter',
      used: false,
      effect: null,
      form: 'multiplicative',
      lossRatio: 1.02,
      note: 'does not make what was held out easier to foretell',
    },
  ],
}

export const featureImportance: FeatureImportance = {
  service: forecast.service,
  state: 'ready',
  modelVersion: forecast.model.version,
  issueTimes: 12,
  loss: 2.4,
  inputs: [
    { input: 'season', seasonMs: 86_400_000, lossRatio: 4.2 },
    { input: 'covariates', seasonMs: null, lossRatio: 1.7 },
    { input: 'recent', seasonMs: null, lossRatio: 1.3 },
  ],
  neural: [
    {
      model: 'lstm',
      groups: [
        { name: 'same time a season ago', importance: 6.1, newest: 5.2 },
        { name: 'level now', importance: 2.8, newest: -1.1 },
      ],
      issueTimes: 6,
      backgroundRows: 8,
      output: 47.9,
      expected: 43.8,
    },
  ],
}
