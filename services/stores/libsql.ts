/**
 * The embedded sample store: one SQLite file in WAL mode, which the collector writes and the controller reads from
 * another process. Rows lie by (metric, time, service), so that a tick's newest steps are one range; a second
 * index serves the history of one service. It survives a crash of the process; a power cut may cost the last samples.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, createClient, type InStatement } from '@libsql/client/sqlite3'
import { MetricName, ServiceId } from '../../forecaster/series.ts'
import { spaceOf } from '../sqlite-space.ts'
import { readCells } from './libsql-grid.ts'
import { pruneBefore, pruneToSize } from './libsql-prune.ts'
import type { Sample, SampleStore } from './sample-store.ts'
import { sanitise } from './sanitise.ts'

const ROWS_A_STATEMENT = 500
/** How long to wait while the other process writes. */
const BUSY_LIMIT_MS = 5000
const SCHEMA = [
  // of a new file only: what is dropped for its size can then be given back to the disk
  'PRAGMA auto_vacuum = INCREMENTAL',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = NORMAL',
  'CREATE TABLE IF NOT EXISTS services (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)',
  'CREATE TABLE IF NOT EXISTS metrics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)',
  `CREATE TABLE IF NOT EXISTS samples (
     metric INTEGER NOT NULL, at_ms INTEGER NOT NULL, service INTEGER NOT NULL, value REAL NOT NULL,
     PRIMARY KEY (metric, at_ms, service)) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS samples_by_service ON samples (metric, service, at_ms)',
]

export class StoreError extends Error {}

export interface LibsqlStoreOptions {
  readonly folder: string
  readonly retentionMs: number
  /** Most bytes on disk; not given: age alone counts. */
  readonly maxBytes?: number | undefined
}

export async function openLibsqlStore({
  folder,
  ...limits
}: LibsqlStoreOptions): Promise<SampleStore> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'series.db')
  const client = await openFile(file)
  return storeOver(client, createNames(client, 'services'), createNames(client, 'metrics'), limits)
}

async function openFile(file: string): Promise<Client> {
  let client: Client | undefined
  try {
    // pragmas hold for one connection, so there is only one
    client = createClient({ url: `file:${file}`, timeout: BUSY_LIMIT_MS, concurrency: 1 })
    for (const statement of SCHEMA) await client.execute(statement)
    return client
  } catch (cause) {
    client?.close()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError(
      `cannot open the sample store ${file}: it is damaged, no sample store, or not writable (${why})`,
      { cause },
    )
  }
}

interface Names {
  /** Ids of `names`; unknown ones are added when `add`, left out otherwise. */
  ids(names: readonly string[], add: boolean): Promise<ReadonlyMap<string, number>>
  nameOf(id: number): Promise<string>
}

/** Names are few and never change: each is read once. Another process may add some, so a miss looks again. */
function createNames(client: Client, table: 'services' | 'metrics'): Names {
  const known = new Map<string, number>()
  const byId = new Map<number, string>()
  async function refresh(): Promise<void> {
    const { rows } = await client.execute(`SELECT id, name FROM ${table}`)
    for (const row of rows) {
      known.set(String(row.name), Number(row.id))
      byId.set(Number(row.id), String(row.name))
    }
  }
  return {
    async ids(names, add) {
      if (names.some((name) => !known.has(name))) await refresh()
      const missing = [...new Set(names)].filter((name) => !known.has(name))
      if (add && missing.length > 0) {
        const added: InStatement = {
          sql: `INSERT OR IGNORE INTO ${table} (name) SELECT value FROM json_each(?)`,
          args: [JSON.stringify(missing)],
        }
        await client.batch([added], 'write')
        await refresh()
      }
      return known
    },
    async nameOf(id) {
      if (!byId.has(id)) await refresh()
      return byId.get(id)!
    },
  }
}

function storeOver(
  client: Client,
  services: Names,
  metrics: Names,
  { retentionMs, maxBytes }: Omit<LibsqlStoreOptions, 'folder'>,
): SampleStore {
  async function append(samples: readonly Sample[]): Promise<void> {
    const serviceIds = await services.ids(
      samples.map((s) => s.service),
      true,
    )
    const metricIds = await metrics.ids(
      samples.map((s) => s.metric),
      true,
    )
    const statements: InStatement[] = []
    for (let start = 0; start < samples.length; start += ROWS_A_STATEMENT) {
      const rows = samples.slice(start, start + ROWS_A_STATEMENT)
      statements.push({
        sql: `INSERT INTO samples (metric, at_ms, service, value) VALUES ${rows.map(() => '(?, ?, ?, ?)').join(', ')}
              ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
        args: rows.flatMap((s) => [
          metricIds.get(s.metric)!,
          s.atMs,
          serviceIds.get(s.service)!,
          s.value,
        ]),
      })
    }
    await client.batch(statements, 'write')
  }

  return {
    async append(samples, nowMs) {
      const { kept, report } = sanitise(samples, { nowMs, retentionMs })
      if (kept.length > 0) await append(kept)
      return report
    },
    async grid(query) {
      const known = await services.ids(query.services, false)
      const metricId = (await metrics.ids([query.metric], false)).get(query.metric)
      return readCells(client, query, { metricId, known })
    },
    async latest(metric, atMs) {
      const metricId = (await metrics.ids([metric], false)).get(metric)
      const found = new Map<ServiceId, { atMs: number; value: number }>()
      if (metricId === undefined) return found
      const { rows } = await client.execute({
        // CROSS JOIN keeps the order: from each service to its newest row, not over all rows there are
        sql: `SELECT s.name AS service, l.at_ms, l.value FROM services s CROSS JOIN samples l
              ON l.metric = ? AND l.service = s.id AND l.at_ms =
                (SELECT max(at_ms) FROM samples WHERE metric = ? AND service = s.id AND at_ms <= ?)`,
        args: [metricId, metricId, atMs],
      })
      for (const row of rows)
        found.set(String(row.service), { atMs: Number(row.at_ms), value: Number(row.value) })
      return found
    },
    async inventory() {
      const { rows } = await client.execute(
        `SELECT service, metric, min(at_ms) AS first, max(at_ms) AS last, count(*) AS n FROM samples GROUP BY metric, service`,
      )
      return Promise.all(
        rows.map(async (row) => ({
          service: ServiceId.parse(await services.nameOf(Number(row.service))),
          metric: MetricName.parse(await metrics.nameOf(Number(row.metric))),
          firstMs: Number(row.first),
          lastMs: Number(row.last),
          count: Number(row.n),
        })),
      )
    },
    async prune(beforeMs) {
      const dropped = await pruneBefore(client, beforeMs)
      return maxBytes === undefined ? dropped : dropped + (await pruneToSize(client, maxBytes))
    },
    size: async () => ({ bytes: await spaceOf(client).heldBytes(), mostBytes: maxBytes }),
    async close() {
      client.close()
    },
  }
}
