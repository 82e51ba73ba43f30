/**
 * What others are told, as CloudEvents 1.0 (https://github.com/cloudevents/spec, JSON format): one event has the same
 * id however often it is sent, so that receivers can drop a repetition.
 */
import { CloudEvent } from 'cloudevents'
import type { Decision } from '../../coordinator/decision.ts'
import type { AlertChange } from '../alerts/alert.ts'
import type { SinkConfig } from './config.ts'

export type EventKind = SinkConfig['events'][number]

export interface ForescaleEvent {
  readonly kind: EventKind
  readonly id: string
  /** What it is about; undefined: the whole fleet. */
  readonly service: string | undefined
  /** The event in the JSON format of CloudEvents. */
  readonly json: string
}

const PREFIX = 'io.forescale'

/** `epoch` names the ledger that the event comes from. */
export function decisionEvent(decision: Decision, epoch: string): ForescaleEvent {
  const { id, service, atMs } = decision
  const type = `${PREFIX}.decision.made`
  return written('decision', { id, type, service, atMs, epoch, data: decision })
}

export function alertEvent({ event, alert }: AlertChange, epoch: string): ForescaleEvent {
  const id = `${alert.id}-${event}-${alert.severity}`
  const type = `${PREFIX}.alert.${event}`
  const { service, updatedAtMs: atMs } = alert
  return written('alert', { id, type, service: service ?? undefined, atMs, epoch, data: alert })
}

interface Written {
  readonly id: string
  readonly type: string
  readonly service: string | undefined
  readonly atMs: number
  readonly epoch: string
  readonly data: object
}

function written(
  kind: EventKind,
  { id, type, service, atMs, epoch, data }: Written,
): ForescaleEvent {
  const event = new CloudEvent({
    id,
    type,
    source: `/forescale/${epoch}`,
    ...(service === undefined ? {} : { subject: service }),
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    data,
  })
  return { kind, id, service, json: JSON.stringify(event) }
}
