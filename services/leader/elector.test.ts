/** The loop around a lease: whoever holds it leads, and goes on trying until it can. */
import { expect, it } from 'vitest'
import { createElector } from './elector.ts'
import { createSoleLease } from './sole.ts'
import { createMemoryLeaseStore } from './test-lease-store.ts'

it('tries again to lead when it holds the lease and could not begin', async () => {
  const timers: (() => void)[] = []
  const told: (number | undefined)[] = []
  const errors: unknown[] = []
  const elector = createElector({
    lease: await createSoleLease(createMemoryLeaseStore(), 'one', ''),
    retryMs: 1000,
    clock: {
      after(_, work) {
        timers.push(work)
        return () => {}
      },
    },
    async onChange(held) {
      told.push(held?.token)
      if (told.length === 1) throw new Error('the ledger does not answer')
    },
    onError: (error) => errors.push(error),
  })
  const turn = async () => {
    timers.shift()!()
    await new Promise(setImmediate)
  }
  await elector.start()
  expect(errors).toHaveLength(1)
  await turn()
  await turn()
  expect(told).toEqual([1, 1])
  expect(errors).toHaveLength(1)
  await elector.stop()
})
