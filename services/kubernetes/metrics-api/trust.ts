/**
 * Whose word about a caller is taken: the API server's, when it shows a certificate of its own (front proxy), by headers
 * whose names it is told. Where that stands: the ConfigMap kube-system/extension-apiserver-authentication, which every
 * API server keeps for the servers behind it. Pure.
 */
import { z } from 'zod'
import type { RequestHeaderConfig } from './config.ts'

export interface Trust {
  /** PEM of who signs the API server's certificate. */
  readonly ca: string
  /** Common names of that certificate; empty: any. */
  readonly allowedNames: readonly string[]
  readonly usernameHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  readonly uidHeaders: readonly string[]
  readonly extraHeaderPrefixes: readonly string[]
}

export interface User {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

const AUTHENTICATED = 'system:authenticated'
const ANONYMOUS = 'system:anonymous'

/** Everybody who is known is of this group, also where it is not said: the aggregator names none for itself. */
function withAuthenticated(username: string, groups: readonly string[]): readonly string[] {
  const isNamed = username === ANONYMOUS || groups.includes(AUTHENTICATED)
  return isNamed ? groups : [...groups, AUTHENTICATED]
}

/** JSON in a string: Kubernetes writes lists so. */
const List = z
  .string()
  .default('[]')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue('must be a JSON list')
      return z.NEVER
    }
  })
  .pipe(z.array(z.string()))

const AuthenticationConfigMap = z.object({
  data: z.object({
    'requestheader-client-ca-file': z.string().includes('BEGIN CERTIFICATE'),
    'requestheader-allowed-names': List,
    'requestheader-username-headers': List.pipe(z.array(z.string()).min(1)),
    'requestheader-group-headers': List,
    'requestheader-uid-headers': List,
    'requestheader-extra-headers-prefix': List,
  }),
})

/** Throws where the API server has no aggregation set up (its `requestheader` flags). */
export function trustOfConfigMap(configMap: unknown): Trust {
  const { data } = AuthenticationConfigMap.parse(configMap)
  return {
    ca: data['requestheader-client-ca-file'],
    allowedNames: data['requestheader-allowed-names'],
    usernameHeaders: data['requestheader-username-headers'],
    groupHeaders: data['requestheader-group-headers'],
    uidHeaders: data['requestheader-uid-headers'],
    extraHeaderPrefixes: data['requestheader-extra-headers-prefix'],
  }
}

export function trustOfConfig({ caFile: _, ...config }: RequestHeaderConfig, ca: string): Trust {
  return { ...config, uidHeaders: ['X-Remote-Uid'], ca }
}

/** Headers by lower-case name, each value by itself. */
export type Headers = Readonly<Record<string, readonly string[] | undefined>>

const valuesOf = (headers: Headers, names: readonly string[]): string[] =>
  names.flatMap((name) => headers[name.toLowerCase()] ?? []).filter((value) => value !== '')

/** Whom the API server says it speaks for. To be asked only when its certificate was verified; undefined: for nobody. */
export function proxiedUser(headers: Headers, trust: Trust): User | undefined {
  const [username] = valuesOf(headers, trust.usernameHeaders)
  if (username === undefined) return undefined
  const extra: Record<string, string[]> = {}
  for (const prefix of trust.extraHeaderPrefixes.map((text) => text.toLowerCase()))
    for (const name of Object.keys(headers).filter((header) => header.startsWith(prefix))) {
      const key = unescaped(name.slice(prefix.length))
      extra[key] = [...(extra[key] ?? []), ...(headers[name] ?? [])]
    }
  return {
    username,
    uid: valuesOf(headers, trust.uidHeaders)[0] ?? '',
    groups: withAuthenticated(username, valuesOf(headers, trust.groupHeaders)),
    extra,
  }
}

/** What is wrongly escaped is taken as it stands, as the API server does. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
