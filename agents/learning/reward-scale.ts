/**
 * Rewards divided by the deviation of the discounted sum that each environment has gathered, so that a critic's targets are
 * of one size (Engstrom et al. 2020, "Implementation matters in deep policy gradients"; continuous details 7 and 8 of Huang
 * et al. 2022). The mean is left: taking it away would change what is best.
 */
import { z } from 'zod'
import { createNormalizer, NormalizerState } from './normalizer.ts'

export const RewardScaleState = z.strictObject({
  sums: z.array(z.number()),
  seen: NormalizerState,
})
export type RewardScaleState = z.infer<typeof RewardScaleState>

export interface RewardScale {
  /** One reward an environment, scaled and held within ±clip; `ended`: 1 where its episode is over. */
  apply(rewards: Float64Array, ended: Uint8Array): Float64Array
  save(): RewardScaleState
  restore(state: RewardScaleState): void
}

export function createRewardScale(count: number, discount: number, clip: number): RewardScale {
  const sums = new Float64Array(count)
  const seen = createNormalizer(1, clip)
  return {
    apply(rewards, ended) {
      for (let i = 0; i < count; i++) sums[i] = sums[i]! * discount + rewards[i]!
      seen.see(sums, count)
      const deviation = seen.rule().deviation[0]!
      for (let i = 0; i < count; i++) if (ended[i] === 1) sums[i] = 0
      return rewards.map((reward) => Math.min(Math.max(reward / deviation, -clip), clip))
    },
    save: () => ({ sums: [...sums], seen: seen.save() }),
    restore(state) {
      if (state.sums.length !== count)
        throw new RangeError(`rewards are of ${state.sums.length} environments, must be ${count}`)
      sums.set(state.sums)
      seen.restore(state.seen)
    },
  }
}
