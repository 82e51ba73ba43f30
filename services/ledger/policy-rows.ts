/** The registry of learned policies as rows. A document is read by its schema, as it may be older than the program. */
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { PolicyVersion } from '../rollouts/policy-version.ts'
import type { Database } from './database.ts'
import { and, desc, eq, getTableColumns, lt } from './drizzle.ts'
import type { RolloutsLedger } from './rollouts-ledger.ts'
import type * as schema from './schema.ts'

export function policyRows({ db, tables, insert, write }: Database) {
  const { policies } = tables
  const { document: _, ...columns } = getTableColumns(policies)
  async function policy(version: string): Promise<PolicyVersion | undefined> {
    const [row] = await db.select(columns).from(policies).where(eq(policies.version, version))
    return row && readPolicy(row)
  }
  return {
    async savePolicy(row, document) {
      const rows = insert(policies, [{ ...row, document }], 'ON CONFLICT DO NOTHING')
      await write(rows)
      return (await policy(row.version))!
    },
    policy,
    async policyDocument(version) {
      const [row] = await db
        .select({ document: policies.document })
        .from(policies)
        .where(eq(policies.version, version))
      return row && PolicyDocument.parse(row.document)
    },
    async policies({ name, source, limit, cursor }) {
      const rows = await db
        .select(columns)
        .from(policies)
        .where(
          and(
            name === undefined ? undefined : eq(policies.name, name),
            source === undefined ? undefined : eq(policies.source, source),
            cursor === undefined ? undefined : lt(policies.seq, Number(cursor)),
          ),
        )
        .orderBy(desc(policies.seq))
        .limit(limit + 1)
      const shown = rows.slice(0, limit)
      return {
        items: shown.map(readPolicy),
        next: rows.length > limit ? String(shown.at(-1)!.seq) : undefined,
      }
    },
  } satisfies Partial<RolloutsLedger>
}

const readPolicy = ({
  seq: _,
  ...row
}: Omit<typeof schema.policies.$inferSelect, 'document'>): PolicyVersion => PolicyVersion.parse(row)
