/** What every lease's store must do: one row, changed by compare-and-set. */
import { expect, it } from 'vitest'
import type { LeaseRow, LeaseStore } from './lease.ts'

export const rowOf = (token: number, over: Partial<LeaseRow> = {}): LeaseRow => ({
  ...{ token, holder: 'a', url: 'http://a', renewals: 0 },
  ...over,
})

/** Of two connections to one row that nobody has written yet. */
export function leaseRowConformance(
  open: () => { readonly one: LeaseStore; readonly other: LeaseStore },
): void {
  it("the lease's row changes only from what was expected", async () => {
    const { one, other } = open()
    expect(await one.read()).toBeUndefined()
    expect(await one.swap(rowOf(1), rowOf(2))).toBe(false)
    expect(await one.swap(undefined, rowOf(1))).toBe(true)
    expect(await other.read()).toStrictEqual(rowOf(1))
    expect(await other.swap(undefined, rowOf(1, { holder: 'b' }))).toBe(false)
    expect(await other.swap(rowOf(1), rowOf(2, { holder: null }))).toBe(true)
    expect(await one.swap(rowOf(1), rowOf(1, { renewals: 1 }))).toBe(false)
    expect(await one.read()).toStrictEqual(rowOf(2, { holder: null }))
  })

  it('of many that want the row at once, one gets it each time', async () => {
    const { one, other } = open()
    for (let token = 1; token <= 5; token++) {
      const before = await one.read()
      const swaps = Array.from({ length: 6 }, (_, i) =>
        (i % 2 ? one : other).swap(before, rowOf(token, { holder: `c${i}` })),
      )
      const won = (await Promise.all(swaps)).filter(Boolean)
      expect(won).toHaveLength(1)
      expect((await one.read())!.token).toBe(token)
    }
  })
}
