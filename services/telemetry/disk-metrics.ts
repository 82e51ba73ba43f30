/**
 * What store and ledger take of the disk, and what they may. Asked for beside the scrape, which shows what the one before
 * learned: a ledger that is away holds nobody up, and what it took then is not shown as what it takes now.
 */
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { Scrape } from './scrape.ts'

export interface Sized {
  readonly store?: Pick<SampleStore, 'size'> | undefined
  readonly ledger?: Pick<Ledger, 'size'> | undefined
}

type Size = Awaited<ReturnType<Ledger['size']>>

export function createDiskMetrics(parts: Sized): (scrape: Scrape) => void {
  const sizeByPart = new Map<string, Size>()
  const asking = new Set<string>()
  async function ask(part: keyof Sized): Promise<void> {
    if (asking.has(part)) return
    asking.add(part)
    const size = await parts[part]?.size?.().catch(() => undefined)
    asking.delete(part)
    if (size) sizeByPart.set(part, size)
    else sizeByPart.delete(part)
  }
  void ask('store')
  void ask('ledger')
  return (scrape) => {
    const sizes = [...sizeByPart]
    if (sizes.length > 0)
      scrape.gauge(
        'forescale_disk_bytes',
        'What the store of samples and the ledger take of the disk.',
        sizes.map(([part, { bytes }]) => ({ labels: { part }, value: bytes })),
      )
    const limited = sizes.flatMap(([part, { mostBytes }]) =>
      mostBytes === undefined ? [] : [{ labels: { part }, value: mostBytes }],
    )
    if (limited.length > 0)
      scrape.gauge('forescale_disk_limit_bytes', 'What they may take (maxBytes).', limited)
    void ask('store')
    void ask('ledger')
  }
}
