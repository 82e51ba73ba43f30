/** What a tick does beside deciding and can do later: left out while the ledger is away, which is no failure of the tick. */
import { LedgerUnavailable } from '../ledger/ledger.ts'

export async function unlessAway(
  log: { warn(fields: object, message: string): void },
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof LedgerUnavailable)) throw error
    log.warn({ what }, 'left for when the ledger is back')
  }
}
