/**
 * Shards at work for the properties of the exchange: controllers that tick, fail, are replaced and go on although they were,
 * rows that do not answer, answer late or are changed in between, and replicas that take their time to end.
 */
import { PRICES } from '../../coordinator/meta/price-ladder.ts'
import { Fenced, LedgerUnavailable } from '../ledger/ledger.ts'
import { createExchange, type Exchange } from './exchange.ts'
import type { ShareRow, ShareStore } from './share.ts'
import { createMemoryShareStore } from './test-share-store.ts'

/** What becomes of a write: `late` ones are carried out at some later time, though nobody waits for them. */
export const FATES = ['done', 'refused', 'unanswered', 'late', 'between'] as const
export type Fate = (typeof FATES)[number]

/** `order-late`: what goes up only does so while the next tick is under way, which did not see it. */
type OrderFate = 'order-lost' | 'order-late'

export type Event =
  | { readonly kind: 'tick'; readonly who: number; readonly wants: number; readonly fate: Fate }
  | { readonly kind: OrderFate | 'read-fails'; readonly who: number; readonly wants: number }
  | { readonly kind: 'ended'; readonly who: number; readonly share: number }
  | { readonly kind: 'replaced'; readonly who: number }
  | { readonly kind: 'deposed-ticks'; readonly who: number; readonly wants: number }
  | { readonly kind: 'late-writes' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'budget'; readonly budget: number }

interface Shard {
  readonly name: string
  /** The last is the leader. */
  controllers: { readonly token: number; readonly exchange: Exchange }[]
  requested: number
  ending: number
  fence: number
  /** An order on its way. */
  late: { readonly to: number; readonly token: number } | undefined
}

interface Trouble {
  fate: Fate
  readFails: boolean
  between: (() => Promise<void>) | undefined
}

export const SILENT_AFTER_MS = 4000

export class Plant {
  readonly store = createMemoryShareStore()
  readonly shards: Shard[]
  budget: number
  nowMs = 0
  private trouble: Trouble = UNTROUBLED
  private late: (() => Promise<unknown>)[] = []

  constructor(budget: number, running: readonly number[]) {
    this.budget = budget
    this.shards = running.map((requested, i) => {
      const shard: Shard = {
        name: `s${i}`,
        controllers: [],
        requested,
        ending: 0,
        fence: 0,
        late: undefined,
      }
      return shard
    })
    for (const shard of this.shards) this.replace(shard)
  }

  claims(): number {
    return this.store.rows.reduce((sum, row) => sum + row.claimPerHour, 0)
  }

  claimOf(shard: Shard): number {
    return this.store.rows.find((row) => row.shard === shard.name)?.claimPerHour ?? 0
  }

  replace(shard: Shard): void {
    const token = (shard.controllers.at(-1)?.token ?? 0) + 1
    const exchange = createExchange({
      shard: shard.name,
      names: () => this.shards.map(({ name }) => name),
      store: this.troubled(),
      token: () => token,
      ...{ holder: `h${token}`, url: '', pause: async () => {} },
      silentAfterMs: () => SILENT_AFTER_MS,
      monotonicMs: () => this.nowMs,
    })
    shard.controllers.push({ token, exchange })
    shard.fence = token // it is told to the targets first
  }

  private troubled(): ShareStore {
    const away = () => new LedgerUnavailable('away')
    return {
      read: async (): Promise<readonly ShareRow[]> => {
        if (this.trouble.readFails) throw away()
        return this.store.read()
      },
      swap: async (round, row) => {
        const { fate, between } = this.trouble
        this.trouble = UNTROUBLED
        switch (fate) {
          case 'refused':
            throw away()
          case 'unanswered':
            await this.store.swap(round, row)
            throw away()
          case 'late':
            this.late.push(() => this.store.swap(round, row))
            throw away()
          case 'between':
            await between?.()
            return this.store.swap(round, row)
          default:
            return this.store.swap(round, row)
        }
      },
    }
  }

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'time':
        this.nowMs += event.ms
        return
      case 'budget':
        this.budget = event.budget
        return
      case 'late-writes': {
        const late = this.late.splice(0)
        for (const write of late) await write()
        return
      }
      default:
        return this.happenTo(this.shards[event.who % this.shards.length]!, event)
    }
  }

  private async happenTo(
    shard: Shard,
    event: Exclude<Event, { readonly kind: 'time' | 'budget' | 'late-writes' }>,
  ): Promise<void> {
    switch (event.kind) {
      case 'ended':
        shard.ending *= event.share
        return
      case 'replaced':
        this.replace(shard)
        return
      case 'read-fails':
        return this.tick(shard, event.wants, {
          trouble: { fate: 'done', readFails: true, between: undefined },
        })
      case 'deposed-ticks':
        return this.tick(shard, event.wants, { by: shard.controllers.at(-2) })
      case 'order-lost':
      case 'order-late':
        return this.tick(shard, event.wants, { order: event.kind })
      case 'tick': {
        const next = this.shards[(this.shards.indexOf(shard) + 1) % this.shards.length]!
        const between = () => this.tick(next, event.wants)
        const trouble = { fate: event.fate, readFails: false, between }
        return this.tick(shard, event.wants, { trouble })
      }
    }
  }

  async tick(shard: Shard, wants: number, given: Given = {}): Promise<void> {
    const { trouble = UNTROUBLED, order } = given
    const by = 'by' in given ? given.by : shard.controllers.at(-1)
    if (!by) return
    this.trouble = trouble
    const curve = PRICES.map((price) => wants / (1 + price))
    const need = {
      ...{ tick: 1, atMs: this.nowMs, least: 0, reactive: curve.map((spend) => spend / 2) },
      ...{ all: curve, runningPerHour: shard.requested + shard.ending },
    }
    let budget: number
    try {
      budget = (await by.exchange.claim(need, this.budget)).budgetPerHour
    } catch (error) {
      if (error instanceof Fenced || error instanceof LedgerUnavailable) return
      throw error
    } finally {
      this.trouble = UNTROUBLED
    }
    const { ending } = shard
    const to = Math.max(0, Math.min(wants, budget - ending))
    by.exchange.decided(to + ending)
    const { late } = shard
    shard.late = undefined
    if (late) obey(shard, late)
    if (order === 'order-late' && to > shard.requested) shard.late = { to, token: by.token }
    else if (order !== 'order-lost') obey(shard, { to, token: by.token })
  }
}

const UNTROUBLED: Trouble = { fate: 'done', readFails: false, between: undefined }

interface Given {
  readonly trouble?: Trouble
  readonly order?: OrderFate
  /** undefined: a controller that was never there. */
  readonly by?: Shard['controllers'][number] | undefined
}

function obey(shard: Shard, { to, token }: { to: number; token: number }): void {
  if (token < shard.fence) return
  shard.ending += Math.max(0, shard.requested - to)
  shard.requested = to
}
