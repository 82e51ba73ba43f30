/**
 * Live events by SSE. A lost or silent connection is closed and opened again after an exponential wait with
 * jitter; each time it opens the owner is told, so that it can fetch what it missed.
 */
import type { ControlEvent } from '../../control-plane.ts'

const KINDS = [
  'tick',
  'status',
  'forecast',
  'alert',
  'model',
  'rollout',
  'training',
  'setting',
] as const
const WAIT_MIN_MS = 500
const WAIT_MAX_MS = 15_000

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number; readonly attempt: number }

export interface StreamOptions {
  readonly url: string
  onEvent(event: ControlEvent): void
  onConnection(connection: Connection): void
  /** After each successful opening; `again` is false for the first. */
  onOpen(again: boolean): void
  /** Silence after which the connection counts as dead, ms. */
  quietMs(): number
}

/** Wait before attempt `attempt` (0, 1, …), ms: doubling, capped, between half and all of it by chance. */
export function waitMs(attempt: number, random: number): number {
  const whole = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** Math.min(attempt, 10))
  return whole * (0.5 + random / 2)
}

/** Opens the stream; the returned call closes it for good. */
export function openStream(options: StreamOptions): () => void {
  let source: EventSource | undefined
  let timer: number | undefined
  let attempt = 0
  let opened = false
  let heardAtMs = Date.now()

  const retry = () => {
    source?.close()
    const delayMs = waitMs(attempt, Math.random())
    options.onConnection({ kind: 'waiting', retryAtMs: Date.now() + delayMs, attempt })
    attempt++
    clearTimeout(timer)
    timer = window.setTimeout(open, delayMs)
  }
  const open = () => {
    options.onConnection({ kind: 'connecting' })
    heardAtMs = Date.now()
    const next = new EventSource(options.url)
    source = next
    next.onopen = () => {
      attempt = 0
      heardAtMs = Date.now()
      options.onConnection({ kind: 'live' })
      options.onOpen(opened)
      opened = true
    }
    next.onerror = retry
    for (const kind of KINDS) {
      next.addEventListener(kind, (message: MessageEvent<string>) => {
        heardAtMs = Date.now()
        options.onEvent({ kind, data: JSON.parse(message.data) })
      })
    }
  }
  const watchdog = window.setInterval(() => {
    const listening = source?.readyState === EventSource.OPEN
    if (listening && Date.now() - heardAtMs > options.quietMs()) retry()
  }, 2000)
  open()
  return () => {
    clearInterval(watchdog)
    clearTimeout(timer)
    source?.close()
  }
}
