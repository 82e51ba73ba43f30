/** The registry of models as rows, and the fitted states of the newest ones. */
import { ModelVersion } from '../models/model-version.ts'
import type { Database, Statement, Tables } from './database.ts'
import { and, desc, eq, lt, ne } from './drizzle.ts'
import type { Artifact, ModelKey, ModelQuery, ModelsLedger, Standing } from './models-ledger.ts'
import type * as schema from './schema.ts'

const NEWER =
  'ON CONFLICT (service, metric, number) DO UPDATE SET stands_at_ms = excluded.stands_at_ms, format_version = excluded.format_version, sha256 = excluded.sha256, packed = excluded.packed'

export function modelRows(database: Database) {
  const { write } = database
  const reading = readings(database)
  async function known(key: ModelKey): Promise<ModelVersion> {
    const found = await reading.model(key)
    if (!found) throw new Error(`there is no version ${key.number} of ${key.service} ${key.metric}`)
    return found
  }
  return {
    ...reading,
    async saveModel(added, artifact, { standings = [], refreshed = [] }, keepArtifacts) {
      const { service, metric } = added
      // one process writes; the unique index stands against a second
      const newest = await reading.models({ service, metric, limit: 1 })
      const key = { service, metric, number: (newest.items[0]?.number ?? 0) + 1 }
      await write([
        ...database.insert(database.tables.modelVersions, [{ ...added, number: key.number }]),
        ...artifactStatements(database, key, artifact),
        ...standings.flatMap((change) => standingStatements(database, change)),
        ...refreshed.flatMap((row) => artifactStatements(database, row.key, row.artifact)),
        dropOldArtifacts(service, metric, keepArtifacts),
      ])
      return known(key)
    },
    async changeStandings(changes) {
      await Promise.all(changes.map(known))
      await write(changes.flatMap((change) => standingStatements(database, change)))
      return Promise.all(changes.map(known))
    },
  } satisfies ModelsLedger
}

function readings({ db, tables }: Database) {
  const { modelVersions, modelArtifacts } = tables
  const versions = () =>
    db
      .select({ model: modelVersions, artifactOf: modelArtifacts.number })
      .from(modelVersions)
      .leftJoin(modelArtifacts, sameKey(tables))
  return {
    async model({ service, metric, number }) {
      const [row] = await versions().where(
        and(
          eq(modelVersions.service, service),
          eq(modelVersions.metric, metric),
          eq(modelVersions.number, number),
        ),
      )
      return row && readModel(row)
    },
    async models({ limit, ...query }) {
      const rows = await versions()
        .where(matching(modelVersions, query))
        .orderBy(desc(modelVersions.seq))
        .limit(limit + 1)
      const shown = rows.slice(0, limit)
      return {
        items: shown.map(readModel),
        next: rows.length > limit ? String(shown.at(-1)!.model.seq) : undefined,
      }
    },
    async standingModels() {
      return (await versions().where(ne(modelVersions.status, 'retired'))).map(readModel)
    },
    async artifact({ service, metric, number }) {
      const [row] = await db
        .select()
        .from(modelArtifacts)
        .where(
          and(
            eq(modelArtifacts.service, service),
            eq(modelArtifacts.metric, metric),
            eq(modelArtifacts.number, number),
          ),
        )
      if (!row) return undefined
      const { standsAtMs, formatVersion, sha256, packed } = row
      return { standsAtMs, formatVersion, sha256, packed: new Uint8Array(packed) }
    },
  } satisfies Partial<ModelsLedger>
}

const sameKey = ({ modelArtifacts, modelVersions }: Tables) =>
  and(
    eq(modelArtifacts.service, modelVersions.service),
    eq(modelArtifacts.metric, modelVersions.metric),
    eq(modelArtifacts.number, modelVersions.number),
  )

function matching(
  modelVersions: Tables['modelVersions'],
  { service, metric, status, cursor }: Omit<ModelQuery, 'limit'>,
) {
  return and(
    service === undefined ? undefined : eq(modelVersions.service, service),
    metric === undefined ? undefined : eq(modelVersions.metric, metric),
    status === undefined ? undefined : eq(modelVersions.status, status),
    cursor === undefined ? undefined : lt(modelVersions.seq, Number(cursor)),
  )
}

function artifactStatements(
  { insert, tables }: Database,
  key: ModelKey,
  artifact: Artifact,
): readonly Statement[] {
  const { service, metric, number } = key
  const { standsAtMs, formatVersion, sha256, packed } = artifact
  const row = { service, metric, number, standsAtMs, formatVersion, sha256 }
  return insert(tables.modelArtifacts, [{ ...row, packed: Buffer.from(packed) }], NEWER)
}

function standingStatements(database: Database, change: Standing): Statement[] {
  const { service, metric, number, status, atMs, by, why, artifact } = change
  const verb = status === 'champion' ? 'promoted' : 'retired'
  return [
    {
      sql: `UPDATE model_versions SET status = ?, ${verb}_at_ms = ?, ${verb}_by = ?, ${verb}_why = ?
            WHERE service = ? AND metric = ? AND number = ?`,
      args: [status, atMs, by, why, service, metric, number],
    },
    ...(artifact ? artifactStatements(database, change, artifact) : []),
  ]
}

function dropOldArtifacts(service: string, metric: string, keep: number): Statement {
  return {
    sql: `DELETE FROM model_artifacts WHERE service = ?1 AND metric = ?2
          AND number NOT IN (SELECT number FROM model_artifacts WHERE service = ?1 AND metric = ?2
            ORDER BY number DESC LIMIT ?3)
          AND number NOT IN (SELECT number FROM model_versions WHERE service = ?1 AND metric = ?2
            AND status <> 'retired')`,
    args: [service, metric, keep],
  }
}

interface Row {
  readonly model: typeof schema.modelVersions.$inferSelect
  readonly artifactOf: number | null
}

function readModel({ model: { seq: _, ...row }, artifactOf }: Row): ModelVersion {
  return ModelVersion.parse({ ...row, hasArtifact: artifactOf !== null })
}
