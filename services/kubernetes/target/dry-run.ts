/**
 * Whether a workload could be scaled, without scaling it: the requests of a write, which the server carries out up to
 * storing them (permissions, admission, quotas), and of one that is refused which permissions are missing.
 */
import { z } from 'zod'
import { ApiError, type ClusterApi, hasStatus } from '../api.ts'
import { ClusterError } from '../connect.ts'
import { groupOf } from '../workload.ts'
import { annotationsOf } from './marks.ts'
import {
  annotate,
  putScale,
  Refused,
  readWorkload,
  type WriteDeps,
  type WriteTarget,
} from './write.ts'

type Target = Pick<WriteTarget, 'ref' | 'plural'>

/** What a write needs; `get` for looking again when somebody was faster. */
const NEEDED = [
  { verb: 'get' },
  { verb: 'patch' },
  { verb: 'update', subresource: 'scale' },
] as const

/** Why it could not be scaled. */
export interface Fault {
  readonly why: string
  /** The server refused it; else it is away or busy, or the workload is gone, and nothing is known. */
  readonly isRefused: boolean
}

/** undefined: it could be scaled. */
export async function dryRun(
  deps: WriteDeps,
  target: Pick<WriteTarget, 'ref'> & { readonly plural: () => Promise<string> },
): Promise<Fault | undefined> {
  try {
    const found = { ref: target.ref, plural: await target.plural() }
    await rehearse(deps, found).catch(async (error: unknown) => {
      throw hasStatus(error, 403) ? await forbidden(deps.api, found, error) : error
    })
    return undefined
  } catch (error) {
    return { why: messageOf(error), isRefused: isRefusal(error) }
  }
}

async function rehearse(deps: WriteDeps, target: Target): Promise<void> {
  const query = { dryRun: 'All' }
  const view = await readWorkload(deps, target)
  const annotations = annotationsOf({ fence: { ledger: 'dry-run', token: 0 }, decision: undefined })
  try {
    await annotate(deps, target, view.version, annotations, query)
    await putScale(deps, target, view, view.replicas, query)
  } catch (error) {
    // it was carried out as far as the version, which somebody else changed
    if (!hasStatus(error, 409)) throw error
  }
}

/** The server names the first thing that may not be done; an operator wants all of them. */
async function forbidden(
  api: Pick<ClusterApi, 'request'>,
  target: Target,
  error: unknown,
): Promise<unknown> {
  const denied = await deniedOf(api, target).catch(() => [])
  if (denied.length === 0) return error
  return new ApiError(403, 'Forbidden', `may not ${denied.join(', ')}: ${messageOf(error)}`)
}

const Review = z.object({ status: z.object({ allowed: z.boolean() }) })

/** As RBAC names them: `patch deployments`, `update deployments/scale`. Anybody may ask what he himself may do. */
async function deniedOf(
  api: Pick<ClusterApi, 'request'>,
  { ref, plural }: Target,
): Promise<string[]> {
  const { namespace, name } = ref
  const denied: string[] = []
  for (const needed of NEEDED) {
    const resourceAttributes = { group: groupOf(ref), resource: plural, namespace, name, ...needed }
    const body = {
      ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
      spec: { resourceAttributes },
    }
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    if (Review.parse(await api.request('POST', path, { body })).status.allowed) continue
    denied.push(`${needed.verb} ${plural}${'subresource' in needed ? '/scale' : ''}`)
  }
  return denied
}

function isRefusal(error: unknown): boolean {
  if (error instanceof Refused || error instanceof ClusterError) return true
  return error instanceof ApiError && error.status < 500 && ![404, 429].includes(error.status)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
