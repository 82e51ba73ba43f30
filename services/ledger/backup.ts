/**
 * A ledger as one file and back: gzipped JSON lines, the same for both dialects, so that a backup of the embedded ledger
 * restores into PostgreSQL and the other way. First a header, then every row of every table as of one instant, last the
 * count of rows and a SHA-256 of all lines before it. A restore goes into an empty ledger only, is verified before
 * anything is written, and read back after.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { z } from 'zod'
import type { Database, RowsOf, Tables } from './database.ts'
import { getTableName } from './drizzle.ts'
import { LedgerError } from './ledger.ts'
import { replacer, reviver } from './queue-record.ts'

const FORMAT = 1
const ROWS_A_WRITE = 500

const Header = z.object({ forescaleLedger: z.literal(FORMAT), tables: z.array(z.string()) })
const Trailer = z.object({ rows: z.int(), sha256: z.string() })
const Line = z.object({ t: z.string(), r: z.record(z.string(), z.unknown()) })

export interface BackupReport {
  readonly rows: number
  /** Of the contents, whatever the dialect. */
  readonly sha256: string
  readonly rowsByTable: Readonly<Record<string, number>>
}

/** Who may act, and spend how much, is not part of what happened: a restored ledger has its own lease and shares. */
const isKept = (name: string): boolean => name !== 'leases' && name !== 'shares'
const tablesOf = (tables: Tables) => Object.entries(tables).filter(([name]) => isKept(name))

/** The file is there whole or not at all; null: only the report is wanted. */
export async function backup(database: Database, file: string | null): Promise<BackupReport> {
  let report: BackupReport | undefined
  const part = `${file}.part`
  const out = () => (file === null ? nowhere() : createWriteStream(part, { flush: true }))
  try {
    await database.snapshot(async (rowsOf) => {
      const lines = linesOf(database.tables, rowsOf, (done) => {
        report = done
      })
      await pipeline(Readable.from(lines), createGzip(), out())
    })
    if (file !== null) await rename(part, file)
  } catch (error) {
    if (file !== null) await rm(part, { force: true })
    throw error
  }
  return report!
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })

async function* linesOf(
  tables: Tables,
  rowsOf: RowsOf,
  done: (report: BackupReport) => void,
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  const rowsByTable: Record<string, number> = {}
  const kept = tablesOf(tables)
  const say = (value: unknown): string => {
    const line = `${JSON.stringify(value, replacer)}\n`
    hash.update(line)
    return line
  }
  yield say({ forescaleLedger: FORMAT, tables: kept.map(([name]) => name) })
  for (const [name, table] of kept) {
    rowsByTable[name] = 0
    for await (const rows of rowsOf(table)) {
      rowsByTable[name] += rows.length
      yield rows.map((row) => say({ t: name, r: row })).join('')
    }
  }
  const rows = Object.values(rowsByTable).reduce((sum, n) => sum + n, 0)
  const sha256 = hash.digest('hex')
  yield `${JSON.stringify({ rows, sha256 })}\n`
  done({ rows, sha256, rowsByTable })
}

/** Reads the whole file. Throws LedgerError saying what is wrong with it. */
export async function verifyBackup(file: string): Promise<BackupReport> {
  return read(file, async () => {})
}

/** Throws LedgerError, and changes nothing, when the file is damaged or the ledger is not empty. */
export async function restore(database: Database, file: string): Promise<BackupReport> {
  const report = await verifyBackup(file)
  const [ticks] = await database.rows({ sql: 'SELECT count(*) AS n FROM ticks', args: [] })
  const [settings] = await database.rows({ sql: 'SELECT count(*) AS n FROM settings', args: [] })
  if (Number(ticks!.n) + Number(settings!.n) > 0)
    throw new LedgerError('the ledger is not empty: restore into a new file or schema')
  const tables: Record<string, Tables[keyof Tables]> = database.tables
  // a new ledger has named itself; the restored one keeps its name
  await database.write([{ sql: 'DELETE FROM meta', args: [] }])
  await read(file, async (name, rows) => {
    const table = tables[name]
    if (!table) throw new LedgerError(`${file}: there is no table ${name} in this version`)
    await database.write(database.restore(table, rows))
  })
  await database.write(Object.values(tables).flatMap((table) => database.afterRestore(table)))
  await compare(database, report)
  return report
}

async function compare(database: Database, { rowsByTable }: BackupReport): Promise<void> {
  for (const [name, table] of tablesOf(database.tables)) {
    const [found] = await database.rows({
      sql: `SELECT count(*) AS n FROM "${getTableName(table)}"`,
      args: [],
    })
    const expected = rowsByTable[name] ?? 0
    if (Number(found!.n) !== expected)
      throw new LedgerError(
        `${name} has ${found!.n} rows after the restore, the backup ${expected}`,
      )
  }
}

type OnRows = (table: string, rows: readonly Row[]) => Promise<void>
type Row = Record<string, unknown>

/** Hands the rows on, many at a time. Throws LedgerError with the number of the line that is wrong. */
async function read(file: string, onRows: OnRows): Promise<BackupReport> {
  const hash = createHash('sha256')
  const rowsByTable: Record<string, number> = {}
  let pending: { readonly table: string; readonly rows: Row[] } = { table: '', rows: [] }
  let end: z.infer<typeof Trailer> | undefined
  let number = 0
  async function take(text: string): Promise<void> {
    const line = parse(text, ++number, end !== undefined)
    if ('sha256' in line) end = line
    else hash.update(`${text}\n`)
    if (!('t' in line)) return
    if (pending.table !== line.t || pending.rows.length >= ROWS_A_WRITE) {
      await hand(pending, onRows)
      pending = { table: line.t, rows: [] }
    }
    pending.rows.push(line.r)
    rowsByTable[line.t] = (rowsByTable[line.t] ?? 0) + 1
  }
  try {
    for await (const text of textLines(file)) await take(text)
    await hand(pending, onRows)
  } catch (cause) {
    if (cause instanceof LedgerError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LedgerError(`${file}, line ${number}: no backup of a ledger, or damaged (${why})`, {
      cause,
    })
  }
  const rows = Object.values(rowsByTable).reduce((sum, n) => sum + n, 0)
  const sha256 = hash.digest('hex')
  if (end?.sha256 !== sha256 || end.rows !== rows)
    throw new LedgerError(`${file} is cut off or damaged: its checksum is another one`)
  return { rows, sha256, rowsByTable }
}

async function hand(
  { table, rows }: { table: string; rows: Row[] },
  onRows: OnRows,
): Promise<void> {
  if (rows.length > 0) await onRows(table, rows)
}

function parse(text: string, number: number, isOver: boolean) {
  if (isOver) throw new Error('there is more after its end')
  const value: unknown = JSON.parse(text, reviver)
  if (number === 1) return Header.parse(value)
  const end = Trailer.safeParse(value)
  return end.success ? end.data : Line.parse(value)
}

async function* textLines(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file)
  const unpacked = createGunzip()
  stream.on('error', (error) => unpacked.destroy(error))
  yield* createInterface({ input: stream.pipe(unpacked), crlfDelay: Number.POSITIVE_INFINITY })
}
