/**
 * Requests to the API server over kept connections. The library signs each one in (tokens are read again as they are
 * rotated), but would open a connection for every request: a tick of a thousand workloads would be a thousand handshakes.
 */
import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import { type Dispatcher, fetch, type Response } from 'undici'

/** Client certificates are rotated too: after so long, or when a connection fails, it is made anew. */
const KEEP_MS = 5 * 60_000

export interface SignedRequest {
  readonly method: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface SignedFetch {
  /** `path` begins with `/`. Rejects as fetch does when there is no answer. */
  send(path: string, request: SignedRequest): Promise<Response>
  /** To be called when all requests have ended, or were aborted. */
  close(): Promise<void>
}

export function createSignedFetch(config: KubeConfig): SignedFetch {
  let kept: { readonly dispatcher: Dispatcher; readonly sinceMs: number } | undefined
  const retired = new Set<Dispatcher>()

  function retire(): void {
    const old = kept?.dispatcher
    kept = undefined
    if (!old) return
    retired.add(old)
    // ends when the requests on it have ended: a watch may take its time
    const gone = () => void retired.delete(old)
    old.close().then(gone, gone)
  }

  function dispatcherOf(context: RequestContext): Dispatcher | undefined {
    if (kept && performance.now() - kept.sinceMs > KEEP_MS) retire()
    const fresh = context.getDispatcher() as Dispatcher | undefined
    if (fresh && !kept) kept = { dispatcher: fresh, sinceMs: performance.now() }
    return kept?.dispatcher
  }

  return {
    async send(path, { method, body, headers, signal }) {
      const cluster = config.getCurrentCluster()
      if (!cluster) throw new Error('the kubeconfig names no cluster')
      const url = cluster.server.replace(/\/$/, '') + path
      const context = new RequestContext(url, HttpMethod.GET)
      await config.applySecurityAuthentication(context)
      const dispatcher = dispatcherOf(context)
      try {
        return await fetch(url, {
          method,
          headers: { ...context.getHeaders(), ...headers },
          signal,
          ...(body === undefined ? {} : { body }),
          ...(dispatcher ? { dispatcher } : {}),
        })
      } catch (error) {
        if (!signal.aborted) retire()
        throw error
      }
    },
    async close() {
      const all = [...retired, ...(kept ? [kept.dispatcher] : [])]
      kept = undefined
      await Promise.all(all.map((dispatcher) => dispatcher.close().catch(() => undefined)))
    },
  }
}
