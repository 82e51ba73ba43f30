/** Live events for browsers and programs: server-sent events that resume, and the same frames by WebSocket. */
import { type HttpBindings, upgradeWebSocket } from '@hono/node-server'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { WebSocket } from 'ws'
import { boundListener } from './bound-events.ts'
import { callerOf, seenBy } from './callers.ts'
import type { EventHub, Listener } from './event-hub.ts'
import { reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { NoQuery } from './query.ts'
import { problems, type RouteDeps } from './route.ts'

/** A listener that is this far behind, beside what it was given to catch up, is dropped. */
const BACKLOG_BYTES = 8 * 1024 * 1024
const RETRY_MS = 2000
const HEARTBEAT = Buffer.from(': \n\n')
const GREETING = Buffer.from(`retry: ${RETRY_MS}\n\n`)
const GOING_AWAY = 1001

const EventHeaders = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{1,16}$/, "a frame's number")
    .transform(Number)
    .optional()
    .openapi({
      type: 'string',
      description: 'Go on after this frame; a snapshot when it is too long ago.',
      example: '1795248000000042',
    }),
})

const FRAMES =
  'Kinds: tick (Tick), status (services, budget, paused, atMs), forecast (Forecast; with at most 500 services), alert (event, alert), model (event, model: a version that was fitted, promoted or retired), rollout (RolloutView; begun, moved on, or with newer findings), training (training, and the round that has ended in it or null), setting (key, value, atMs). A fresh listener first gets a snapshot of the present.'

const streamEvents = createRoute({
  method: 'get',
  path: '/v1/events',
  ...reads('filtered'),
  tags: ['events'],
  summary: 'Live events as server-sent events',
  description: `${FRAMES} A listener more than 8 MB behind is disconnected and resumes by Last-Event-ID.`,
  request: { query: NoQuery, headers: EventHeaders },
  responses: {
    200: {
      description: 'Frames with id, event and data (JSON).',
      content: {
        'text/event-stream': {
          schema: z.string(),
          example:
            'id: 1795248000000042\nevent: setting\ndata: {"key":"budget","value":1.6,"atMs":1795248000000}\n\n',
        },
      },
    },
    ...problems('invalid-request'),
  },
})

const openSocket = createRoute({
  method: 'get',
  path: '/v1/ws',
  ...reads('filtered'),
  tags: ['events'],
  summary: 'Live events by WebSocket',
  description: `Each message is one frame {id, kind, data}. ${FRAMES}`,
  request: { query: NoQuery },
  responses: {
    101: { description: 'The connection speaks WebSocket from here on.' },
    ...problems('invalid-request', 'cross-origin-write', 'upgrade-required'),
  },
})

export function eventRoutes(app: OpenAPIHono, { events }: RouteDeps): void {
  app.openapi(streamEvents, (c) => {
    const lastId = c.req.valid('header')['last-event-id']
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
    const cut = () => outgoing?.destroy()
    return new Response(eventStream(events, lastId, cut, boundTo(c)), {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    })
  })
  app.openapi(openSocket, (c) => {
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
      throw new ProblemError('upgrade-required', 'upgrade: send "Upgrade: websocket"')
    }
    let leave = (): unknown => undefined
    const bind = boundTo(c)
    return upgradeWebSocket(c, {
      onOpen: (_event, socket) => {
        leave = events.join(bind(socketListener(socket.raw as WebSocket)), undefined)
      },
      onClose: () => leave(),
      onError: () => leave(),
    })
  })
}

/** Leaves listeners of callers for all services as they are. */
function boundTo(c: Context): (listener: Listener) => Listener {
  if (callerOf(c).groups === null) return (listener) => listener
  return (listener) => boundListener(listener, seenBy(c))
}

function eventStream(
  events: EventHub,
  lastId: number | undefined,
  cut: () => void,
  bind: (listener: Listener) => Listener,
): ReadableStream<Uint8Array> {
  let leave = (): unknown => undefined
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(GREETING)
        leave = events.join(bind(streamListener(controller, cut)), lastId)
      },
      cancel: () => void leave(),
    },
    { highWaterMark: BACKLOG_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  )
}

function streamListener(
  controller: ReadableStreamDefaultController<Uint8Array>,
  cut: () => void,
): Listener {
  let allowanceBytes = 0
  const send = (chunk: Uint8Array): boolean => {
    const { desiredSize } = controller
    if (desiredSize === null || desiredSize + allowanceBytes <= 0) return false
    controller.enqueue(chunk)
    return true
  }
  return {
    catchUp(frames) {
      for (const { sse } of frames) {
        controller.enqueue(sse)
        allowanceBytes += sse.byteLength
      }
    },
    frame: (frame) => send(frame.sse),
    heartbeat: () => send(HEARTBEAT),
    drop: cut,
    close() {
      try {
        controller.close()
      } catch {
        // closed by the other side already
      }
    },
  }
}

function socketListener(socket: WebSocket): Listener {
  let awaitingPong = false
  socket.on('pong', () => {
    awaitingPong = false
  })
  let allowanceBytes = 0
  const behind = () => socket.bufferedAmount > BACKLOG_BYTES + allowanceBytes
  return {
    catchUp(frames) {
      for (const { json } of frames) {
        socket.send(json, { binary: false })
        allowanceBytes += json.byteLength
      }
    },
    frame(frame) {
      if (behind()) return false
      socket.send(frame.json, { binary: false })
      return true
    },
    heartbeat() {
      if (behind() || awaitingPong) return false
      awaitingPong = true
      socket.ping()
      return true
    },
    drop: () => socket.terminate(),
    close: () => socket.close(GOING_AWAY),
  }
}
