/** Every forecasting model, by kind. To add one: its file, a member of `ModelKind` (forecast.ts), a case here. */
import type { MemberKind } from '../forecast.ts'
import type { ForecastModel } from '../model.ts'
import { arima } from './arima.ts'
import { ets } from './ets.ts'
import { gru } from './gru.ts'
import { lastValue } from './last-value.ts'
import { linear } from './linear.ts'
import { lstm } from './lstm.ts'
import { mstl } from './mstl.ts'
import { seasonalNaive } from './seasonal-naive.ts'
import { theta } from './theta.ts'

export function modelOf(kind: MemberKind): ForecastModel {
  switch (kind) {
    case 'arima':
      return arima
    case 'ets':
      return ets
    case 'gru':
      return gru
    case 'last-value':
      return lastValue
    case 'linear':
      return linear
    case 'lstm':
      return lstm
    case 'mstl':
      return mstl
    case 'seasonal-naive':
      return seasonalNaive
    case 'theta':
      return theta
  }
}
