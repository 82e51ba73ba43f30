/** What right-sizing keeps of each service over restarts, and what it works out and does not keep. */
import { z } from 'zod'
import type { Sizing } from '../../coordinator/meta/right-size.ts'
import type { Window } from './window.ts'

const Kept = z.strictObject({
  standing: z.strictObject({
    tier: z.string(),
    sinceMs: z.number(),
    regrets: z.record(z.string(), z.number()),
  }),
  replacement: z
    .strictObject({ to: z.string(), beganMs: z.number(), replicas: z.int() })
    .nullable(),
  lastChange: z
    .strictObject({ atMs: z.number(), from: z.string(), to: z.string(), outcome: z.string() })
    .nullable(),
})
export type Kept = z.infer<typeof Kept>

export const RightSizingState = z.record(z.string(), Kept)

/** Made again when the hour of the day or the configuration changes. */
export interface Plan {
  readonly window: Pick<Window, 'historyDays' | 'neededDays'>
  /** undefined: nothing is foreseen, or there is nothing to choose from. */
  readonly sizing: Sizing | undefined
}
