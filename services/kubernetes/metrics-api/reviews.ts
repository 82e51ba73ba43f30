/**
 * Delegated judgement: the cluster says who a token's bearer is (TokenReview) and what a caller may do
 * (SubjectAccessReview). Answers are kept for some seconds, as an autoscaler asks the same thing every few; a question
 * that nobody answers is an error, never a yes.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ClusterApi } from '../api.ts'
import type { RequestInfo } from './request-info.ts'
import type { User } from './trust.ts'

const DEADLINE_MS = 3000
const MOST_KEPT = 1000

export interface Verdict {
  readonly allowed: boolean
  readonly reason: string
}

export interface Reviews {
  /** Undefined: the token is nobody's. Rejects when the cluster does not answer. */
  userOf(token: string): Promise<User | undefined>
  mayDo(user: User, request: RequestInfo): Promise<Verdict>
}

export interface ReviewsOptions {
  readonly api: Pick<ClusterApi, 'request'>
  readonly keepMs: number
  readonly nowMs: () => number
}

const TokenReview = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    user: z
      .object({
        // of a token that is nobody's the user is there, and empty
        username: z.string().default(''),
        uid: z.string().default(''),
        groups: z.array(z.string()).default([]),
        extra: z.record(z.string(), z.array(z.string())).default({}),
      })
      .optional(),
  }),
})
const AccessReview = z.object({
  status: z.object({
    allowed: z.boolean(),
    denied: z.boolean().default(false),
    reason: z.string().default(''),
  }),
})

export function createReviews({ api, keepMs, nowMs }: ReviewsOptions): Reviews {
  const users = createCache<User | undefined>(keepMs, nowMs)
  const verdicts = createCache<Verdict>(keepMs, nowMs)
  const create = (kind: string, group: string, plural: string, spec: object) =>
    api.request('POST', `/apis/${group}/v1/${plural}`, {
      body: { apiVersion: `${group}/v1`, kind, spec },
      deadlineMs: DEADLINE_MS,
    })
  return {
    userOf: (token) =>
      users.get(createHash('sha256').update(token).digest('hex'), async () => {
        const review = await create('TokenReview', 'authentication.k8s.io', 'tokenreviews', {
          token,
        })
        const { authenticated, user } = TokenReview.parse(review).status
        return authenticated && user?.username ? user : undefined
      }),
    mayDo(user, request) {
      const spec = { user: user.username, ...user, username: undefined, ...attributesOf(request) }
      return verdicts.get(JSON.stringify(spec), async () => {
        const review = await create(
          ...(['SubjectAccessReview', 'authorization.k8s.io', 'subjectaccessreviews'] as const),
          spec,
        )
        const { allowed, denied, reason } = AccessReview.parse(review).status
        return { allowed: allowed && !denied, reason }
      })
    },
  }
}

function attributesOf(info: RequestInfo): object {
  if (info.kind === 'path') return { nonResourceAttributes: { path: info.path, verb: info.verb } }
  const { kind: _, ...resourceAttributes } = info
  return { resourceAttributes }
}

/** Who asks while the answer is on its way waits for the same one. What failed is not kept. */
function createCache<T>(keepMs: number, nowMs: () => number) {
  const kept = new Map<string, { readonly untilMs: number; readonly value: Promise<T> }>()
  return {
    get(key: string, ask: () => Promise<T>): Promise<T> {
      const found = kept.get(key)
      if (found && nowMs() < found.untilMs) return found.value
      kept.delete(key)
      const entry = { untilMs: nowMs() + keepMs, value: ask() }
      kept.set(key, entry)
      entry.value.catch(() => kept.get(key) === entry && kept.delete(key))
      const [oldest] = kept.keys()
      if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
      return entry.value
    },
  }
}
