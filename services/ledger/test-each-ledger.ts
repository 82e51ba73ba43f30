/** A suite on every kind of ledger: a fresh one for each test, closed and removed after it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type { Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { LEDGER_KINDS, type LedgerKind, type Place } from './test-kinds.ts'

export interface Opened {
  readonly kind: LedgerKind
  /** Stands for the one that is open: it may be handed on, and kept over `reopen`. */
  readonly ledger: Ledger
  place(): Place
  reopen(): Promise<void>
  /** Another process, as it were, on the same rows; closed with the test. */
  another(): Promise<Ledger>
}

export function onEachLedger(suite: (opened: Opened) => void): void {
  describe.each(LEDGER_KINDS)('$kind', (kind) => {
    let place: Place
    let current: Ledger
    let others: Ledger[] = []
    const open = () => openLedger(place.config, place.folder)

    beforeAll(() => kind.start())
    afterAll(() => kind.stop())
    beforeEach(async () => {
      place = await kind.place()
      current = await open()
    })
    afterEach(async () => {
      for (const one of [current, ...others]) await one.close()
      others = []
      await place.remove()
    })

    suite({
      kind,
      ledger: new Proxy({} as Ledger, { get: (_, name) => Reflect.get(current, name) }),
      place: () => place,
      async reopen() {
        await current.close()
        current = await open()
      },
      async another() {
        const one = await open()
        others.push(one)
        return one
      },
    })
  })
}
