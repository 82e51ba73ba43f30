/**
 * What a shard may spend, tick by tick. Before it decides it says what it needs at every price, reads what the others said,
 * and writes down its claim, all in one compare-and-set of the shared rows. So the claims never sum up to more than the
 * budget, whoever is silent, late, dead or cut off, and nobody spends more than its claim: a claim goes up only into what
 * nobody holds, and down only when the money is no longer spent (coordinator/arbiters/shards.ts). A shard that cannot reach
 * the rows goes on with the least that it may have written.
 */
import { claimOf, type ShardNeeds } from '../../coordinator/arbiters/shards.ts'
import { Fenced, LedgerUnavailable } from '../ledger/ledger.ts'
import { lastRound, type ShareRow, type ShareStore } from './share.ts'
import { targetOf } from './target.ts'
import type { ShardsView } from './view.ts'

/** Claims at once are made one after the other; beyond so many rounds the tick goes on with what it has. */
const MOST_ROUNDS = 20

export interface ShardNeed extends ShardNeeds {
  readonly tick: number
  readonly atMs: number
  /** What the replicas of its services cost, those that are ending included, $/hour. */
  readonly runningPerHour: number
}

export interface Share {
  /** What the shard's tick may spend, $/hour. */
  readonly budgetPerHour: number
  readonly jointBudgetPerHour: number
}

export interface ExchangeOptions {
  readonly shard: string
  readonly names: () => readonly string[]
  readonly store: ShareStore
  /** Of the lease that the controller holds; undefined while it does not lead. */
  readonly token: () => number | undefined
  readonly holder: string
  readonly url: string
  /** After so long without a word a shard is silent, ms. */
  readonly silentAfterMs: () => number
  /** Never goes back, ms. */
  readonly monotonicMs: () => number
  /** Right before another attempt after somebody else was quicker. */
  readonly pause: (round: number) => Promise<void>
}

export interface Exchange {
  /**
   * Claims for one tick. Rejects with Fenced when another controller leads the shard, with LedgerUnavailable when the rows do
   * not answer and nothing was claimed before.
   */
  claim(need: ShardNeed, jointBudgetPerHour: number): Promise<Share>
  /** What the tick has decided to spend: until the next claim no less is taken to be spent. */
  decided(spendPerHour: number): void
  /** Reads the rows, for those who only look. */
  look(): Promise<void>
  view(jointBudgetPerHour: number): ShardsView
}

/** One leader's. */
interface Term {
  readonly token: number
  readonly sinceMs: number
  /** The least that the shard's row may hold; undefined before the first claim. */
  claimPerHour: number | undefined
  targetPerHour: number
  /** The most that orders under way may come to. */
  orderedPerHour: number
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { shard } = options
  const rows = createSeenRows(options)
  let term: Term | undefined
  let budgetPerHour: number | null = null

  function termNow(): Term {
    const token = options.token()
    if (token === undefined) throw new Fenced(`this controller does not lead shard ${shard}`)
    if (term?.token !== token)
      term = {
        ...{ token, sinceMs: options.monotonicMs(), claimPerHour: undefined },
        ...{ targetPerHour: 0, orderedPerHour: 0 },
      }
    return term
  }

  return {
    async claim(need, jointBudgetPerHour) {
      const now = termNow()
      try {
        await claimInTurn(options, rows, now, need, jointBudgetPerHour)
      } catch (error) {
        if (!(error instanceof LedgerUnavailable) || now.claimPerHour === undefined) throw error
      }
      budgetPerHour = Math.min(now.claimPerHour!, now.targetPerHour)
      // what it will order is not known yet
      now.orderedPerHour = Number.POSITIVE_INFINITY
      return { budgetPerHour, jointBudgetPerHour }
    },
    decided(spendPerHour) {
      if (term) term.orderedPerHour = spendPerHour
    },
    async look() {
      await rows.read()
    },
    view: (jointBudgetPerHour) => ({
      ...{ shard, budgetPerHour, jointBudgetPerHour },
      price: rows.of(shard)?.said.price ?? 0,
      shards: options.names().map((name) => standingOf(name, rows)),
    }),
  }
}

