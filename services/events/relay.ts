/**
 * Tells sinks of decisions, at least once and in order. The ledger is the outbox: a decision is in it, in one
 * transaction with its tick, before anything else happens; a sink's place in it is a checkpoint that moves on when the
 * sink has taken a tick's events. A sink that is away is tried again at every tick and then told everything that it
 * has missed; others do not wait for it, and ticks wait for none. Alerts come through the ledger's outbox of deliveries
 * (services/alerts/webhooks.ts), since they change after they were written.
 */
import { TimeoutStrategy, timeout } from 'cockatiel'
import { z } from 'zod'
import type { Delivery } from '../ledger/alerts-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SinkConfig } from './config.ts'
import type { ForescaleEvent } from './event.ts'
import type { EventSink } from './sink.ts'

const EVENTS_AT_ONCE = 500
const TIMEOUT_MS = 10_000
const SINK_SCHEME = 'sink:'

const Place = z.object({ tick: z.int().nonnegative() })

export interface OpenSink {
  readonly config: Pick<SinkConfig, 'name' | 'events'>
  readonly sink: EventSink
}

export interface RelayDeps {
  readonly ledger: Pick<Ledger, 'epoch' | 'lastTick' | 'decisionsOfTick' | 'restore' | 'checkpoint'>
  readonly sinks: readonly OpenSink[]
  readonly nowMs: () => number
  readonly log: { warn(fields: object, message: string): void }
  /** `failed`: the sink did not take them; they are sent again. */
  readonly told: (sink: string, events: number, failed: boolean) => void
  readonly timeoutMs?: number
}

export interface Relay {
  /** Everything up to this tick is in the ledger. Never waits, never throws. */
  kick(tick: number): void
  /** Hands an alert of the ledger's outbox to the sink that it is addressed to; rejects when that was not sure to take it. */
  deliver(delivery: Pick<Delivery, 'id' | 'url' | 'body'>): Promise<void>
  /** Resolves when no sink is being told anything. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** The address in the ledger's outbox that stands for a sink. */
export const sinkAddress = (name: string): string => `${SINK_SCHEME}${name}`
export const isSinkAddress = (url: string): boolean => url.startsWith(SINK_SCHEME)

export function createRelay(deps: RelayDeps): Relay {
  const ended = new AbortController()
  const limit = timeout(deps.timeoutMs ?? TIMEOUT_MS, TimeoutStrategy.Aggressive)
  const publish = async ({ config, sink }: OpenSink, events: readonly ForescaleEvent[]) => {
    try {
      await limit.execute(({ signal }) => sink.publish(events, signal), ended.signal)
      deps.told(config.name, events.length, false)
    } catch (error) {
      if (!ended.signal.aborted) deps.told(config.name, events.length, true)
      throw error
    }
  }
  const lines = deps.sinks
    .filter(({ config }) => config.events.includes('decision'))
    .map((open) => createLine(deps, open, (events) => publish(open, events), ended.signal))
  return {
    kick(tick) {
      for (const line of lines) line.kick(tick)
    },
    async deliver({ id, url, body }) {
      const open = deps.sinks.find(({ config }) => sinkAddress(config.name) === url)
      if (!open) throw new Error(`the configuration has no sink for ${url}`)
      const { subject } = z.object({ subject: z.string().optional() }).parse(JSON.parse(body))
      await publish(open, [{ kind: 'alert', id, service: subject, json: body }])
    },
    async idle() {
      await Promise.all(lines.map((line) => line.idle()))
    },
    async close() {
      ended.abort()
      await Promise.all(lines.map((line) => line.idle()))
      for (const { sink } of deps.sinks) await sink.close()
    },
  }
}

interface Line {
  kick(tick: number): void
  idle(): Promise<void>
}

/** One sink's way through the ledger, tick after tick. */
function createLine(
  { ledger, nowMs, log }: RelayDeps,
  { config }: OpenSink,
  publish: (events: readonly ForescaleEvent[]) => Promise<void>,
  ended: AbortSignal,
): Line {
  const key = `events/${config.name}`
  let last = 0
  let place: number | undefined
  let running: Promise<void> | undefined

  /** A sink that is new begins with the tick that it first hears of. */
  async function placeOf(): Promise<number> {
    const kept = Place.safeParse(await ledger.restore(key))
    if (kept.success) return kept.data.tick
    // kept before the first event is told: should that fail, its place is not forgotten
    const tick = last - 1
    await ledger.checkpoint(key, { tick }, nowMs())
    return tick
  }

  async function catchUp(): Promise<void> {
    place ??= await placeOf()
    const { decisionEvent } = await import('./event.ts') // and its library, only where there is a sink
    for (let tick = place + 1; tick <= last && !ended.aborted; tick++) {
      const made = await ledger.decisionsOfTick(tick)
      const events = made
        .filter(({ from, to }) => from !== to)
        .map((decision) => decisionEvent(decision, ledger.epoch))
      for (let i = 0; i < events.length; i += EVENTS_AT_ONCE)
        await publish(events.slice(i, i + EVENTS_AT_ONCE))
      if (events.length > 0 || tick === last) await ledger.checkpoint(key, { tick }, nowMs())
      place = tick
    }
  }

  return {
    kick(tick) {
      last = Math.max(last, tick)
      if (running || ended.aborted) return
      running = catchUp()
        .catch((error: unknown) => {
          if (ended.aborted) return
          log.warn({ err: error, sink: config.name }, 'events did not arrive; sent again')
        })
        .finally(() => {
          running = undefined
        })
    },
    async idle() {
      await running
    },
  }
}
