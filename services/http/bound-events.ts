/** Live events for a caller who is bound to some services: totals of the fleet as they are, rows of its own services only. */
import type { ControlEvent } from '../control-plane.ts'
import { Frame, type Listener } from './event-hub.ts'

type Sees = (row: { readonly service: string | null }) => boolean

/** The listener, told only what it may see; numbers stay, so that it can resume. */
export function boundListener(listener: Listener, sees: Sees): Listener {
  const own = (frame: Frame): Frame | undefined => {
    const event = seen(frame.event, sees)
    return event && new Frame(frame.id, event)
  }
  return {
    ...listener,
    catchUp: (frames) => listener.catchUp(frames.flatMap((frame) => own(frame) ?? [])),
    frame(frame) {
      const kept = own(frame)
      return kept === undefined || listener.frame(kept)
    },
  }
}

/** Undefined for what is not the caller's. */
export function seen(event: ControlEvent, sees: Sees): ControlEvent | undefined {
  switch (event.kind) {
    case 'tick':
      return { kind: 'tick', data: { ...event.data, decisions: event.data.decisions.filter(sees) } }
    case 'status':
      return {
        kind: 'status',
        data: { ...event.data, services: event.data.services.filter(sees) },
      }
    case 'forecast':
      return sees(event.data) ? event : undefined
    case 'alert':
      return sees(event.data.alert) ? event : undefined
    case 'model':
      return sees(event.data.model) ? event : undefined
    case 'rollout':
      return event.data.services.every((service) => sees({ service })) ? event : undefined
    case 'training': // of learned policies, on simulated services
      return event
    case 'setting': {
      const [, service] = event.data.key.split('/')
      const isOfFleet = service === undefined || event.data.key.startsWith('budget/')
      return isOfFleet || sees({ service }) ? event : undefined
    }
  }
}
