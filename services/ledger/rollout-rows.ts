/** Rollouts as rows, and the units that they are judged by. */
import { z } from 'zod'
import type { Unit } from '../../coordinator/rollout/findings.ts'
import { Rollout } from '../rollouts/rollout.ts'
import { type Database, statementOf } from './database.ts'
import { and, asc, desc, eq, lt, max, ne } from './drizzle.ts'
import { LedgerError } from './ledger.ts'
import type { RolloutQuery, RolloutsLedger } from './rollouts-ledger.ts'
import type * as schema from './schema.ts'

const numbers = z.array(z.number())
const losses = z.strictObject({ loss: z.number(), burn: z.number() })
const StoredUnit = z.strictObject({
  service: z.string(),
  block: z.int(),
  arm: z.int(),
  probabilities: numbers,
  candidate: numbers,
  champion: numbers,
  loss: z.number(),
  burn: z.number(),
  predicted: z.array(losses),
}) satisfies z.ZodType<Unit>

export function rolloutRows(database: Database) {
  const { db, tables, insert, write } = database
  const { rollouts, rolloutUnits } = tables
  async function rollout(number: number): Promise<Rollout | undefined> {
    const [row] = await db.select().from(rollouts).where(eq(rollouts.number, number))
    return row && Rollout.parse(row.document)
  }
  return {
    async addRollout(added) {
      // one process writes; the primary key stands against a second
      const [last] = await db.select({ number: max(rollouts.number) }).from(rollouts)
      const document = { ...added, number: (last?.number ?? 0) + 1 }
      await write(insert(rollouts, [rowOf(document)]))
      return document
    },
    async saveRollout(document) {
      const { number, stage } = document
      const change = db.update(rollouts).set({ document, stage }).where(eq(rollouts.number, number))
      const [changed] = await write([statementOf(change)])
      if (changed === 0) throw new LedgerError(`there is no rollout ${number}`)
    },
    rollout,
    async rollouts(query) {
      const { limit } = query
      const rows = await db
        .select()
        .from(rollouts)
        .where(matching(database, query))
        .orderBy(desc(rollouts.number))
        .limit(limit + 1)
      const shown = rows.slice(0, limit)
      return {
        items: shown.map(({ document }) => Rollout.parse(document)),
        next: rows.length > limit ? String(shown.at(-1)!.number) : undefined,
      }
    },
    async saveUnits(number, stage, units) {
      if (units.length === 0) return
      const rows = units.map((unit) => {
        const { service, block } = unit
        return { rollout: number, stage, service, block, unit }
      })
      await write(insert(rolloutUnits, rows, 'ON CONFLICT DO NOTHING'))
    },
    async units(number, stage) {
      const rows = await db
        .select({ unit: rolloutUnits.unit })
        .from(rolloutUnits)
        .where(and(eq(rolloutUnits.rollout, number), eq(rolloutUnits.stage, stage)))
        .orderBy(asc(rolloutUnits.block), asc(rolloutUnits.service))
      return rows.map(({ unit }) => StoredUnit.parse(unit))
    },
  } satisfies Partial<RolloutsLedger>
}

const rowOf = (document: Rollout): typeof schema.rollouts.$inferInsert => ({
  number: document.number,
  stage: document.stage,
  startedAtMs: document.startedAtMs,
  document,
})

function matching(
  { tables: { rollouts }, listHolds }: Database,
  { service, open, cursor }: Omit<RolloutQuery, 'limit'>,
) {
  return and(
    service === undefined ? undefined : listHolds(rollouts.document, 'services', service),
    open === undefined
      ? undefined
      : open
        ? ne(rollouts.stage, 'ended')
        : eq(rollouts.stage, 'ended'),
    cursor === undefined ? undefined : lt(rollouts.number, Number(cursor)),
  )
}
