/**
 * HTTPS with HTTP/2, and HTTP/1.1 for who knows no better. Certificates are read again when their files change, as they
 * do every few weeks: connections that are open stay, new ones get the new one, and a broken file leaves the old in force.
 */
import type { Http2SecureServer, SecureServerOptions } from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import { followFiles, readSetting } from '../follow-files.ts'
import type { TlsConfig } from './config.ts'

/** Throws a FileError that names the setting. */
export function tlsOptions(config: TlsConfig): SecureContextOptions & SecureServerOptions {
  return {
    cert: read(config, 'certFile'),
    key: read(config, 'keyFile'),
    ...(config.clientCaFile === undefined
      ? {}
      : { ca: read(config, 'clientCaFile'), requestCert: true, rejectUnauthorized: true }),
    minVersion: 'TLSv1.2',
    allowHTTP1: true,
    // a client that opens streams only to reset them (CVE-2023-44487) is cut off
    maxSessionInvalidFrames: 100,
    settings: { maxConcurrentStreams: 100, enablePush: false },
  }
}

function read(config: TlsConfig, field: keyof TlsConfig): string {
  return readSetting(config[field]!, `http.tls.${field}`)
}

/** New connections get what the files hold by now, until the returned call. */
export function followCertificates(
  server: Http2SecureServer,
  config: TlsConfig,
  log: Logger | undefined,
  everyMs?: number,
): () => void {
  const { certFile, keyFile, clientCaFile } = config
  const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  const renew = () => {
    try {
      server.setSecureContext(tlsOptions(config))
      log?.info('certificates were read again')
    } catch (err) {
      log?.error({ err }, 'the changed certificates cannot be used; the old ones stay')
    }
  }
  return followFiles(files, renew, everyMs)
}
