/**
 * Whose the metrics APIs of the cluster are: each group and version has one server, and KEDA or prometheus-adapter may be
 * it already. Then nothing is taken over; it is said in the log and in the health checks, with what can be done.
 */
import { z } from 'zod'
import type { HealthCheck } from '../../control-plane.ts'
import { type ClusterApi, hasStatus } from '../api.ts'
import type { MetricsApiConfig } from './config.ts'
import { apiServiceNames, apiServicePath } from './registration.ts'

const LOOK_EVERY_MS = 60_000

export type Ownership =
  /** `available` undefined: the API server has not looked yet. */
  | { readonly kind: 'ours'; readonly available: boolean | undefined; readonly detail: string }
  | { readonly kind: 'absent' }
  /** `owner` is the Service that serves it: `keda/keda-operator-metrics-apiserver`. */
  | { readonly kind: 'other'; readonly owner: string }
  | { readonly kind: 'unknown'; readonly detail: string }

const ApiServiceObject = z.object({
  spec: z.object({
    service: z.object({ namespace: z.string(), name: z.string() }).nullish(),
  }),
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .optional(),
})

/** By the APIService's name. */
export async function ownersOf(
  api: Pick<ClusterApi, 'request'>,
  { apis, service }: Pick<MetricsApiConfig, 'apis' | 'service'>,
): Promise<Map<string, Ownership>> {
  const owners = apiServiceNames(apis).map(async (name) => {
    try {
      const object = await api.request('GET', apiServicePath(name))
      return [name, ownershipOf(object, service)] as const
    } catch (error) {
      const lacking: Ownership = hasStatus(error, 404)
        ? { kind: 'absent' }
        : { kind: 'unknown', detail: (error as Error).message }
      return [name, lacking] as const
    }
  })
  return new Map(await Promise.all(owners))
}

function ownershipOf(object: unknown, own: { namespace: string; name: string }): Ownership {
  const { spec, status } = ApiServiceObject.parse(object)
  if (!spec.service) return { kind: 'other', owner: 'the API server itself' }
  const { namespace, name } = spec.service
  if (namespace !== own.namespace || name !== own.name)
    return { kind: 'other', owner: `${namespace}/${name}` }
  const condition = status?.conditions.find(({ type }) => type === 'Available')
  return {
    kind: 'ours',
    available: condition && condition.status === 'True',
    detail: condition?.message ?? '',
  }
}

/** One line of `/readyz` and `forescale check`. It works without any of it, so it never makes us unready. */
export function ownerCheck(name: string, ownership: Ownership): HealthCheck {
  const check = (degraded: boolean, detail: string): HealthCheck => ({
    name,
    ok: true,
    degraded,
    detail,
  })
  switch (ownership.kind) {
    case 'ours':
      return ownership.available === false
        ? check(true, `registered here, and not reached: ${ownership.detail}`)
        : check(false, 'served here')
    case 'absent':
      return check(
        true,
        'not registered: nobody asks us; `forescale k8s api-service` prints what to apply',
      )
    case 'other':
      return check(
        true,
        `served by ${ownership.owner}, and not taken over: leave it out of kubernetes.metricsApi.apis and use that server, or delete its APIService`,
      )
    case 'unknown':
      return check(true, `cannot be looked at: ${ownership.detail}`)
  }
}

export interface OwnerWatch {
  checks(): HealthCheck[]
  stop(): void
}

export interface OwnerWatchOptions {
  readonly api: Pick<ClusterApi, 'request'>
  readonly config: MetricsApiConfig
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  readonly everyMs?: number | undefined
}

/** Looks at once and every minute; says what has changed. */
export function watchOwners({ api, config, log, everyMs }: OwnerWatchOptions): OwnerWatch {
  let owners = new Map<string, Ownership>()
  async function look(): Promise<void> {
    const next = await ownersOf(api, config)
    for (const [name, ownership] of next) {
      const { degraded, detail } = ownerCheck(name, ownership)
      const before = owners.get(name)
      if (before && ownerCheck(name, before).detail === detail) continue
      if (degraded) log.warn({ apiService: name }, detail)
      else log.info({ apiService: name }, detail)
    }
    owners = next
  }
  const ask = () =>
    void look().catch((err: unknown) => log.warn({ err }, 'APIServices cannot be read'))
  ask()
  const timer = setInterval(ask, everyMs ?? LOOK_EVERY_MS)
  timer.unref()
  return {
    checks: () => [...owners].map(([name, ownership]) => ownerCheck(name, ownership)),
    stop: () => clearInterval(timer),
  }
}
