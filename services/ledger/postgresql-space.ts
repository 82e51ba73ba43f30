/**
 * How much of the disk the ledger's tables take (pg_total_relation_size: rows, long values and indexes), and how much of that
 * their rows need. A table that rows were deleted from stays as long as it was: vacuum only lets its space be used again.
 * So what rows need is estimated, from some ticks spread evenly over all and the bytes of what belongs to each.
 */

const SAMPLED_TICKS = 12
/** Of a row beside its values: header, pointer, and what its page leaves free. */
const ROW_OVERHEAD_BYTES = 40

const PRUNED = `('ticks', 'decisions', 'forecasts', 'outcomes')`
const TABLES = `FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
  WHERE n.nspname = current_schema() AND t.relkind = 'r'`

const SIZES = `SELECT
    coalesce(sum(pg_total_relation_size(t.oid)), 0) AS held,
    coalesce(sum(pg_total_relation_size(t.oid)) FILTER (WHERE t.relname IN ${PRUNED}), 0) AS pruned,
    coalesce(sum(pg_table_size(t.oid)) FILTER (WHERE t.relname IN ${PRUNED}), 0) AS rows
  ${TABLES}`

/** Bytes of a row by its columns: of a whole row PostgreSQL would unpack what it keeps packed. */
const of = (columns: string) => `sum(${ROW_OVERHEAD_BYTES} + ${columns})`
const TICKS = `WITH numbered AS (SELECT tick, at_ms, row_number() OVER (ORDER BY at_ms) - 1 AS n, count(*) OVER () AS total FROM ticks),
  picked AS (SELECT tick, at_ms, total FROM numbered WHERE n % greatest(1, total / ${SAMPLED_TICKS}) = 0)
  SELECT max(total) AS total, avg(
    (SELECT ${of('80 + pg_column_size(t.inputs)')} FROM ticks AS t WHERE t.tick = p.tick)
    + coalesce((SELECT ${of('pg_column_size(d.*)')} FROM decisions AS d WHERE d.tick = p.tick), 0)
    + coalesce((SELECT ${of('60 + pg_column_size(f.document) + coalesce(pg_column_size(f.quantiles), 0)')} FROM forecasts AS f WHERE f.at_ms = p.at_ms), 0)
    + coalesce((SELECT ${of('pg_column_size(o.*)')} FROM outcomes AS o WHERE o.service IN (SELECT service FROM decisions WHERE tick = p.tick) AND o.tick = p.tick), 0)
  ) AS bytes FROM picked AS p`

type Row = Readonly<Record<string, unknown>>

export function spaceOf(rowOf: (sql: string) => Promise<Row>) {
  return {
    heldBytes: async () => Number((await rowOf(SIZES)).held),
    async usedBytes() {
      const sizes = await rowOf(SIZES)
      const [held, pruned, rows] = [sizes.held, sizes.pruned, sizes.rows].map(Number)
      const { total, bytes } = await rowOf(TICKS)
      // indexes grow with the rows
      const withIndexes = rows! > 0 ? pruned! / rows! : 1
      const ticks = Number(total ?? 0) * Number(bytes ?? 0) * withIndexes
      return held! - pruned! + Math.min(pruned!, ticks)
    },
    giveBack: async () => false,
  }
}
