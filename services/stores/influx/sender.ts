/**
 * Sends what lies in the spool, in order, until the server has it: together at least every `flushMs`, again after a
 * growing, jittered pause while it fails (or the pause that the server asks for). Lines that the server refuses as they
 * are would stop the queue for ever: they are searched out by halving, counted and dropped.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { askedToWaitMs, isRefusal, messageOf } from './errors.ts'
import type { Segment, Spool } from './spool.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

export interface SenderDeps {
  readonly spool: Spool
  /** Resolves when the server has written them all. */
  readonly send: (lines: readonly string[]) => Promise<void>
  /** What is to be sent of these lines: each instant once, and no smaller value over a larger one. */
  readonly settle: (lines: readonly string[]) => Promise<readonly string[]>
  readonly batchSize: number
  readonly flushMs: number
  readonly nowMs: () => number
  readonly random: () => number
}

export interface SenderState {
  /** Since when nothing gets through, Unix ms; undefined while all is well. */
  readonly failingSinceMs: number | undefined
  readonly lastError: string | undefined
  readonly sent: number
  readonly refused: number
  readonly failures: number
}

export interface Sender {
  /** Says that there is something to send. */
  kick(): void
  /** Sends what is there by now. True when all of it got through; false at the first failure, without more tries. */
  drain(): Promise<boolean>
  state(): SenderState
  /** A last try, then leaves the rest in the spool. */
  close(): Promise<void>
}

interface Waiter {
  readonly upTo: number
  resolve(ok: boolean): void
}

export function createSender(deps: SenderDeps): Sender {
  const { spool, flushMs, batchSize } = deps
  const progress = createProgress(deps)
  const stop = new AbortController()
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  async function run(): Promise<void> {
    for (let segment = await spool.oldest(); segment; segment = await spool.oldest()) {
      if (await progress.send(segment)) continue
      if (closed) return
      await pause(progress.pauseMs(), undefined, { signal: stop.signal }).catch(() => undefined)
      if (closed) return
    }
    progress.allSent()
  }

  function start(): void {
    clearTimeout(timer)
    timer = undefined
    running ??= run()
      .catch((error: unknown) => progress.failed(error))
      .finally(() => {
        running = undefined
        if (!closed && spool.pending().lines > 0) kick()
      })
  }

  function kick(): void {
    if (closed || running || timer) return
    if (spool.pending().lines >= batchSize) start()
    else timer = setTimeout(start, flushMs)
  }

  return {
    kick,
    drain() {
      if (progress.state().failingSinceMs !== undefined) return Promise.resolve(false)
      if (spool.pending().lines === 0) return Promise.resolve(true)
      const sent = progress.whenSent(spool.newest())
      start()
      return sent
    },
    state: progress.state,
    async close() {
      if (closed) return
      const isWell = progress.state().failingSinceMs === undefined
      if (!running && spool.pending().lines > 0 && isWell) start()
      closed = true
      clearTimeout(timer)
      stop.abort()
      await running
      progress.giveUp()
    },
  }
}

/** How far it got, who waits for it, and how long to pause after a failure. */
function createProgress({ send, settle, batchSize, nowMs, random }: SenderDeps) {
  let waiters: Waiter[] = []
  let attempt = 0
  let askedToWait = 0
  const state: Mutable<SenderState> = {
    ...{ failingSinceMs: undefined, lastError: undefined, sent: 0, refused: 0, failures: 0 },
  }

  async function sendOrHalve(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    try {
      await send(lines)
      state.sent += lines.length
    } catch (error) {
      if (!isRefusal(error)) throw error
      state.lastError = messageOf(error)
      if (lines.length === 1) {
        state.refused++
        return
      }
      const middle = lines.length >> 1
      await sendOrHalve(lines.slice(0, middle))
      await sendOrHalve(lines.slice(middle))
    }
  }

  function arrived(upTo: number): void {
    const done = waiters.filter((waiter) => waiter.upTo <= upTo)
    waiters = waiters.filter((waiter) => waiter.upTo > upTo)
    for (const waiter of done) waiter.resolve(true)
  }

  function giveUp(): void {
    for (const waiter of waiters.splice(0)) waiter.resolve(false)
  }

  function failed(error: unknown): void {
    state.failures++
    state.failingSinceMs ??= nowMs()
    state.lastError = messageOf(error)
    askedToWait = askedToWaitMs(error)
    giveUp()
  }

  return {
    ...{ failed, giveUp },
    state: (): SenderState => ({ ...state }),
    allSent: () => arrived(Number.POSITIVE_INFINITY),
    whenSent: (upTo: number) =>
      new Promise<boolean>((resolve) => void waiters.push({ upTo, resolve })),
    /** False when the server could not be had; then the segment stays. */
    async send(segment: Segment): Promise<boolean> {
      try {
        for (let start = 0; start < segment.lines.length; start += batchSize)
          await sendOrHalve(await settle(segment.lines.slice(start, start + batchSize)))
        await segment.done()
      } catch (error) {
        failed(error)
        return false
      }
      attempt = 0
      state.failingSinceMs = undefined
      arrived(segment.number)
      return true
    },
    /** Grows and is jittered, so that clients that failed together do not return together (Brooker 2015). */
    pauseMs(): number {
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt++)
      const jittered = longest * (0.5 + 0.5 * random())
      return Math.min(4 * LONGEST_PAUSE_MS, Math.max(jittered, askedToWait))
    },
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
