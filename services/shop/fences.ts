/** Whose orders count: of each ledger only those under the greatest token that was ever seen. */
import type { HostFence } from './host-api.ts'
import { HttpProblem } from './problem.ts'

export interface Fences {
  /** Takes note of the token; throws a 409 problem when a greater one of its ledger was seen. Without a fence all pass. */
  pass(fence: HostFence | undefined): void
}

export function createFences(known: readonly { readonly fence?: HostFence | undefined }[]): Fences {
  const greatest = new Map<string, number>()
  for (const { fence } of known)
    if (fence) greatest.set(fence.ledger, Math.max(fence.token, greatest.get(fence.ledger) ?? 0))
  return {
    pass(fence) {
      if (!fence) return
      const newest = greatest.get(fence.ledger) ?? 0
      if (fence.token < newest)
        throw new HttpProblem(
          409,
          'A newer leader is known',
          `fence.token = ${fence.token}; allowed: ${newest} or greater`,
        )
      greatest.set(fence.ledger, fence.token)
    },
  }
}
