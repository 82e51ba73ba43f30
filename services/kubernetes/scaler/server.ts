/** The scaler on a port: gRPC, by TLS and mutual TLS where files are configured. The libraries are loaded only now. */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type * as grpcLibrary from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { ControlPlane } from '../../control-plane.ts'
import { followFiles, readSetting } from '../../follow-files.ts'
import type { ScalerConfig } from './config.ts'
import { createScalerService } from './service.ts'

/** Also when no keepalive of the caller is configured: a connection that has died is noticed. */
const KEEPALIVE_MS = 60_000
const GRACE_MS = 1000
const LARGEST_REQUEST_BYTES = 64 * 1024

const PROTOS = { scaler: './externalscaler.proto', health: './health.proto' } as const

export interface Scaler {
  /** `host:port`, as a trigger's scalerAddress says it. */
  readonly address: string
  close(): Promise<void>
}

export interface ScalerDeps {
  readonly config: ScalerConfig
  readonly control: ControlPlane
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly lookEveryMs?: number | undefined
  readonly filesEveryMs?: number | undefined
}

/** The address cannot be listened on. */
export class ScalerListenError extends Error {
  override name = 'ScalerListenError'
}

/** The services' definitions, for the server and for clients in tests. */
export async function loadScalerProtos() {
  const [grpc, { loadSync }] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@grpc/proto-loader'),
  ])
  const options = { keepCase: true, longs: Number, enums: String, defaults: true }
  const load = (file: string) =>
    grpc.loadPackageDefinition(loadSync(fileURLToPath(new URL(file, import.meta.url)), options))
  const serviceOf = (loaded: grpcLibrary.GrpcObject, name: string) =>
    name
      .split('.')
      .reduce(
        (part, key) => Reflect.get(part, key),
        loaded as object,
      ) as grpcLibrary.ServiceClientConstructor
  return {
    grpc,
    ExternalScaler: serviceOf(load(PROTOS.scaler), 'externalscaler.ExternalScaler'),
    Health: serviceOf(load(PROTOS.health), 'grpc.health.v1.Health'),
  }
}

/** Throws where a file of the configuration cannot be read, rejects where the port cannot be had. */
export async function serveScaler(deps: ScalerDeps): Promise<Scaler> {
  const { config, control, log } = deps
  const { grpc, ExternalScaler, Health } = await loadScalerProtos()
  const server = new grpc.Server({
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.max_receive_message_length': LARGEST_REQUEST_BYTES,
  })
  const service = createScalerService({
    ...{ grpc, control, lookEveryMs: deps.lookEveryMs, heartbeatMs: config.heartbeatMs },
    onError: (err) => log.error({ err }, 'a scaler request failed'),
  })
  server.addService(ExternalScaler.service, service.externalScaler)
  server.addService(Health.service, service.health)
  const { credentials, stop } = secured(grpc, deps)
  const end = () => {
    stop()
    service.close()
  }
  const port = await bind(server, config, credentials).catch((error) => {
    end()
    throw error
  })
  const address = `${config.host}:${port}`
  log.info({ address, tls: config.tls !== undefined }, 'the external scaler serves')
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        end()
        const force = setTimeout(() => server.forceShutdown(), GRACE_MS)
        server.tryShutdown(() => {
          clearTimeout(force)
          resolve()
        })
      }),
  }
}

interface Secured {
  readonly credentials: grpcLibrary.ServerCredentials
  /** No longer looks at the files. */
  stop(): void
}

function secured(grpc: typeof grpcLibrary, { config, log, filesEveryMs }: ScalerDeps): Secured {
  const { tls } = config
  if (!tls) return { credentials: grpc.ServerCredentials.createInsecure(), stop: () => {} }
  /** The library's own follows files too, but refuses every caller until it has read them, and goes on without them. */
  class FileCredentials extends grpc.ServerCredentials {
    renew(): void {
      this.updateSecureContextOptions(contextOf(tls!))
    }
    override _equals(other: grpcLibrary.ServerCredentials): boolean {
      return other === this
    }
  }
  const asks = tls.clientCaFile !== undefined
  const constructorOptions = { requestCert: asks, rejectUnauthorized: asks }
  const credentials = new FileCredentials(constructorOptions, contextOf(tls))
  const onChange = () => {
    try {
      credentials.renew()
      log.info('certificates of the external scaler were read again')
    } catch (err) {
      log.error({ err }, 'the changed certificates cannot be used; the old ones stay')
    }
  }
  const files = [tls.certFile, tls.keyFile, tls.clientCaFile ?? tls.certFile]
  return { credentials, stop: followFiles(files, onChange, filesEveryMs) }
}

/** Throws what TLS finds wrong with the files together. */
function contextOf(tls: NonNullable<ScalerConfig['tls']>): SecureContextOptions {
  const read = (field: 'certFile' | 'keyFile' | 'clientCaFile') =>
    tls[field] === undefined ? undefined : readSetting(tls[field], `kubernetes.scaler.tls.${field}`)
  const ca = read('clientCaFile')
  const context: SecureContextOptions = {
    cert: read('certFile'),
    key: read('keyFile'),
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  }
  createSecureContext(context)
  return context
}

function bind(
  server: grpcLibrary.Server,
  { host, port }: ScalerConfig,
  credentials: grpcLibrary.ServerCredentials,
): Promise<number> {
  const name = host.includes(':') ? `[${host}]` : host
  return new Promise((resolve, reject) => {
    server.bindAsync(`${name}:${port}`, credentials, (cause, bound) => {
      if (!cause) return resolve(bound)
      const why = `kubernetes.scaler: cannot listen on ${host}:${port} (${cause.message}); set host and port to what is free`
      reject(new ScalerListenError(why, { cause }))
    })
  })
}
