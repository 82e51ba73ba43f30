/**
 * What waits for a ledger that is away, and its way there: oldest first, each record as often as it takes. While anything
 * waits the ledger counts as away, so that nothing overtakes.
 */
import { Fenced, type Ledger, LedgerError, type LedgerHealth, LedgerUnavailable } from './ledger.ts'
import type { QueueFile } from './queue-file.ts'
import { decodeRecord, encodeRecord, type QueuedCall } from './queue-record.ts'

export interface BacklogOptions {
  readonly ledger: Ledger
  readonly queue: QueueFile
  readonly nowMs: () => number
  /** Calls `work` after so many ms; answers what cancels it. */
  readonly after: (ms: number, work: () => void) => () => void
  readonly retryMs: number
  readonly onChange: (health: LedgerHealth) => void
  /** Records that may not be written any more, because somebody else leads, were put into this file. */
  readonly onSetAside: (file: string, records: number, why: string) => void
}

export interface Backlog {
  isWaiting(): boolean
  /** The ledger did not answer: from now on everything waits. */
  away(error: LedgerUnavailable): void
  /** Durable when it resolves; false when the ledger came back in the meantime. */
  enqueue(call: QueuedCall): Promise<boolean>
  /** What a run before left is replayed. Rejects with LedgerUnavailable when it cannot be now. */
  replayFound(): Promise<void>
  /** The token of this run; records are replayed under that of theirs. */
  fence(token: number | undefined): void
  health(): LedgerHealth
  close(): Promise<void>
}

interface State {
  readonly options: BacklogOptions
  readonly calls: QueuedCall[]
  token: number | undefined
  waiting: { readonly sinceMs: number; readonly reason: string } | undefined
  cancel: () => void
  replaying: Promise<void>
  line: Promise<unknown>
}

export function createBacklog(options: BacklogOptions): Backlog {
  const { ledger, queue, nowMs, after, retryMs } = options
  const state: State = {
    options,
    calls: queue.found.map(decodeRecord),
    token: undefined,
    waiting: undefined,
    cancel: () => {},
    replaying: Promise.resolve(),
    line: Promise.resolve(),
  }
  return {
    isWaiting: () => state.waiting !== undefined,
    away(error) {
      if (state.waiting) return
      state.waiting = { sinceMs: nowMs(), reason: error.message }
      options.onChange(healthOf(state))
      state.cancel = after(retryMs, () => tryAgain(state))
    },
    enqueue: (call) =>
      inLine(state, async () => {
        if (!state.waiting) return false
        await queue.append(encodeRecord(call))
        state.calls.push(call)
        return true
      }),
    async replayFound() {
      if (state.calls.length === 0) return
      await replay(state).catch((error: unknown) => {
        if (error instanceof LedgerUnavailable) throw error
        return putAside(state, error)
      })
    },
    fence(token) {
      state.token = token
      if (!state.waiting) ledger.fence(token)
    },
    health: () => healthOf(state),
    async close() {
      state.cancel()
      await state.replaying
      await state.line
      await queue.close()
    },
  }
}

function healthOf({ waiting, calls, options }: State): LedgerHealth {
  if (!waiting) return { state: 'ok', sinceMs: 0, reason: '', queued: 0, queuedBytes: 0 }
  return {
    state: 'degraded',
    ...waiting,
    queued: calls.length,
    queuedBytes: options.queue.bytes(),
  }
}

/** Appends never overlap: the order on disk is the order in which they were asked for. */
function inLine<T>(state: State, work: () => Promise<T>): Promise<T> {
  const next = state.line.then(work, work)
  state.line = next.catch(() => undefined)
  return next
}

function tryAgain(state: State): void {
  const { after, retryMs, onChange } = state.options
  const later = () => {
    state.cancel = after(retryMs, () => tryAgain(state))
  }
  state.replaying = replay(state).then(
    () => onChange(healthOf(state)),
    (error: unknown) =>
      error instanceof LedgerUnavailable ? later() : putAside(state, error).catch(later),
  )
}

async function replay(state: State): Promise<void> {
  const { ledger, queue } = state.options
  try {
    do {
      // an empty backlog still has to find the ledger there
      if (state.calls.length === 0) await ledger.lastTick()
      for (let call = state.calls[0]; call; call = state.calls[0]) {
        await deliver(ledger, call)
        state.calls.shift()
      }
      await inLine(state, async () => {
        if (state.calls.length > 0) return
        if (queue.bytes() > 0) await queue.clear()
        state.waiting = undefined
      })
    } while (state.calls.length > 0)
  } finally {
    ledger.fence(state.token)
  }
}

async function putAside(state: State, error: unknown): Promise<void> {
  const { queue, nowMs, onChange, onSetAside } = state.options
  await inLine(state, async () => {
    const count = state.calls.length
    const file = await queue.setAside(`refused-${nowMs()}`)
    state.calls.length = 0
    state.waiting = undefined
    onSetAside(file, count, error instanceof Error ? error.message : String(error))
  })
  onChange(healthOf(state))
}

async function deliver(ledger: Ledger, call: QueuedCall): Promise<void> {
  ledger.fence(call.token)
  if (await isKnownSetting(ledger, call)) return
  try {
    await invoke(ledger, call)
  } catch (error) {
    if (error instanceof Fenced || error instanceof LedgerUnavailable) throw error
    if (!(await isThere(ledger, call))) throw error
  }
}

export function invoke(ledger: Ledger, { name, args }: QueuedCall): Promise<unknown> {
  return (ledger[name] as (...given: readonly unknown[]) => Promise<unknown>)(...args)
}

/** Whether a tick that could not be written is there already. */
async function isThere(ledger: Ledger, { name, args }: QueuedCall): Promise<boolean> {
  if (name !== 'openTick') return false
  const [asked] = args as Parameters<Ledger['openTick']>
  const found = await ledger.tick(asked.tick)
  if (!found) return false
  const same = found.epoch === asked.epoch && found.outputsHash === asked.outputsHash
  if (same && found.atMs === asked.atMs) return true
  throw new LedgerError(`tick ${asked.tick} is another one there`)
}

/** Settings are a history: one that arrived must not stand there twice. */
async function isKnownSetting(ledger: Ledger, { name, args }: QueuedCall): Promise<boolean> {
  if (name !== 'putSetting') return false
  const [asked] = args as Parameters<Ledger['putSetting']>
  const [newest] = await ledger.settingHistory(asked.key)
  return (
    newest?.changedAtMs === asked.changedAtMs &&
    newest.actor === asked.actor &&
    JSON.stringify(newest.value) === JSON.stringify(asked.value)
  )
}
