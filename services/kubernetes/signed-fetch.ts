/**
 * Requests to the API server over kept connections. The library signs each one in (tokens are read again as they are
 * rotated), but would open a connection for every request: a tick of a thousand workloads would be a thousand handshakes.
 * Both libraries are loaded with the first request.
 */
import type { RequestOptions } from 'node:https'
import type { KubeConfig, RequestContext } from '@kubernetes/client-node'
import type { Dispatcher, Response } from 'undici'

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

  async function dispatcherFor(context: RequestContext): Promise<Dispatcher> {
    if (kept && performance.now() - kept.sinceMs > KEEP_MS) retire()
    const made = kept ?? { dispatcher: await connect(config, context), sinceMs: performance.now() }
    kept ??= made
    return kept.dispatcher
  }

  return {
    async send(path, { method, body, headers, signal }) {
      const cluster = config.getCurrentCluster()
      if (!cluster) throw new Error('the kubeconfig names no cluster')
      const url = cluster.server.replace(/\/$/, '') + path
      const { HttpMethod, RequestContext } = await import('@kubernetes/client-node')
      const context = new RequestContext(url, HttpMethod.GET)
      await config.applySecurityAuthentication(context)
      const dispatcher = await dispatcherFor(context)
      const { fetch } = await import('undici')
      try {
        return await fetch(url, {
          method,
          headers: { ...context.getHeaders(), ...headers },
          signal,
          ...(body === undefined ? {} : { body }),
          dispatcher,
        })
      } catch (error) {
        if (!signal.aborted) retire()
        throw error
      }
    },
    async close() {
      const all = [...retired, ...(kept ? [kept.dispatcher] : [])]
      kept = undefined
      await Promise.all(all.map((dispatcher) => dispatcher.destroy()))
    },
  }
}

/**
 * The library's own would speak HTTP/2, where an aborted watch and the end of its connection together are an error that
 * nobody can catch (undici 8); proxies are left to the library.
 */
async function connect(config: KubeConfig, context: RequestContext): Promise<Dispatcher> {
  const own = context.getDispatcher() as Dispatcher | undefined
  if (own && config.getCurrentCluster()?.proxyUrl) return own
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options
  const given = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }
  const connectBy = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null))
  const { Agent } = await import('undici')
  return new Agent({ allowH2: false, connect: { ...connectBy, keepAliveInitialDelay: 30_000 } })
}
