/**
 * Live events, written once and shared by all listeners. Numbered frames stay in a bounded ring, so that a
 * listener that lost its connection goes on where it was; one that was away too long gets a snapshot.
 * A listener that does not read is dropped once its backlog passes a bound: it must never slow the loop.
 */
import { toDocument } from '../../forecaster/forecast.ts'
import type { ControlEvent, ControlPlane } from '../control-plane.ts'

const RING_FRAMES = 2048
const HEARTBEAT_MS = 15_000
/** How long events are still kept after the last listener has gone, so that it may come back. */
const LINGER_MS = 60_000
/** With more services than this, forecasts are to be asked for and not sent: they would be most of the stream. */
const MOST_FORECASTS = 500

/** Of more open alerts than this the oldest are to be asked for. */
const MOST_ALERTS = 100

/** One event in both its written forms, each made when first needed. */
export class Frame {
  readonly id: number
  readonly event: ControlEvent
  #sse: Uint8Array | undefined
  #json: Buffer | undefined

  constructor(id: number, event: ControlEvent) {
    this.id = id
    this.event = event
  }

  /** Server-sent event: id, event, data. */
  get sse(): Uint8Array {
    const { id, event } = this
    this.#sse ??= Buffer.from(
      `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event.data)}\n\n`,
    )
    return this.#sse
  }

  /** WebSocket text: {id, kind, data}. */
  get json(): Buffer {
    const { id, event } = this
    this.#json ??= Buffer.from(JSON.stringify({ id, kind: event.kind, data: event.data }))
    return this.#json
  }
}

export interface Listener {
  /** What it missed, or the present: taken whole, however long it is. */
  catchUp(frames: readonly Frame[]): void
  /** False when the listener's backlog is full: it is forgotten then. */
  frame(frame: Frame): boolean
  heartbeat(): boolean
  /** It was too slow: cut it off, without waiting for what it has not read. */
  drop(): void
  /** The server ends: say goodbye. */
  close(): void
}

export interface EventHub {
  /** Sends what was missed since `lastId` (or a snapshot), then everything new, until the returned call. */
  join(listener: Listener, lastId: number | undefined): () => void
  listeners(): number
  /** Listeners dropped because they were too slow. */
  dropped(): number
  close(): void
}

export interface HubOptions {
  readonly firstId?: number | undefined
  readonly ringFrames?: number | undefined
  readonly heartbeatMs?: number | undefined
  readonly lingerMs?: number | undefined
}

/**
 * Subscribes to the controller only while somebody listens (and a little longer): without listeners no event is
 * made. `firstId` rises from one process to the next, so an old Last-Event-ID is never taken for a new one.
 */
export function createEventHub(control: ControlPlane, options: HubOptions = {}): EventHub {
  const { ringFrames = RING_FRAMES, heartbeatMs = HEARTBEAT_MS, lingerMs = LINGER_MS } = options
  const listeners = new Set<Listener>()
  let ring: Frame[] = []
  let nextId = options.firstId ?? Date.now() * 1000
  let dropped = 0
  let unsubscribe: (() => void) | undefined
  let linger: NodeJS.Timeout | undefined

  const forget = (listener: Listener): void => {
    if (!listeners.delete(listener) || listeners.size > 0) return
    linger = setTimeout(unfollow, lingerMs)
    linger.unref()
  }
  const tell = (listener: Listener, isSent: boolean): boolean => {
    if (isSent) return true
    forget(listener)
    listener.drop()
    dropped++
    return false
  }
  const follow = (): void => {
    clearTimeout(linger)
    unsubscribe ??= control.subscribe((event) => {
      if (event.kind === 'forecast' && !sendsForecasts(control)) return
      const frame = new Frame(nextId++, event)
      ring.push(frame)
      if (ring.length > ringFrames * 1.25) ring = ring.slice(-ringFrames)
      for (const listener of listeners) tell(listener, listener.frame(frame))
    })
  }
  /** From here on events are missed: a number is skipped, so that nobody resumes across the gap. */
  const unfollow = (): void => {
    unsubscribe?.()
    unsubscribe = undefined
    ring = []
    nextId++
  }
  const missed = (lastId: number | undefined): Frame[] => {
    const oldest = ring[0]?.id ?? nextId
    if (lastId !== undefined && lastId >= oldest - 1 && lastId < nextId) {
      return ring.filter((frame) => frame.id > lastId)
    }
    return snapshot(control).map((event) => new Frame(nextId - 1, event))
  }
  const heart = setInterval(() => {
    for (const listener of listeners) tell(listener, listener.heartbeat())
  }, heartbeatMs)
  heart.unref()

  return {
    join(listener, lastId) {
      follow()
      listeners.add(listener)
      listener.catchUp(missed(lastId))
      return () => forget(listener)
    },
    listeners: () => listeners.size,
    dropped: () => dropped,
    close() {
      clearInterval(heart)
      clearTimeout(linger)
      unfollow()
      for (const listener of listeners) listener.close()
      listeners.clear()
    },
  }
}

function sendsForecasts(control: ControlPlane): boolean {
  return Object.keys(control.config().services).length <= MOST_FORECASTS
}

/** Everything a fresh listener needs to draw the present. */
function snapshot(control: ControlPlane): ControlEvent[] {
  const services = [...control.services()]
  const leadership = control.leadership?.()
  const status = {
    services,
    budget: control.budget(),
    paused: control.paused(),
    atMs: control.nowMs(),
    ...(leadership ? { leadership } : {}),
  }
  const tick = control.lastTick()
  const forecasts = (sendsForecasts(control) ? services : []).flatMap(({ service }) => {
    const forecast = control.forecast(service)
    return forecast ? [{ kind: 'forecast', data: toDocument(forecast) } as const] : []
  })
  const alerts = control.alerts().open.slice(-MOST_ALERTS)
  return [
    { kind: 'status', data: status },
    ...(tick ? [{ kind: 'tick', data: tick } as const] : []),
    ...forecasts,
    ...alerts.map((alert) => ({ kind: 'alert', data: { event: 'opened', alert } }) as const),
  ]
}
