/** Forecasts with quantiles that a test chooses, one step ahead. Only for tests. */
import { type Forecast, LEVELS } from './forecast.ts'

/** Quantiles at `LEVELS`, ascending. */
export function forecastOfQuantiles(
  quantiles: readonly number[],
  issuedAtMs = 0,
  stepMs = 15_000,
): Forecast {
  return {
    service: 'search',
    metric: 'requests_per_second',
    issuedAtMs,
    expiresAtMs: issuedAtMs + 5 * stepMs,
    stepMs,
    point: new Float64Array(1),
    band: {
      horizonSteps: 1,
      power: 0,
      spreadFloor: 1,
      grain: 0,
      knots: Float64Array.of(0),
      offsets: Float64Array.from(quantiles),
    },
    drifting: false,
    model: { kind: 'last-value', version: 'v1', fittedAtMs: 0 },
    quality: { mase: null, scaledPinball: null, coverage90: null, origins: 0 },
  }
}

/** The logistic distribution, whose quantiles have a closed form: location + scale · ln(level / (1 − level)). */
export function logisticForecast(location: number, scale: number): Forecast {
  return forecastOfQuantiles(LEVELS.map((level) => location + scale * logit(level)))
}

export const logit = (level: number): number => Math.log(level / (1 - level))

/** Probability of a standard logistic value above `z`. */
export const logisticTail = (z: number): number => 1 / (1 + Math.exp(z))