interface SeenRows {
  read(): Promise<readonly ShareRow[]>
  of(shard: string): ShareRow | undefined
  /** How long ago it was seen to change, by one's own clock: clocks of others may say anything. */
  agoMs(row: ShareRow): number
  isSilent(row: ShareRow): boolean
}

function createSeenRows({ store, monotonicMs, silentAfterMs }: ExchangeOptions): SeenRows {
  const seen = new Map<string, { readonly round: number; readonly sinceMs: number }>()
  let rows: readonly ShareRow[] = []
  const agoMs = ({ shard }: ShareRow) => monotonicMs() - (seen.get(shard)?.sinceMs ?? 0)
  return {
    async read() {
      rows = await store.read()
      for (const { shard, round } of rows)
        if (seen.get(shard)?.round !== round) seen.set(shard, { round, sinceMs: monotonicMs() })
      return rows
    },
    of: (shard) => rows.find((row) => row.shard === shard),
    agoMs,
    isSilent: (row) => agoMs(row) >= silentAfterMs(),
  }
}

async function claimInTurn(
  options: ExchangeOptions,
  rows: SeenRows,
  now: Term,
  need: ShardNeed,
  budget: number,
): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    if (await claimOnce(options, rows, now, need, budget)) return
    await options.pause(round)
  }
  throw new LedgerUnavailable(
    `shard ${options.shard} was not quick enough to claim ${MOST_ROUNDS} times`,
  )
}

/** True when the claim was written; false when somebody else wrote meanwhile. */
async function claimOnce(
  { shard, names, holder, url, store, silentAfterMs, monotonicMs }: ExchangeOptions,
  rows: SeenRows,
  now: Term,
  need: ShardNeed,
  budget: number,
): Promise<boolean> {
  const known = await rows.read()
  const own = rows.of(shard)
  if (own && own.token > now.token)
    throw new Fenced(`token ${now.token} of shard ${shard} is no longer the newest`)
  const { targetPerHour, othersPerHour, price } = targetOf({
    ...{ shard, need, budget, rows: known, names: names(), isSilent: rows.isSilent },
    isWaiting: monotonicMs() - now.sinceMs < silentAfterMs(),
  })
  const claimPerHour = claimOf({
    target: targetPerHour,
    running: Math.max(need.runningPerHour, now.orderedPerHour),
    held: own?.claimPerHour ?? 0,
    others: othersPerHour,
    budget,
  })
  const said = { ...saidOf(need), holder, url, targetPerHour, price }
  const before = now.claimPerHour
  // until the answer is there either may be what is written
  if (before !== undefined) now.claimPerHour = Math.min(before, claimPerHour)
  const row = { shard, token: now.token, claimPerHour, said }
  if (!(await store.swap(lastRound(known), row))) {
    now.claimPerHour = before
    return false
  }
  now.claimPerHour = claimPerHour
  now.targetPerHour = targetPerHour
  return true
}

const saidOf = ({ tick, atMs, runningPerHour, least, reactive, all }: ShardNeed) => ({
  ...{ tick, atMs, runningPerHour, leastPerHour: least },
  reactive: Array.from(reactive),
  all: Array.from(all),
})

function standingOf(shard: string, rows: SeenRows): ShardsView['shards'][number] {
  const row = rows.of(shard)
  if (!row)
    return {
      ...{ shard, claimPerHour: 0, runningPerHour: 0, wantedPerHour: 0, silentMs: null },
      ...{ isSilent: true, leader: null, url: '' },
    }
  const { said, claimPerHour } = row
  return {
    ...{ shard, claimPerHour, runningPerHour: said.runningPerHour },
    wantedPerHour: Math.max(said.leastPerHour, said.all[0] ?? 0),
    silentMs: rows.agoMs(row),
    isSilent: rows.isSilent(row),
    leader: said.holder,
    url: said.url,
  }
}
