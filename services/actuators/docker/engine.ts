/**
 * The Docker Engine's HTTP API, as far as replicas need it (docs.docker.com/reference/api/engine: versions 1.41 and later),
 * over its socket or TCP. The version spoken is the engine's own: newer engines refuse old ones.
 */
import { readFileSync } from 'node:fs'
import { Agent, type Dispatcher, RetryAgent, request } from 'undici'
import { z } from 'zod'

const RETRIES = 2
const CONNECTIONS = 8

export const ContainerRow = z.object({
  Id: z.string(),
  Names: z.array(z.string()).default([]),
  State: z.string(),
  /** Seconds since the epoch. */
  Created: z.number(),
  Labels: z
    .record(z.string(), z.string())
    .nullish()
    .transform((labels) => labels ?? {}),
})
export type ContainerRow = z.infer<typeof ContainerRow>

const Probe = z.object({ End: z.string(), ExitCode: z.number() })
const Endpoint = z.looseObject({
  Aliases: z.array(z.string()).nullish(),
  Links: z.array(z.string()).nullish(),
  DriverOpts: z.record(z.string(), z.string()).nullish(),
})
/** What is read of a container; the rest of Config and HostConfig is carried over as it is. */
export const ContainerDetail = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string(), Log: z.array(Probe).nullish() }).nullish(),
  }),
  Config: z.looseObject({
    Hostname: z.string().optional(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  HostConfig: z.looseObject({
    NetworkMode: z.string().optional(),
    PortBindings: z
      .record(z.string(), z.array(z.object({ HostPort: z.string().default('') })).nullable())
      .nullish(),
  }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), Endpoint).nullish() }),
})
export type ContainerDetail = z.infer<typeof ContainerDetail>

/** The engine answered with an error, or not as it should. */
export class EngineError extends Error {
  override name = 'EngineError'
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

export interface EngineOptions {
  /** unix:///…, tcp://host:port, http(s)://host:port; tcp with `tls` is https. */
  readonly endpoint: string
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string }
}

export interface Engine {
  call(
    method: Dispatcher.HttpMethod,
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<unknown>
  close(): Promise<void>
}

export function createEngine({ endpoint, tls }: EngineOptions): Engine {
  const { origin, socketPath } = addressOf(endpoint, tls !== undefined)
  const connect = {
    ...(socketPath ? { socketPath } : {}),
    ...(tls
      ? {
          ca: readFileSync(tls.caFile),
          cert: readFileSync(tls.certFile),
          key: readFileSync(tls.keyFile),
        }
      : {}),
  }
  const agent = new Agent({ connect, connections: CONNECTIONS })
  // POST is not sent twice by itself: whether it was carried out is looked up at the next tick
  const dispatcher = new RetryAgent(agent, {
    maxRetries: RETRIES,
    minTimeout: 100,
    timeoutFactor: 2,
  })
  let version: Promise<string> | undefined

  async function send(
    method: Dispatcher.HttpMethod,
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ) {
    const response = await request(`${origin}${path}`, {
      dispatcher,
      method,
      signal,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).catch((cause: Error) => {
      throw new EngineError(`${endpoint} does not answer: ${cause.message || cause.name}`, 0)
    })
    const text = await response.body.text()
    const answer = parsed(text)
    // 304: it was so already
    if (response.statusCode >= 400)
      throw new EngineError(
        `${endpoint}: ${method} ${path.replace(/\?.*/, '')}: ${response.statusCode} ${sayOf(answer, text)}`,
        response.statusCode,
      )
    return answer
  }

  async function readVersion(signal: AbortSignal): Promise<string> {
    const answer = z
      .object({ ApiVersion: z.string().regex(/^\d+\.\d+$/) })
      .parse(await send('GET', '/version', signal))
    return answer.ApiVersion
  }

  return {
    async call(method, path, signal, body) {
      version ??= readVersion(signal)
      const api = await version.catch((error) => {
        version = undefined
        throw error
      })
      return send(method, `/v${api}${path}`, signal, body)
    },
    close: () => agent.destroy(),
  }
}

function addressOf(endpoint: string, hasTls: boolean): { origin: string; socketPath?: string } {
  if (endpoint.startsWith('unix://'))
    return { origin: 'http://localhost', socketPath: endpoint.slice('unix://'.length) }
  const origin = endpoint.replace(/^tcp:/, hasTls ? 'https:' : 'http:').replace(/\/$/, '')
  return { origin }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function sayOf(answer: unknown, text: string): string {
  const said = z.object({ message: z.string() }).safeParse(answer)
  return said.success ? said.data.message : text.slice(0, 200)
}
