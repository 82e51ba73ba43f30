/** Settings of the networks in the running controller. */
import { z } from 'zod'
import { BACKENDS } from './network.ts'

const HOUR_MS = 60 * 60 * 1000

export const NeuralSettings = z
  .strictObject({
    enabled: z.boolean().default(true).meta({
      description: 'Train the networks that `models` names on the services’ own load.',
    }),
    backend: z.enum(BACKENDS).default('kernel').meta({
      description:
        'What trains: `kernel` (WebAssembly SIMD), `typescript` (slow, anywhere), `tensorflow` (the TensorFlow library).',
    }),
    retrainMs: z
      .int()
      .positive()
      .default(24 * HOUR_MS)
      .meta({
        description: 'Time between trainings, ms; the first when there is enough to learn from.',
      }),
    leastSteps: z.int().min(200).default(2000).meta({
      description: 'Steps of load, of all services together, below which no network is trained.',
    }),
    mostSeries: z.int().min(1).max(10_000).default(200).meta({
      description: 'Services that a training looks at, spread evenly over all.',
    }),
    mostServices: z.int().min(0).default(1000).meta({
      description:
        'With more services than this the networks stay out: a forecast of theirs costs tens of microseconds a tick.',
    }),
  })
  .meta({ id: 'NeuralSettings' })
export type NeuralSettings = z.infer<typeof NeuralSettings>
