/** Where events go. A sink has taken an event when `publish` resolves: it is on the broker's disk, or was answered 2xx. */
import type { ForescaleEvent } from './event.ts'

export const EVENT_TYPE = 'application/cloudevents+json'
export const BATCH_TYPE = 'application/cloudevents-batch+json'

export interface EventSink {
  /** All of them, in order; rejects when it is not sure that all were taken: then all are sent again. */
  publish(events: readonly ForescaleEvent[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** For subjects and routing keys: the fleet has a word of its own, and no service's name parts a key in two. */
export const keyOf = ({ service }: ForescaleEvent): string =>
  (service ?? '_fleet').replaceAll('.', '_')
