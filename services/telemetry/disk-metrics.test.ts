/** What the metrics page says of the disk: sizes as they are, and nothing of who does not answer. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createDiskMetrics } from './disk-metrics.ts'
import { Scrape } from './scrape.ts'

async function shown(disk: ReturnType<typeof createDiskMetrics>): Promise<string[]> {
  await turn()
  const scrape = new Scrape()
  disk(scrape)
  return (await scrape.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('forescale'))
}

it('has the size of each part, and the limit of those that have one', async () => {
  const disk = createDiskMetrics({
    store: { size: async () => ({ bytes: 100 }) },
    ledger: { size: async () => ({ bytes: 200, mostBytes: 300 }) },
  })
  expect(await shown(disk)).toEqual([
    'forescale_disk_bytes{part="store"} 100',
    'forescale_disk_bytes{part="ledger"} 200',
    'forescale_disk_limit_bytes{part="ledger"} 300',
  ])
})

it('shows nothing of a store on a server, nor of a ledger that no longer answers, and waits for neither', async () => {
  let answer: () => Promise<{ bytes: number }> = async () => ({ bytes: 7 })
  const disk = createDiskMetrics({ store: {}, ledger: { size: () => answer() } })
  expect(await shown(disk)).toEqual(['forescale_disk_bytes{part="ledger"} 7'])
  answer = async () => {
    throw new Error('away')
  }
  await shown(disk) // learns of it
  expect(await shown(disk)).toEqual([])
  answer = () => new Promise(() => {})
  await shown(disk)
  expect(await shown(disk)).toEqual([])
})
