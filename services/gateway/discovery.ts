/**
 * Keeps the gateway's pools equal to what the host runs: polls the host, probes ejected replicas. While the host does
 * not answer, the replicas known last stay in use; dead ones are found by ejection.
 */
import { HostedServices, WATCHER_HEADER } from '../shop/host-api.ts'
import type { Pool } from './pool.ts'

const PROBE_TIMEOUT_MS = 500

export interface DiscoveryOptions {
  readonly hostUrl: string
  readonly poolByService: ReadonlyMap<string, Pool>
  readonly pollMs: number
  /** Names this poller to the host, which waits for it before it drains a replica. */
  readonly watcher: string
  readonly nowMs: () => number
}

export interface Discovery {
  /** False while the host does not answer. */
  hostAnswers(): boolean
  stop(): void
}

export function startDiscovery(options: DiscoveryOptions): Discovery {
  const { hostUrl, poolByService, pollMs, watcher, nowMs } = options
  let answers = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  async function poll(): Promise<void> {
    try {
      const response = await fetch(`${hostUrl}/services`, {
        headers: { [WATCHER_HEADER]: watcher },
        signal: AbortSignal.timeout(2000),
      })
      const { services } = HostedServices.parse(await response.json())
      for (const [name, pool] of poolByService) {
        pool.setLive((services[name]?.replicas ?? []).filter((r) => r.state === 'ready'))
      }
      answers = true
    } catch {
      answers = false
    }
    await Promise.all([...poolByService.values()].map(probe))
  }

  async function probe(pool: Pool): Promise<void> {
    const probes = pool.toProbe(nowMs()).map(async (backend) => {
      const healthy = await isHealthy(`http://${backend.host}:${backend.port}/health`)
      pool.probed(backend, healthy, nowMs())
    })
    await Promise.all(probes)
  }

  const loop = async () => {
    await poll()
    if (!stopped) timer = setTimeout(() => void loop(), pollMs)
  }
  void loop()
  return {
    hostAnswers: () => answers,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
