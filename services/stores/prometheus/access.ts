/**
 * How a Prometheus is spoken to where it does not stand open: tenant, tokens and passwords from files or variables, read
 * again for each request as they are rotated; a certificate authority of one's own, and a client's certificate.
 */
import { readFileSync } from 'node:fs'
import { type Way, type WayOptions, wayTo } from '../../../datasets/outbound/way.ts'
import { secrets } from '../../telemetry/secrets.ts'
import type { PrometheusServer } from '../config.ts'
import { readToken } from '../secret.ts'

export interface PrometheusAccess {
  /** Throws when a secret that is named is not there; never says what one holds. */
  headers(): Record<string, string>
  /** Form fields beside the query's own. */
  readonly fields: Readonly<Record<string, string>>
  readonly way: Way
}

/** Throws OutboundRefused for an address that may not be asked. */
export function accessOf(
  server: PrometheusServer,
  lookup?: WayOptions['lookup'],
): PrometheusAccess {
  const { url, networks, tenant, dedup, partial } = server
  const headers = (): Record<string, string> => ({
    accept: 'application/json',
    ...(tenant === undefined ? {} : { 'X-Scope-OrgID': tenant }),
    ...server.headers,
    ...Object.fromEntries(
      Object.entries(server.headerFiles).map(([name, file]) => [name, secretOf(file)]),
    ),
    ...authorizationOf(server),
  })
  headers() // what is not there is said at the start, not by the first tick
  return {
    headers,
    fields: {
      // Thanos: an error, and not a part, when a store is away
      partial_response: String(partial === 'accept'),
      ...(dedup === undefined ? {} : { dedup: String(dedup) }),
      // VictoriaMetrics: the instants asked for, not near ones
      nocache: '1',
    },
    way: wayTo(url, { networks, lookup, tls: tlsOf(server) }),
  }
}

/** Empty: the machine's own authorities, no certificate of ours. */
function tlsOf({ tls = {} }: PrometheusServer): NonNullable<WayOptions['tls']> {
  const { caFile, certFile, keyFile, serverName } = tls
  return {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(certFile ? { cert: readFileSync(certFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
    ...(serverName ? { servername: serverName } : {}),
  }
}

function authorizationOf(server: PrometheusServer): Record<string, string> {
  const token = readToken(server)
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  if (server.basicAuth === undefined) return {}
  const { username, passwordFile, passwordEnv } = server.basicAuth
  const password = readToken({ tokenFile: passwordFile, tokenEnv: passwordEnv }) ?? ''
  const both = Buffer.from(`${username}:${password}`).toString('base64')
  return { authorization: `Basic ${both}` }
}

/** A header's value; a file of several lines would be no header. */
function secretOf(file: string): string {
  const value = readFileSync(file, 'utf8').trim()
  if (value === '' || /[\r\n]/.test(value))
    throw new Error(`headerFiles: ${file} must hold one line, the value of the header`)
  secrets.add(value)
  return value
}
