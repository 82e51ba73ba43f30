/**
 * Fits as jobs: what is asked for and what comes back as plain data, and what a worker does with it. A worker fits with all
 * models or fails: what may be left out, so that there is a model at all, the controller decides (fitter.ts), so that a
 * forecast never depends on where its model was fitted.
 */
import { z } from 'zod'
import { ForecastConfig } from '../../forecaster/config.ts'
import type { FitOptions, FitReport } from '../../forecaster/forecaster.ts'
import { readForecaster } from '../../forecaster/forecaster-state.ts'
import { MetricName, type Series, ServiceId } from '../../forecaster/series.ts'
import { ATTEMPT_LIMITS_MS, type JobRequest } from '../jobs/job.ts'
import type { JobHandler } from '../jobs/job-queue.ts'
import { createLanes } from '../jobs/lanes.ts'
import type { FitRequest } from './fit-worker.ts'
import { createFitThread, FitFailed } from './fitter.ts'

const Asked = z.object({
  series: z.object({
    service: ServiceId,
    metric: MetricName,
    startMs: z.number(),
    stepMs: z.number().positive(),
    values: z.instanceof(Float64Array),
  }),
  config: ForecastConfig,
  seed: z.int().min(0),
  options: z.custom<FitOptions>((value) => typeof value === 'object' && value !== null),
})

const Verdicts = z.custom<Pick<FitReport, 'contest' | 'covariates'>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Array.isArray(Reflect.get(value, 'contest')) &&
    Array.isArray(Reflect.get(value, 'covariates')),
)

export function fitJob(
  series: Series,
  config: ForecastConfig,
  seed: number,
  options: FitOptions,
): JobRequest {
  const payload = { series, config, seed, options } satisfies FitRequest
  return { kind: 'fit', title: `a model for ${series.service}`, payload }
}

/** A report as it came from a worker. Throws a ZodError for what is none. */
export function readFit(answer: unknown): FitReport {
  const { contest, covariates } = Verdicts.parse(answer)
  const state = readForecaster(Reflect.get(answer as object, 'state'))
  return { state, contest, covariates }
}

/** A thread for each of `threads` fits side by side, begun when first needed. */
export function openFitWork(threads: number): {
  readonly handler: JobHandler
  close(): Promise<void>
} {
  const timeLimitMs = ATTEMPT_LIMITS_MS.fit
  const lanes = createLanes(threads, () => createFitThread({ timeLimitMs }))
  return {
    handler: (payload, { signal }) =>
      lanes.use(signal, async (thread) => {
        const request = Asked.parse(payload)
        try {
          return await thread.attempt(request)
        } catch (error) {
          // whoever looks at a dead letter wants to know what the library said
          if (error instanceof FitFailed && error.cause instanceof Error) throw error.cause
          throw error
        }
      }),
    close: lanes.close,
  }
}
