/** The events that somebody stored, kept in the ledger as settings are: each change with its time and who made it. */
import { z } from 'zod'
import type { Ledger } from '../ledger/ledger.ts'
import { CovariateEvent, eventId, type NewEvent } from './event.ts'

const KEY = 'event/'

export interface Calendar {
  /** By their beginning. */
  events(): readonly CovariateEvent[]
  /** Events given again replace those that are there. */
  put(events: readonly NewEvent[], actor: string, atMs: number): Promise<readonly CovariateEvent[]>
  /** The event that was removed; undefined when there is none. */
  remove(id: string, actor: string, atMs: number): Promise<CovariateEvent | undefined>
  /** Moves on with every change. */
  version(): number
}

export async function openCalendar(ledger: Ledger): Promise<Calendar> {
  const byId = new Map<string, CovariateEvent>()
  for (const { key, value } of await ledger.settings()) {
    if (!key.startsWith(KEY)) continue
    const stored = z.nullable(CovariateEvent).safeParse(value)
    if (stored.success && stored.data) byId.set(stored.data.id, stored.data)
  }
  let sorted: readonly CovariateEvent[] | undefined
  let version = 0
  const changed = (): void => {
    sorted = undefined
    version++
  }
  const put = (event: CovariateEvent | null, id: string, actor: string, atMs: number) =>
    ledger.putSetting({ key: `${KEY}${id}`, value: event, changedAtMs: atMs, actor })
  return {
    events() {
      sorted ??= [...byId.values()].sort((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1))
      return sorted
    },
    async put(events, actor, atMs) {
      const stored: CovariateEvent[] = events.map((event) => ({
        id: eventId(event),
        ...event,
        source: 'calendar',
      }))
      for (const event of stored) {
        await put(event, event.id, actor, atMs)
        byId.set(event.id, event)
        changed()
      }
      return stored
    },
    async remove(id, actor, atMs) {
      const event = byId.get(id)
      if (!event) return undefined
      await put(null, id, actor, atMs)
      byId.delete(id)
      changed()
      return event
    },
    version: () => version,
  }
}
