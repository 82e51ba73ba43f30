/** Settings of the models' life: when a challenger replaces a champion, what is kept, when a change is believed. */
import { z } from 'zod'

const HOUR_MS = 3_600_000

export const LifecycleConfig = z
  .strictObject({
    alpha: z.number().gt(0).max(0.5).default(0.05).meta({
      description:
        'Chance, over all reviews of one challenger together, of promoting one that is no better.',
    }),
    reviewSteps: z.int().min(20).max(20_000).default(120).meta({
      description:
        'Steps between two reviews of a challenger. Forecasts are compared as far ahead as a quarter of this, or the horizon.',
    }),
    reviews: z.int().min(1).max(20).default(4).meta({
      description: 'Reviews after which a challenger that has not won is retired.',
    }),
    maxAgeMs: z
      .int()
      .positive()
      .default(24 * HOUR_MS)
      .meta({
        description:
          'A champion that has been one for longer gives way to a challenger that is not worse, ms.',
      }),
    keepArtifacts: z.int().min(1).max(100).default(3).meta({
      description:
        'Newest versions of a service whose fitted state is kept: what can be rolled back to, compared and exported.',
    }),
    falseAlarmSteps: z.int().min(100).max(10_000_000).default(10_000).meta({
      description:
        'Steps between two changepoints that are none, on average, while the forecast is calibrated.',
    }),
  })
  .meta({ id: 'LifecycleConfig' })
export type LifecycleConfig = z.infer<typeof LifecycleConfig>
