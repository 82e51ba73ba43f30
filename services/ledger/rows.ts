/** A ledger on any database of database.ts. */

import { accessRows } from './access-rows.ts'
import { alertRows } from './alert-rows.ts'
import type { Database } from './database.ts'
import { decisionRows } from './decision-rows.ts'
import { demandRows } from './demand-rows.ts'
import { eq } from './drizzle.ts'
import { leaseRows } from './lease-rows.ts'
import type { Ledger } from './ledger.ts'
import { memoryRows } from './memory-rows.ts'
import { modelRows } from './model-rows.ts'
import { outboxRows } from './outbox-rows.ts'
import { policyRows } from './policy-rows.ts'
import { pruning } from './prune-rows.ts'
import { rolloutRows } from './rollout-rows.ts'
import { shareRows } from './share-rows.ts'
import { tickRows } from './tick-rows.ts'

/** `newEpoch` names the ledger when it is created; an existing one keeps its name. */
export async function ledgerOn(
  database: Database,
  newEpoch: string,
  mostBytes?: number,
): Promise<Ledger> {
  return {
    epoch: await epochOf(database, newEpoch),
    lease: leaseRows(database),
    shares: shareRows(database),
    fence: database.fence,
    ...tickRows(database),
    ...decisionRows(database),
    ...accessRows(database),
    ...alertRows(database),
    ...outboxRows(database),
    ...demandRows(database),
    ...memoryRows(database),
    ...modelRows(database),
    ...policyRows(database),
    ...rolloutRows(database),
    ...pruning(database, mostBytes),
    close: database.close,
  }
}

/** Made once with the ledger; part of every decision's id. */
async function epochOf({ db, tables: { meta } }: Database, newEpoch: string): Promise<string> {
  await db.insert(meta).values({ key: 'epoch', value: newEpoch }).onConflictDoNothing()
  const [row] = await db.select().from(meta).where(eq(meta.key, 'epoch'))
  return row!.value
}
