/**
 * The replicas of one service, brought to the requested count: a level-triggered loop, like a kubelet's. `reconcile`
 * looks at what is there and does what is missing; it may be called at any moment and any number of times.
 *
 *   starting ──▶ ready ──▶ terminating (told to watchers ─▶ draining ─▶ gone, or killed after the drain timeout)
 */
import type { HostedService, ReplicaView } from './host-api.ts'
import type { ReplicaProcess, StartReplica } from './replica-process.ts'
import type { ReplicaSettings } from './replica-protocol.ts'

const STARTUPS_KEPT = 20
/** A replica that is not ready this long after its warm-up is killed and replaced. */
const STARTUP_LIMIT_MS = 30_000
const BACKOFF_FIRST_MS = 200
const BACKOFF_MOST_MS = 5000

export interface ReplicaSetOptions {
  readonly settings: Omit<ReplicaSettings, 'ordinal'>
  readonly drainTimeoutMs: number
  readonly start: StartReplica
  readonly nowMs: () => number
  /** True when everybody who sends requests knows what has been so since `sinceMs`. */
  readonly allKnow: (sinceMs: number, nowMs: number) => boolean
  /** Called when something changed by itself: a replica became ready or is gone. */
  readonly onChange: () => void
}

interface Replica {
  readonly process: ReplicaProcess
  readonly startedAtMs: number
  port: number
  readyAtMs: number | null
  /** When it was marked terminating. */
  releasedAtMs: number | null
  drainingSinceMs: number | null
}

export interface ReplicaSet {
  reconcile(requested: number): void
  /** Ends all replicas at once: those that serve are drained, the others killed. */
  release(): void
  kill(): void
  count(): number
  view(): Pick<HostedService, 'recentStartupsMs' | 'replicas'>
  counters(): { restarts: number; refusedWhileDraining: number; killedWhileDraining: number }
}

export function createReplicaSet(options: ReplicaSetOptions): ReplicaSet {
  const { settings, drainTimeoutMs, start, nowMs, allKnow, onChange } = options
  const replicas = new Set<Replica>()
  const startupsMs: number[] = []
  const counters = { restarts: 0, refusedWhileDraining: 0, killedWhileDraining: 0 }
  let ordinal = 0
  let earlyDeaths = 0
  let startNotBeforeMs = 0

  function startOne(): void {
    const startedAtMs = nowMs()
    const process = start(
      { ...settings, ordinal: ordinal++ },
      {
        listening: (port) => {
          replica.port = port
        },
        ready() {
          replica.readyAtMs = nowMs()
          earlyDeaths = 0
          startupsMs.push(replica.readyAtMs - startedAtMs)
          if (startupsMs.length > STARTUPS_KEPT) startupsMs.shift()
          onChange()
        },
        drained(refused) {
          counters.refusedWhileDraining += refused
        },
        exited: () => exited(replica),
      },
    )
    const replica: Replica = {
      process,
      startedAtMs,
      port: 0,
      readyAtMs: null,
      releasedAtMs: null,
      drainingSinceMs: null,
    }
    replicas.add(replica)
  }

  function exited(replica: Replica): void {
    replicas.delete(replica)
    if (replica.releasedAtMs === null) {
      counters.restarts++
      if (replica.readyAtMs === null) {
        const waitMs = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** earlyDeaths++)
        startNotBeforeMs = nowMs() + waitMs
      }
    }
    onChange()
  }

  function advance(replica: Replica): void {
    const now = nowMs()
    const { releasedAtMs, drainingSinceMs, readyAtMs, startedAtMs } = replica
    if (releasedAtMs === null) {
      const late = readyAtMs === null && now - startedAtMs > settings.startupMs + STARTUP_LIMIT_MS
      if (late) replica.process.kill()
    } else if (drainingSinceMs === null) {
      if (allKnow(releasedAtMs, now)) beginDrain(replica, now)
    } else if (now - drainingSinceMs > drainTimeoutMs) {
      counters.killedWhileDraining++
      replica.process.kill()
    }
  }

  return {
    reconcile(requested) {
      const kept = [...replicas].filter((r) => r.releasedAtMs === null)
      while (kept.length > requested) {
        const victim = mostDispensable(kept)
        kept.splice(kept.indexOf(victim), 1)
        beginRelease(victim, nowMs())
      }
      if (nowMs() >= startNotBeforeMs) for (let n = kept.length; n < requested; n++) startOne()
      for (const replica of replicas) advance(replica)
    },
    release() {
      for (const replica of replicas) {
        if (replica.releasedAtMs === null) beginRelease(replica, nowMs())
        if (replica.readyAtMs !== null && replica.drainingSinceMs === null)
          beginDrain(replica, nowMs())
      }
    },
    kill() {
      for (const { process } of replicas) process.kill()
    },
    count: () => replicas.size,
    view: () => ({
      recentStartupsMs: [...startupsMs],
      replicas: Array.from(replicas, (replica) => viewOf(settings.service, replica)),
    }),
    counters: () => ({ ...counters }),
  }
}

/** Those that never served go first, then the youngest: the same order as Kubernetes. */
function mostDispensable(kept: readonly Replica[]): Replica {
  return kept.reduce((a, b) => {
    if ((a.readyAtMs === null) !== (b.readyAtMs === null)) return a.readyAtMs === null ? a : b
    return b.startedAtMs >= a.startedAtMs ? b : a
  })
}

function beginRelease(replica: Replica, nowMs: number): void {
  replica.releasedAtMs = nowMs
  if (replica.readyAtMs === null) replica.process.kill() // it never had a request
}

function beginDrain(replica: Replica, nowMs: number): void {
  replica.drainingSinceMs = nowMs
  replica.process.drain()
}

function viewOf(service: string, replica: Replica): ReplicaView {
  const { process, port, startedAtMs, readyAtMs, releasedAtMs } = replica
  const alive = readyAtMs === null ? 'starting' : 'ready'
  return {
    id: `${service}-${process.pid}`,
    url: port === 0 ? '' : `http://127.0.0.1:${port}`,
    pid: process.pid,
    state: releasedAtMs === null ? alive : 'terminating',
    startedAtMs,
    readyAtMs,
  }
}
