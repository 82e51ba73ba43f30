/**
 * What a shard says of itself to the others, and where: a row for each in a database that all of them reach. Nobody learns
 * of another shard's services: only what it runs, what it would spend at each price, and what it may spend.
 */
import { z } from 'zod'

const money = z.number().min(0)

export const ShardSaid = z.strictObject({
  /** Of its last tick that claimed. */
  tick: z.int(),
  atMs: z.number(),
  holder: z.string(),
  /** Where its API is; '' when it does not say. */
  url: z.string(),
  /** What its replicas cost, those that are ending included, $/hour. */
  runningPerHour: money,
  /** What must be spent at any price, $/hour. */
  leastPerHour: money,
  /** $/hour at each price of coordinator/meta/price-ladder.ts: reactive need alone, and all of it. */
  reactive: z.array(money),
  all: z.array(money),
  /** What the split gave it, and at which price, by what it knew. */
  targetPerHour: money,
  price: money,
})
export type ShardSaid = z.infer<typeof ShardSaid>

export interface ShareRow {
  readonly shard: string
  /** Of all rows together; each number is taken once. */
  readonly round: number
  /** Of the shard's leader that claimed. */
  readonly token: number
  /** What the shard may spend, $/hour. */
  readonly claimPerHour: number
  readonly said: ShardSaid
}

export interface ShareStore {
  read(): Promise<readonly ShareRow[]>
  /**
   * Writes the shard's row as the next round. False, and nothing is changed, when anybody has written since `round` (0: nobody
   * ever has) or when a newer token of this shard is known.
   */
  swap(round: number, row: Omit<ShareRow, 'round'>): Promise<boolean>
}

export const lastRound = (rows: readonly ShareRow[]): number =>
  rows.reduce((most, { round }) => Math.max(most, round), 0)
