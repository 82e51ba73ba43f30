/** The specs that a tick was decided with: stored once per hash, and named by that in every tick's frame. */
import type { SpecRow } from '../../coordinator/frame.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { specRows, specsHash } from './decide.ts'

/** Answers the hash of a tick's specs, once they are in the ledger. Those of the last tick are not hashed again. */
export function createKeptSpecs(
  ledger: Pick<Ledger, 'checkpoint'>,
): (input: TickInput) => Promise<string> {
  let known: { readonly rows: readonly SpecRow[]; readonly hash: string } | undefined
  return async (input) => {
    const rows = specRows(input)
    if (known && sameRows(known.rows, rows)) return known.hash
    const hash = specsHash(rows)
    if (hash !== known?.hash) await ledger.checkpoint(`specs:${hash}`, rows, input.atMs)
    known = { rows, hash }
    return hash
  }
}

/** The very same specs: they are never changed, only replaced. */
function sameRows(some: readonly SpecRow[], others: readonly SpecRow[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ service, spec, actor }, i) => {
      const other = others[i]!
      return spec === other.spec && service === other.service && actor === other.actor
    })
  )
}
