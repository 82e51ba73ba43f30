/**
 * One replica of a shop service: a process behind a real HTTP port on loopback. Started by the host, ready after its
 * warm-up, ends when it is drained, on SIGTERM, or as soon as the host is gone.
 */
import { serve } from '@hono/node-server'
import { seededRandom } from '../../datasets/random.ts'
import { createRecent } from './recent.ts'
import { createReplicaApp, type ReplicaPhase } from './replica-app.ts'
import { type ReplicaMessage, readReplicaSettings } from './replica-protocol.ts'
import { lognormalServiceMs } from './service-time.ts'
import { createStation } from './station.ts'

/** Longer than the gateway keeps an idle connection, so that no request meets a closing one. */
const KEEP_ALIVE_MS = 120_000

if (!process.connected) process.exit(0)
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group: the host says when to stop

const settings = readReplicaSettings(process.env)
const { service, seed, ordinal } = settings
let phase: ReplicaPhase = 'starting'
let refused = 0

const station = createStation({
  concurrency: settings.concurrency,
  queueLimit: settings.queueLimit,
  serviceMs: lognormalServiceMs(
    settings.meanServiceMs,
    settings.serviceTimeCv,
    seededRandom('service-time', seed, service, ordinal),
  ),
  after: (ms, done) => setTimeout(done, ms),
})

const app = createReplicaApp({
  settings,
  station,
  recent: createRecent(Date.now()),
  phase: () => phase,
  onRefused: () => refused++,
})

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  tell({ kind: 'listening', port })
  setTimeout(() => {
    if (phase !== 'starting') return
    phase = 'ready'
    tell({ kind: 'ready' })
  }, settings.startupMs)
})
if ('keepAliveTimeout' in server) server.keepAliveTimeout = KEEP_ALIVE_MS

process.on('message', (message: unknown) => {
  if (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    message.kind === 'drain'
  )
    void drain()
})
process.on('SIGTERM', () => void drain())

function tell(message: ReplicaMessage): void {
  if (process.connected) process.send?.(message)
}

/**
 * Ends when all that was taken in is answered to the last byte. `close` ends only those connections that are idle
 * when it is called, so those that become idle later are looked for.
 */
async function drain(): Promise<void> {
  if (phase === 'draining') return
  phase = 'draining'
  await station.idle()
  if ('closeIdleConnections' in server) setInterval(() => server.closeIdleConnections(), 20)
  server.close(() => {
    tell({ kind: 'drained', refused })
    setImmediate(() => process.exit(0))
  })
}
