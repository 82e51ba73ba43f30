/** What the fitter that asks workers takes from the configuration in force, as it is at each call. */
import { expect, it } from 'vitest'
import { ForecastConfig } from '../../forecaster/config.ts'
import { createJobFitter } from './job-fitter.ts'

const SERIES = {
  ...{ service: 'search', metric: 'requests_per_second', startMs: 0, stepMs: 1000 },
  values: Float64Array.of(1, 2, 3),
}

it('asks for as many fits side by side, and waits as long, as a reload says', async () => {
  const waited: (number | undefined)[] = []
  const local: string[] = []
  let limits = { fitWaitMs: 500, mostFits: 4 }
  const fitter = createJobFitter({
    jobs: {
      workers: async () => 2,
      run: async (_job, options) => {
        waited.push(options?.waitMs)
        throw new Error('late')
      },
    },
    local: {
      fit: async ({ service }) => {
        local.push(service)
        throw new Error('of no matter here')
      },
      parallel: async () => 1,
      close: async () => {},
    },
    limits: () => limits,
    log: { warn: () => {} },
  })
  const ask = () =>
    fitter.fit(SERIES, ForecastConfig.parse({}), 1, { fittedAtMs: 0 }).catch(() => undefined)
  expect(await fitter.parallel?.()).toBe(4)
  await ask()
  limits = { fitWaitMs: 900, mostFits: 9 }
  expect(await fitter.parallel?.()).toBe(9)
  await ask()
  expect(waited).toEqual([500, 900])
  expect(local).toEqual(['search', 'search'])
  await fitter.close()
})
