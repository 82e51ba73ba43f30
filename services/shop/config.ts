/** The demo shop: real processes, each saturating as its declared service time and concurrency make it. */
import { z } from 'zod'
import { WorkloadName } from '../../datasets/workload.ts'
import { ServiceId } from '../../forecaster/series.ts'

export const ShopServiceConfig = z.strictObject({
  meanServiceMs: z.number().positive().default(100).meta({ description: 'Mean service time, ms.' }),
  serviceTimeCv: z
    .number()
    .min(0)
    .max(5)
    .default(0.5)
    .meta({ description: 'Coefficient of variation (log-normal); 0 is constant.' }),
  concurrency: z
    .int()
    .min(1)
    .default(4)
    .meta({ description: 'Requests served at once by one replica.' }),
  queueLimit: z
    .int()
    .min(0)
    .default(40)
    .meta({ description: 'Requests that may wait; the next gets 503.' }),
  startupMs: z
    .int()
    .min(0)
    .default(3000)
    .meta({ description: 'Warm-up before a replica is ready, beside the real process start.' }),
  peakRps: z.number().positive().default(60).meta({ description: "Load at the workload's peak." }),
})
export type ShopServiceConfig = z.infer<typeof ShopServiceConfig>

export const ShopConfig = z
  .strictObject({
    dayMs: z
      .int()
      .min(10_000)
      .default(240_000)
      .meta({ description: 'Length of the compressed day, ms.' }),
    workload: WorkloadName.default('weekday'),
    seed: z.int().min(0).default(1),
    heartbeatMs: z.int().min(200).default(2000).meta({ description: 'Time between scrapes, ms.' }),
    drainTimeoutMs: z
      .int()
      .min(0)
      .default(10_000)
      .meta({ description: 'Longest wait for requests in flight on scale-down, ms.' }),
    preload: z
      .boolean()
      .default(true)
      .meta({ description: 'Load the recording of earlier days when the store is empty.' }),
    services: z.record(ServiceId, ShopServiceConfig.prefault({})),
  })
  .meta({ id: 'ShopConfig' })
export type ShopConfig = z.infer<typeof ShopConfig>
