/**
 * A ledger that may be away. While it does not answer, what the tick writes goes to a file on local disk, durable before
 * any effect, and reaches the ledger in its order when that is back. Every record can be replayed any number of times:
 * what arrived but was not known to have arrived is found there and not written again. What needs an answer of the
 * ledger (new models, new rollouts, keys, the audit log) fails with LedgerUnavailable meanwhile.
 */
import { type Backlog, type BacklogOptions, createBacklog, invoke } from './backlog.ts'
import { type Ledger, LedgerUnavailable } from './ledger.ts'
import type { QueuedCall, QueuedName } from './queue-record.ts'

const QUEUED: readonly QueuedName[] = [
  'openTick',
  'settle',
  'saveOutcomes',
  'checkpoint',
  'putSetting',
  'saveAlerts',
  'settleDelivery',
  'saveDemandDays',
  'saveUnits',
  'saveRollout',
]
const isQueued = (name: string): name is QueuedName => (QUEUED as readonly string[]).includes(name)

/** What a run before left in the queue is replayed first. Rejects when it cannot be. */
export async function createQueueing(options: BacklogOptions): Promise<Ledger> {
  const { ledger } = options
  const backlog = createBacklog(options)
  await backlog.replayFound().catch(async (error: unknown) => {
    await backlog.close()
    throw error
  })
  let token: number | undefined
  let lastTick: Awaited<ReturnType<Ledger['lastTick']>>
  const calls = Object.entries(ledger).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function') return [name, value]
    const call = value as (...given: unknown[]) => Promise<unknown>
    if (!isQueued(name)) return [name, (...given: unknown[]) => ask(backlog, () => call(...given))]
    return [name, (...args: unknown[]) => write(ledger, backlog, { name, args, token })]
  })
  const wrapped = Object.fromEntries(calls) as Ledger
  return {
    ...wrapped,
    fence(next) {
      token = next
      backlog.fence(next)
    },
    health: backlog.health,
    async openTick(tick, ...rest) {
      await wrapped.openTick(tick, ...rest)
      lastTick = tick
    },
    lastTick: async () => (backlog.isWaiting() && lastTick ? lastTick : wrapped.lastTick()),
    // house-keeping waits for better days
    prune: async (beforeMs) => (backlog.isWaiting() ? undefined : wrapped.prune(beforeMs)),
    async close() {
      await backlog.close()
      await ledger.close()
    },
  }
}

async function write(ledger: Ledger, backlog: Backlog, call: QueuedCall): Promise<unknown> {
  for (;;) {
    if (backlog.isWaiting() && (await backlog.enqueue(call))) return undefined
    try {
      return await invoke(ledger, call)
    } catch (error) {
      if (!(error instanceof LedgerUnavailable)) throw error
      backlog.away(error)
    }
  }
}

async function ask(backlog: Backlog, work: () => Promise<unknown>): Promise<unknown> {
  const { state, reason } = backlog.health()
  if (state === 'degraded') throw new LedgerUnavailable(reason)
  try {
    return await work()
  } catch (error) {
    if (error instanceof LedgerUnavailable) backlog.away(error)
    throw error
  }
}
