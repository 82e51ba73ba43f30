/** The audit log for admins: who changed what, and whether the log still is what was written. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { verifyAudit } from '../audit/audit.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { auditRow } from './examples-access.ts'
import { reads } from './permission.ts'
import { invalidRequest } from './problem.ts'
import { Cursor, Limit, strict, TimeText } from './query.ts'
import { json, problems } from './route.ts'
import { page } from './views.ts'

const tags = ['access']
const Hash = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')

const AuditRowView = z
  .strictObject({
    seq: z.int(),
    atMs: z.number(),
    actor: z.string(),
    action: z.string(),
    target: z.string().nullable(),
    detail: z.unknown().meta({ description: 'What was asked for.' }),
    formerHash: Hash.meta({ description: 'Of the row before; zeros for the first.' }),
    hash: Hash.meta({
      description:
        'SHA-256 of the JSON of [seq, atMs, actor, action, target, detail as text, formerHash].',
    }),
  })
  .meta({ id: 'AuditRow' })

const VerdictView = z
  .strictObject({
    rows: z.int(),
    head: Hash.nullable().meta({ description: 'Of the last sound row; note it elsewhere.' }),
    sound: z.boolean(),
    fault: z.string().nullable(),
  })
  .meta({ id: 'AuditVerdict' })

const name = (description: string, example: string) =>
  z.string().min(1).max(200).optional().openapi({ description, example })

const listAudit = createRoute({
  method: 'get',
  path: '/v1/audit',
  ...reads('fleet', 'admin'),
  tags,
  summary: 'Who changed what, newest first',
  request: {
    query: strict({
      actor: name('Exactly.', 'key:ci'),
      action: name('Exactly, or up to a dot.', 'key'),
      target: name('Exactly.', 'search'),
      from: TimeText.optional(),
      to: TimeText.optional(),
      limit: Limit.default(50),
      cursor: Cursor.optional(),
    }),
  },
  responses: {
    200: json(page(AuditRowView), 'A page of the log.', { items: [auditRow], next: null }),
    ...problems('invalid-request'),
  },
})

const verify = createRoute({
  method: 'get',
  path: '/v1/audit/verify',
  ...reads('fleet', 'admin'),
  tags,
  summary: 'Whether the log is whole and unchanged',
  request: {
    query: strict({
      head: Hash.optional().openapi({
        description: 'A head that was noted before: it must still be in the log.',
        example: auditRow.hash,
      }),
    }),
  },
  responses: {
    200: json(VerdictView, 'What following the chain found.', {
      ...{ rows: 1, head: auditRow.hash, sound: true, fault: null },
    }),
    ...problems('invalid-request'),
  },
})

export function auditRoutes(app: OpenAPIHono, ledger: Ledger): void {
  app.openapi(listAudit, async (c) => {
    const { actor, action, target, from, to, limit, cursor } = c.req.valid('query')
    if (from !== undefined && to !== undefined && from >= to)
      throw invalidRequest([{ field: 'from', value: from, allowed: `a time before to (${to})` }])
    const query = { actor, action, target, fromMs: from, toMs: to, limit, cursor }
    const { items, next } = await ledger.audit(query)
    return c.json({ items: [...items], next: next ?? null }, 200)
  })
  app.openapi(verify, async (c) => {
    return c.json(await verifyAudit(ledger, c.req.valid('query').head), 200)
  })
}
