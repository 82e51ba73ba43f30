/**
 * One request to the API server, as JSON: objects come back as the server holds them, fields included that no generated
 * client knows of. Signing in is the library's (connect.ts).
 */
import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import { fetch } from 'undici'

const TIMEOUT_MS = 10_000

/** What every object of Kubernetes has. */
export interface ClusterObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: {
    readonly name?: string
    readonly namespace?: string
    readonly uid?: string
    readonly generation?: number
    readonly resourceVersion?: string
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: unknown
  readonly status?: unknown
  readonly data?: unknown
}

export interface RestOptions {
  readonly body?: unknown
  readonly contentType?: string
  /** The request is given up after so long, ms. */
  readonly timeoutMs?: number
}

/** The API server refused; `code` is its HTTP status. */
export class RestError extends Error {
  override name = 'RestError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export type Rest = <T extends ClusterObject>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options?: RestOptions,
) => Promise<T>

/** Rejects with RestError when the server refuses, with fetch's own error when it does not answer. */
export function createRest(config: KubeConfig): Rest {
  return async (method, path, { body, contentType, timeoutMs = TIMEOUT_MS } = {}) => {
    const cluster = config.getCurrentCluster()
    if (!cluster) throw new Error('the kubeconfig names no cluster')
    const url = new URL(cluster.server.replace(/\/$/, '') + path)
    const context = new RequestContext(url.toString(), HttpMethod.GET)
    await config.applySecurityAuthentication(context)
    const dispatcher = context.getDispatcher()
    const response = await fetch(url, {
      method,
      headers: {
        ...context.getHeaders(),
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(dispatcher ? { dispatcher } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new RestError(response.status, messageOf(text, response.statusText))
    return JSON.parse(text)
  }
}

/** What the server says of it, from its Status object. */
function messageOf(text: string, fallback: string): string {
  try {
    const { message } = JSON.parse(text)
    if (typeof message === 'string') return message
  } catch {
    // a proxy's page
  }
  return text.slice(0, 500) || fallback
}
