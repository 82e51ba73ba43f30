/**
 * Writes in the audit log: a row once the request is known to be well-formed and before it takes effect, and a second
 * one when it then fails. So nothing can be changed that is not in the log, also when the process dies in between.
 */
import { createHash } from 'node:crypto'
import type { Context, Next } from 'hono'
import type { AuditEntry, AuditRow } from '../audit/chain.ts'
import { secrets } from '../telemetry/secrets.ts'
import { actorOf } from './callers.ts'
import type { AuditAction } from './permission.ts'
import { asProblem } from './problem.ts'

/** Longer bodies (models, policies) stand in the log by their hash. */
const LONGEST_DETAIL = 4000

export interface AuditSink {
  append(entry: Omit<AuditEntry, 'atMs'>): Promise<AuditRow>
}

type Work = (c: Context, next: Next) => unknown

export function recorded(action: AuditAction, work: Work, audit: AuditSink): Work {
  return async (c, next) => {
    const actor = actorOf(c)
    const target = targetOf(c)
    const asked = await audit.append({ actor, action, target, detail: detailOf(c) })
    try {
      return await work(c, next)
    } catch (error) {
      const code = asProblem(error)?.code ?? 'internal'
      await audit.append({
        ...{ actor, action: `${action}.failed`, target },
        detail: { asked: asked.seq, code },
      })
      throw error
    }
  }
}

/** What the path names: a service, a key, a rollout; with its number where there are both. */
function targetOf(c: Context): string | null {
  const named = Object.values(c.req.param() as Record<string, string>)
  return named.length === 0 ? null : named.join('/')
}

function detailOf(c: Context): unknown {
  const body = validBody(c)
  if (body === undefined) return {}
  const text = secrets.hide(JSON.stringify(body))
  if (text.length <= LONGEST_DETAIL) return JSON.parse(text)
  return { bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') }
}

function validBody(c: Context): unknown {
  const { req } = c as Context<object, string, { out: { json: unknown } }>
  return req.valid('json')
}
