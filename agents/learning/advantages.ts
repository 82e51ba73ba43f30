/**
 * Generalised advantage estimation (Schulman et al. 2016, equation 16) over columns of many environments at once. Where an
 * episode was terminated nothing follows; where its time was up, the value of what it ended with does (Pardo et al. 2018).
 */

/** Tables [steps][count], step by step. */
export interface Course {
  readonly steps: number
  readonly count: number
  readonly rewards: Float32Array
  /** Of the observation at which the step was taken, as the critic had it. */
  readonly values: Float32Array
  /** Of what followed where the episode ended (0 where it was terminated); elsewhere the next row of `values` counts. */
  readonly endValues: Float32Array
  /** 1 where the episode ended with the step. */
  readonly ended: Uint8Array
  /** [count]: of the observations after the last step. */
  readonly lastValues: Float32Array
}

export interface AdvantageOptions {
  /** What a reward one step later is worth, 0 to 1. */
  readonly discount: number
  /** 0: one step and the critic; 1: all rewards that followed. */
  readonly lambda: number
}

/** Writes advantages and, these and the values added, returns, both [steps][count]. */
export function estimateAdvantages(
  { steps, count, rewards, values, endValues, ended, lastValues }: Course,
  { discount, lambda }: AdvantageOptions,
  to: { readonly advantages: Float32Array; readonly returns: Float32Array },
): void {
  for (let i = 0; i < count; i++) {
    let later = 0
    for (let t = steps - 1; t >= 0; t--) {
      const at = t * count + i
      const over = ended[at] === 1
      const next = t === steps - 1 ? lastValues[i]! : values[at + count]!
      const surprise = rewards[at]! + discount * (over ? endValues[at]! : next) - values[at]!
      later = surprise + (over ? 0 : discount * lambda * later)
      to.advantages[at] = later
      to.returns[at] = later + values[at]!
    }
  }
}
