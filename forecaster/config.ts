/** Settings of the forecaster. Every field has a default, so that any model can be built from nothing. */
import { z } from 'zod'
import { ModelKind } from './forecast.ts'
import { LifecycleConfig } from './lifecycle-config.ts'
import { NeuralSettings } from './neural/neural-settings.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export const ForecastConfig = z
  .strictObject({
    seasonsMs: z.array(z.int().positive()).max(4).optional().meta({
      description: 'Lengths of the seasons, ms. Not given: found in the data, several at once.',
    }),
    horizonSteps: z
      .int()
      .min(1)
      .max(2000)
      .default(30)
      .meta({ description: 'Steps ahead in every forecast.' }),
    historyMs: z
      .int()
      .positive()
      .default(28 * DAY_MS)
      .meta({ description: 'Time that fitting looks back on, ms.' }),
    historySteps: z
      .int()
      .min(100)
      .max(200_000)
      .default(20_160)
      .meta({ description: 'Most steps that fitting looks back on (two weeks of minutes).' }),
    refitMs: z
      .int()
      .positive()
      .default(6 * 60 * 60 * 1000)
      .meta({ description: 'Time between refits of one series, ms.' }),
    expirySteps: z
      .int()
      .min(1)
      .default(5)
      .meta({ description: 'Steps after which a forecast must not be used.' }),
    models: z
      .array(ModelKind)
      .min(1)
      .default([
        'ensemble',
        'seasonal-naive',
        'ets',
        'theta',
        'arima',
        'mstl',
        'linear',
        'lstm',
        'gru',
      ])
      .meta({
        description:
          'Models that compete in the backtest; seasonal-naive always does. `ensemble` lets them speak together.',
      }),
    origins: z
      .int()
      .min(2)
      .max(2000)
      .default(240)
      .meta({ description: 'Issue times of the rolling-origin backtest.' }),
    lifecycle: LifecycleConfig.prefault({}),
    neural: NeuralSettings.prefault({}),
  })
  .meta({ id: 'ForecastConfig' })
export type ForecastConfig = z.infer<typeof ForecastConfig>
