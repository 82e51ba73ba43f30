/** The API server's word on whom to trust, read from its ConfigMap and followed: a rotated certificate authority is known at once. */
import type { ClusterApi } from '../api.ts'
import { type Trust, trustOfConfigMap } from './trust.ts'

const NAMESPACE = '/api/v1/namespaces/kube-system/configmaps'
const NAME = 'extension-apiserver-authentication'
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000
/** A watch that has said nothing for so long is begun anew, and the ConfigMap read again with it. */
const ROUND_SECONDS = 300

export interface FollowTrustOptions {
  readonly api: Pick<ClusterApi, 'request' | 'watch'>
  readonly onTrust: (trust: Trust) => void
  readonly onError: (error: unknown) => void
}

/** Until the returned call. What was known last stays in force while the cluster does not answer. */
export function followTrust({ api, onTrust, onError }: FollowTrustOptions): () => void {
  const stopped = new AbortController()
  let failures = 0
  let seen = ''

  function take(configMap: unknown): void {
    const trust = trustOfConfigMap(configMap)
    const now = JSON.stringify(trust)
    failures = 0
    if (now === seen) return
    seen = now
    onTrust(trust)
  }

  async function round(): Promise<void> {
    take(await api.request('GET', `${NAMESPACE}/${NAME}`))
    const query = {
      fieldSelector: `metadata.name=${NAME}`,
      timeoutSeconds: String(ROUND_SECONDS),
    }
    const limit = AbortSignal.timeout((ROUND_SECONDS + 10) * 1000)
    // what has changed is read again as a whole: the event only says that something has
    for await (const _event of await api.watch(
      NAMESPACE,
      query,
      AbortSignal.any([stopped.signal, limit]),
    ))
      take(await api.request('GET', `${NAMESPACE}/${NAME}`))
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await round()
      } catch (error) {
        if (stopped.signal.aborted) return
        onError(error)
        await pause(
          Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++),
          stopped.signal,
        )
      }
    }
  }
  void run()
  return () => stopped.abort()
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
