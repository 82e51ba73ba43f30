/**
 * The upper agent's action, numbers from −1 to 1 as a learner of continuous actions draws them, as a member of the space
 * that its directive has (environments/directive.ts): shares and prices in proportion, strategies in equal parts.
 */
import type { Member, Space } from '../../environments/spaces.ts'

/** Numbers in an action. Throws a RangeError for a space that no directive has. */
export function upperSize(space: Space): number {
  switch (space.kind) {
    case 'box':
      return space.low.length
    case 'multi-discrete':
      return space.counts.length
    default:
      throw new RangeError(`an upper agent's space is ${space.kind}, must be box or multi-discrete`)
  }
}

/** The member at `actions[offset]`; what lies outside −1 to 1 counts as its edge. */
export function upperMember(space: Space, actions: Float32Array, offset: number): Member {
  const shareAt = (i: number): number => (Math.min(Math.max(actions[offset + i]!, -1), 1) + 1) / 2
  if (space.kind === 'box')
    return Float32Array.from(space.low, (low, i) => low + shareAt(i) * (space.high[i]! - low))
  if (space.kind === 'multi-discrete')
    return Int32Array.from(space.counts, (count, i) =>
      Math.min(count - 1, Math.floor(shareAt(i) * count)),
    )
  throw new RangeError(`an upper agent's space is ${space.kind}, must be box or multi-discrete`)
}

/** The number from −1 to 1 that `upperMember` reads as the share `share` of a box's width. */
export function upperNumber(share: number): number {
  return 2 * Math.min(Math.max(share, 0), 1) - 1
}
