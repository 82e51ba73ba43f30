/**
 * The controllers' lease as a Lease of coordination.k8s.io: the API server's resourceVersion is the compare-and-set. The
 * fencing token is `leaseTransitions`, which rises with every change of leader; what else our protocol needs stands in
 * annotations, so `kubectl get lease` reads as it does for any other controller.
 *
 * A Lease that was deleted, or came back older out of a backup, would let tokens begin again below what targets have seen,
 * and every order would be refused. So no token is given out that is not above `floor`, the last one that the ledger knows.
 */
import { z } from 'zod'
import type { LeaseRow, LeaseStore } from '../../leader/lease.ts'
import { type ApiRequest, type ClusterApi, hasStatus, type Verb } from '../api.ts'

const API = 'coordination.k8s.io/v1'
const RENEWALS = 'forescale.dev/renewals'
const URL_OF_HOLDER = 'forescale.dev/url'
const MICROSECONDS = '000Z'

export interface KubernetesLeaseOptions {
  readonly api: Pick<ClusterApi, 'request'>
  readonly namespace: string
  readonly name: string
  /** Told to others who look at the Lease; our own judge by their own clocks. */
  readonly durationMs: number
  /** One attempt waits no longer, ms. */
  readonly timeoutMs: number
  /** The greatest token that was ever in force elsewhere; 0: none. */
  readonly floor: () => Promise<number>
  readonly nowMs: () => number
}

/** Its metadata goes back as it came, fields included that are unknown here. */
const LeaseObject = z.object({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
  spec: z
    .object({
      holderIdentity: z.string().optional(),
      leaseTransitions: z.number().optional(),
      acquireTime: z.string().optional(),
    })
    .optional(),
})
type LeaseObject = z.infer<typeof LeaseObject>

export function createKubernetesLeaseStore(options: KubernetesLeaseOptions): LeaseStore {
  const { api, namespace, name, timeoutMs, nowMs } = options
  const collection = `/apis/${API}/namespaces/${namespace}/leases`
  /** Once: renewing has its own rhythm, and a renewal that is sent twice would look like another's. */
  const send = (verb: Verb, path: string, request: ApiRequest = {}) =>
    api.request(verb, path, { ...request, deadlineMs: timeoutMs, once: true })
  const floorOf = rememberingFloor(options.floor)

  /** The object as it stands; undefined when there is none. */
  async function get(): Promise<LeaseObject | undefined> {
    try {
      return LeaseObject.parse(await send('GET', `${collection}/${name}`))
    } catch (error) {
      if (hasStatus(error, 404)) return undefined
      throw error
    }
  }

  function bodyOf(before: LeaseObject | undefined, next: LeaseRow): object {
    const now = new Date(nowMs()).toISOString().replace('Z', MICROSECONDS)
    const isSameLeader = before?.spec?.leaseTransitions === next.token
    const acquireTime = isSameLeader ? before?.spec?.acquireTime : now
    return {
      apiVersion: API,
      kind: 'Lease',
      metadata: {
        ...before?.metadata,
        ...{ name, namespace },
        annotations: {
          ...before?.metadata?.annotations,
          [RENEWALS]: String(next.renewals),
          [URL_OF_HOLDER]: next.url,
        },
      },
      spec: {
        holderIdentity: next.holder ?? '',
        leaseTransitions: next.token,
        leaseDurationSeconds: Math.max(1, Math.ceil(options.durationMs / 1000)),
        acquireTime: acquireTime ?? now,
        renewTime: now,
      },
    }
  }

  return {
    async read() {
      const [object, floor] = await Promise.all([get(), floorOf()])
      return rowAbove(floor, object)
    },
    async swap(expected, next) {
      const [object, floor] = await Promise.all([get(), floorOf()])
      if (!isSameRow(expected, rowAbove(floor, object))) return false
      const body = bodyOf(object, next)
      try {
        // with its resourceVersion: the server refuses when somebody was faster
        if (object) await send('PUT', `${collection}/${name}`, { body })
        else await send('POST', collection, { body })
        return true
      } catch (error) {
        // 409: changed, or made by somebody else; 404: deleted in between
        if (hasStatus(error, 409) || hasStatus(error, 404)) return false
        throw error
      }
    },
  }
}

/** While the ledger does not answer, what it said last: the Lease goes on being renewed without it. */
function rememberingFloor(floor: () => Promise<number>): () => Promise<number> {
  let known: number | undefined
  return async () => {
    try {
      known = Math.max(await floor(), known ?? 0)
    } catch (error) {
      if (known === undefined) throw error
    }
    return known
  }
}

function rowAbove(floor: number, object: LeaseObject | undefined): LeaseRow | undefined {
  const row = object && rowOf(object)
  if (!row) return floor > 0 ? { token: floor, holder: null, url: '', renewals: 0 } : undefined
  return row.token >= floor ? row : { ...row, token: floor }
}

/** Whatever others wrote into it: a Lease made by hand is one that nobody holds yet. */
function rowOf({ metadata, spec }: LeaseObject): LeaseRow {
  const renewals = Number(metadata?.annotations?.[RENEWALS] ?? 0)
  return {
    token: spec?.leaseTransitions ?? 0,
    holder: spec?.holderIdentity || null,
    url: metadata?.annotations?.[URL_OF_HOLDER] ?? '',
    renewals: Number.isSafeInteger(renewals) ? renewals : 0,
  }
}

const isSameRow = (a: LeaseRow | undefined, b: LeaseRow | undefined): boolean =>
  a?.token === b?.token && a?.renewals === b?.renewals
