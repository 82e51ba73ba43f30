/** The explanation shown in the documentation, of the same forecast as the other examples. */
import type { ForecastExplanation } from '../explanations/view.ts'
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
