/**
 * The replicas of one service as the gateway sees them: power of two choices on requests in flight (Mitzenmacher
 * 2001), and ejection of a replica that failed several times in a row, longer each time, until a probe finds it well
 * (as Envoy's outlier detection). When all are ejected they are all used: a suspect replica is better than none.
 */
const EJECT_AFTER_FAILURES = 3
const EJECT_FIRST_MS = 1000
const EJECT_MOST_MS = 30_000

export interface Backend {
  readonly id: string
  readonly host: string
  readonly port: number
  inFlight: number
  failuresInRow: number
  ejections: number
  /** Not before this instant is an ejected replica probed; 0 while it is not ejected. */
  probeAtMs: number
}

export interface Pool {
  /** Replaces the list of live replicas; those already known keep their counts. */
  setLive(live: readonly { readonly id: string; readonly url: string }[]): void
  /** undefined when no replica is live (but for `except`). */
  pick(except?: Backend): Backend | undefined
  /** The outcome of one request: `failed` means that the replica did not answer it, not that it was busy. */
  record(backend: Backend, failed: boolean, nowMs: number): void
  /** Ejected replicas whose time to be probed has come. */
  toProbe(nowMs: number): readonly Backend[]
  probed(backend: Backend, healthy: boolean, nowMs: number): void
  live(): number
  ejected(): number
}

export function createPool(options: {
  readonly random: () => number
  readonly onEject: () => void
}): Pool {
  const { random, onEject } = options
  const backendsById = new Map<string, Backend>()
  let usable: Backend[] = []

  const refresh = () => {
    const all = [...backendsById.values()]
    const well = all.filter((b) => b.probeAtMs === 0)
    usable = well.length > 0 ? well : all
  }

  function eject(backend: Backend, nowMs: number): void {
    const forMs = Math.min(EJECT_MOST_MS, EJECT_FIRST_MS * 2 ** backend.ejections)
    if (backend.probeAtMs === 0) onEject()
    backend.ejections++
    backend.probeAtMs = nowMs + forMs
    refresh()
  }

  return {
    setLive(live) {
      const ids = new Set(live.map(({ id }) => id))
      for (const id of backendsById.keys()) if (!ids.has(id)) backendsById.delete(id)
      for (const { id, url } of live) {
        if (!backendsById.has(id)) backendsById.set(id, backendAt(id, url))
      }
      refresh()
    },
    pick(except) {
      const from = except ? usable.filter((b) => b !== except) : usable
      if (from.length < 2) return from[0]
      const first = Math.floor(random() * from.length)
      const second = Math.floor(random() * (from.length - 1))
      const a = from[first]!
      const b = from[second < first ? second : second + 1]!
      return b.inFlight < a.inFlight ? b : a
    },
    record(backend, failed, nowMs) {
      if (!failed) {
        backend.failuresInRow = 0
        backend.ejections = 0
        return
      }
      backend.failuresInRow++
      if (backend.failuresInRow >= EJECT_AFTER_FAILURES && backend.probeAtMs === 0)
        eject(backend, nowMs)
    },
    toProbe: (nowMs) =>
      [...backendsById.values()].filter((b) => b.probeAtMs > 0 && b.probeAtMs <= nowMs),
    probed(backend, healthy, nowMs) {
      if (!healthy) return eject(backend, nowMs)
      backend.probeAtMs = 0
      backend.failuresInRow = 0
      refresh()
    },
    live: () => backendsById.size,
    ejected: () => [...backendsById.values()].filter((b) => b.probeAtMs > 0).length,
  }
}

function backendAt(id: string, url: string): Backend {
  const { hostname, port } = new URL(url)
  return {
    id,
    host: hostname,
    port: Number(port),
    inFlight: 0,
    failuresInRow: 0,
    ejections: 0,
    probeAtMs: 0,
  }
}
