/** How workloads are scaled directly, and what is written on them. */
import { z } from 'zod'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

export const TargetConfig = z
  .strictObject({
    holdAfterManualChangeMs: z.int().min(0).default(HOUR_MS).meta({
      description:
        'How long a count that somebody else set is left alone, unless it is acknowledged before.',
    }),
    releaseWaitMs: z
      .int()
      .min(0)
      .default(10 * SECOND_MS)
      .meta({
        description:
          'How long increases wait within a tick for pods that decreases let go; then the next tick decides anew.',
      }),
    deadlineMs: z
      .int()
      .min(100)
      .default(10 * SECOND_MS)
      .meta({ description: 'Longest write to one workload, retries included.' }),
    unseenAfterMs: z.int().min(1000).default(MINUTE_MS).meta({
      description:
        'A workload whose watch has been broken for so long is not known any more, and left alone.',
    }),
    events: z.boolean().default(true).meta({
      description: 'Kubernetes Events on workloads that are scaled or held; none in recommend.',
    }),
  })
  .meta({ id: 'KubernetesTargetConfig' })
export type TargetConfig = z.infer<typeof TargetConfig>
