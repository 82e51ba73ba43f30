/** How much of the disk a SQLite file takes, how much of that its rows need, and giving the rest back. */

/** Of libsql's client. */
interface Client {
  execute(sql: string): Promise<{ readonly rows: readonly object[] }>
  executeMultiple(sql: string): Promise<void>
}

/** Pages that are given back at a time: the library works on the calling thread, which has ticks to run. */
const PAGES_A_STEP = 2000

export function spaceOf(client: Client) {
  async function pages(pragma: 'page_count' | 'freelist_count' | 'page_size'): Promise<number> {
    const { rows } = await client.execute(`PRAGMA ${pragma}`)
    return Number(Object.values(rows[0] ?? {})[0] ?? 0)
  }
  const bytesOf = async (count: number) => count * (await pages('page_size'))
  return {
    heldBytes: async () => bytesOf(await pages('page_count')),
    usedBytes: async () => bytesOf((await pages('page_count')) - (await pages('freelist_count'))),
    /** Does nothing in files that were made before they could. */
    async giveBack() {
      const before = await pages('page_count')
      if ((await pages('freelist_count')) === 0) return false
      // as a script: as a statement the library would leave it unfinished, and every write after it locked out
      await client.executeMultiple(`PRAGMA incremental_vacuum(${PAGES_A_STEP})`)
      return (await pages('page_count')) < before
    },
  }
}
