/** Who leads, as it travels over HTTP. */
import { z } from 'zod'

export const LeadershipView = z
  .strictObject({
    leads: z.boolean().meta({ description: 'Whether it is this controller.' }),
    token: z.int().nullable().meta({
      description: 'Fencing token of the leader, as far as is known.',
    }),
    leader: z.string().nullable(),
    url: z.string().meta({
      description: "Where the leader's API is; empty when that is here, or not known.",
    }),
  })
  .meta({ id: 'Leadership', description: 'Which of several controllers acts.' })
export type LeadershipView = z.infer<typeof LeadershipView>
