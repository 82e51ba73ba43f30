/** Every forecasting model, by kind. To add one: its file, a member of `ModelKind` (forecast.ts), a case here. */
import type { MemberKind } from '../forecast.ts'
import type { ForecastModel } from '../model.ts'
import { arima } from './arima.ts'
import { createHoltWinters } from './holt-winters.ts'
import { lastValue } from './last-value.ts'
import { linear } from './linear.ts'
import { seasonalNaive } from './seasonal-naive.ts'

const holtWintersAdditive = createHoltWinters('additive')
const holtWintersMultiplicative = createHoltWinters('multiplicative')

export function modelOf(kind: MemberKind): ForecastModel {
  switch (kind) {
    case 'arima':
      return arima
    case 'holt-winters-additive':
      return holtWintersAdditive
    case 'holt-winters-multiplicative':
      return holtWintersMultiplicative
    case 'last-value':
      return lastValue
    case 'linear':
      return linear
    case 'seasonal-naive':
      return seasonalNaive
  }
}
