/** Learns from the newest shadow stage that holds enough, without being asked; what it finds comes into the registry. */
import { Conflict } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { learnPolicy } from './learning.ts'
import { policyRow } from './policy-version.ts'
import { AUTOMATIC } from './rollout.ts'

const MOST_ROLLOUTS = 20

/** The version that was learned; undefined where there is nothing to learn from, or nothing surely better was found. */
export async function learnFromLog(ledger: Ledger, addedAtMs: number): Promise<string | undefined> {
  const { items } = await ledger.rollouts({ limit: MOST_ROLLOUTS })
  for (const rollout of items.filter(({ kind }) => kind === 'rollout')) {
    const learned = await learnPolicy(ledger, rollout).catch((error: unknown) => {
      // it explored around what nothing is learned around
      if (error instanceof Conflict) return undefined
      throw error
    })
    if (!learned?.document) continue
    const why = `learned from rollout ${rollout.number}: ${learned.why}`
    const row = policyRow(learned.document, {
      ...{ source: 'learned', addedAtMs, addedBy: AUTOMATIC, why },
    })
    return (await ledger.savePolicy(row, learned.document)).version
  }
  return undefined
}
