/**
 * HTTPS with HTTP/2, and HTTP/1.1 for who knows no better. Certificates are read again when their files change, as they
 * do every few weeks: connections that are open stay, new ones get the new one, and a broken file leaves the old in force.
 */
import { readFileSync, statSync } from 'node:fs'
import type { Http2SecureServer, SecureServerOptions } from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import type { TlsConfig } from './config.ts'

const LOOK_EVERY_MS = 5000

/** A file cannot be read. */
export class TlsError extends Error {}

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

function read(config: TlsConfig, field: keyof TlsConfig): Buffer {
  try {
    return readFileSync(config[field]!)
  } catch (cause) {
    throw new TlsError(
      `http.tls.${field}: "${config[field]}" cannot be read; allowed: a readable PEM file`,
      { cause },
    )
  }
}

/** Looks for changed files until the returned call; by looking, because mounted secrets are replaced by links. */
export function followFiles(
  server: Http2SecureServer,
  config: TlsConfig,
  log: Logger | undefined,
  everyMs = LOOK_EVERY_MS,
): () => void {
  const files = [config.certFile, config.keyFile, config.clientCaFile ?? config.certFile]
  const stamp = () => files.map(stampOf).join()
  let seen = stamp()
  const timer = setInterval(() => {
    const now = stamp()
    if (now === seen) return
    seen = now
    try {
      server.setSecureContext(tlsOptions(config))
      log?.info('certificates were read again')
    } catch (err) {
      log?.error({ err }, 'the changed certificates cannot be used; the old ones stay')
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.mtimeMs}/${stat.size}/${stat.ino}`
}
