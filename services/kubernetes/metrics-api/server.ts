/**
 * The metrics APIs on a port of their own, by HTTPS. Who calls is known by the API server's certificate, verified by TLS
 * against the authority that the cluster names, and then by its headers; or by a token of the cluster. Headers of anybody
 * else say nothing.
 */

import { constants } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import type { Logger } from 'pino'
import { followFiles, readSetting } from '../../follow-files.ts'
import type { ClusterApi } from '../api.ts'
import { createMetricsApp } from './app.ts'
import type { MetricsApiConfig } from './config.ts'
import { followTrust } from './follow-trust.ts'
import type { MetricsView } from './items.ts'
import { createReviews } from './reviews.ts'
import { proxiedUser, type Trust, trustOfConfig, type User } from './trust.ts'

const GRACE_MS = 1000
const IDLE_CHECK_MS = 20
const TIMES = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 90_000 }
const MOST_HEADER_BYTES = 64 * 1024

export interface MetricsServerDeps {
  readonly config: MetricsApiConfig
  readonly api: Pick<ClusterApi, 'request' | 'watch'>
  readonly view: () => MetricsView
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** How often files are looked at, ms. */
  readonly filesEveryMs?: number | undefined
}

export interface MetricsServer {
  readonly url: string
  /** Whether it is known whose word about callers is taken. */
  isTrusting(): boolean
  close(): Promise<void>
}

/** Throws where a file of the configuration cannot be read, rejects where the port cannot be had. */
export async function serveMetricsApi(deps: MetricsServerDeps): Promise<MetricsServer> {
  const { config, api, view, nowMs, log } = deps
  let trust: Trust | undefined = trustOfFile(config)
  const reviews = createReviews({ api, keepMs: config.reviewCacheMs, nowMs })
  const app = createMetricsApp<HttpBindings>({
    ...{ apis: config.apis, view, log },
    mayDo: reviews.mayDo,
    userOf: async (_request, { incoming }) => {
      const proxied = trust && userOfProxy(incoming, trust)
      const token = /^Bearer\s+(\S+)$/i.exec(incoming.headers.authorization ?? '')?.[1]
      return proxied ?? (token === undefined ? undefined : reviews.userOf(token))
    },
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: {
      ...contextOf(config, trust),
      ...TIMES,
      maxHeaderSize: MOST_HEADER_BYTES,
      requestCert: true,
      // without one, or with a stranger's, a caller may still show a token
      rejectUnauthorized: false,
    },
  }) as Server
  function renew(): void {
    try {
      server.setSecureContext(contextOf(config, trust))
      log.info('certificates of the metrics API were read again')
    } catch (err) {
      log.error({ err }, 'the changed certificates cannot be used; the old ones stay')
    }
  }
  const unfollow = followAll(deps, renew, (next) => {
    trust = next
    renew()
    // what an authority signed that is trusted no longer must not go on on a connection that is open
    server.closeAllConnections()
  })
  await listen(server, config)
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    isTrusting: () => trust !== undefined,
    async close() {
      unfollow()
      await close(server)
    },
  }
}

function trustOfFile({ requestHeader }: MetricsApiConfig): Trust | undefined {
  if (!requestHeader) return undefined
  const field = 'kubernetes.metricsApi.requestHeader.caFile'
  return trustOfConfig(requestHeader, readSetting(requestHeader.caFile, field))
}

function contextOf({ tls }: MetricsApiConfig, trust: Trust | undefined): SecureContextOptions {
  return {
    cert: readSetting(tls.certFile, 'kubernetes.metricsApi.tls.certFile'),
    key: readSetting(tls.keyFile, 'kubernetes.metricsApi.tls.keyFile'),
    // none yet: nobody's certificate counts, and above all not those of public authorities
    ca: trust ? [trust.ca] : [],
    minVersion: 'TLSv1.2',
    // a resumed session would carry a judgement of before
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}

function userOfProxy(incoming: HttpBindings['incoming'], trust: Trust): User | undefined {
  const socket = incoming.socket as TLSSocket
  if (socket.authorized !== true) return undefined
  const name = socket.getPeerCertificate().subject?.CN
  const isAllowed =
    trust.allowedNames.length === 0 ||
    (typeof name === 'string' && trust.allowedNames.includes(name))
  return isAllowed ? proxiedUser(incoming.headersDistinct, trust) : undefined
}

/** Certificates by their files; whom to trust by file or by the cluster. */
function followAll(
  { config, api, log, filesEveryMs }: MetricsServerDeps,
  renew: () => void,
  onTrust: (trust: Trust) => void,
): () => void {
  const { tls, requestHeader } = config
  const ends = [followFiles([tls.certFile, tls.keyFile], renew, filesEveryMs)]
  if (requestHeader) {
    const onChange = () => {
      try {
        onTrust(trustOfFile(config)!)
      } catch (err) {
        log.error({ err }, 'the changed requestHeader.caFile cannot be used; the old one stays')
      }
    }
    ends.push(followFiles([requestHeader.caFile], onChange, filesEveryMs))
  } else {
    const onError = (err: unknown) =>
      log.warn({ err }, 'kube-system/extension-apiserver-authentication cannot be read')
    ends.push(followTrust({ api, onTrust, onError }))
  }
  return () => {
    for (const end of ends) end()
  }
}

/** The address cannot be listened on. */
export class MetricsApiListenError extends Error {
  override name = 'MetricsApiListenError'
}

async function listen(server: Server, { host, port }: MetricsApiConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new MetricsApiListenError(
          `kubernetes.metricsApi: cannot listen on ${host}:${port} (${cause.message}); set host and port to what is free`,
          { cause },
        ),
      ),
    )
    server.listen(port, host, resolve)
  })
  server.removeAllListeners('error')
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // a connection becomes idle when its answer has ended, so this is said more than once
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const force = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearInterval(idle)
  clearTimeout(force)
}
