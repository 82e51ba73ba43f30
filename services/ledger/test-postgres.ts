/**
 * A PostgreSQL server of its own for a test: a fresh data folder, a free port of loopback, ended by the test. A machine
 * without PostgreSQL fails the test, for to skip it would say that it passed. It refuses to run as root, so there it runs
 * as another user.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import getPort from 'get-port'
import pg from 'pg'

const START_LIMIT_MS = 30_000
const SUPERUSER = 'forescale'

export interface TestPostgres {
  /** Of a superuser without a password, loopback only. */
  readonly url: string
  /** As at a crash of its machine's power supply without fsync; or in order. */
  stopServer(how?: 'immediate' | 'fast'): Promise<void>
  startServer(): Promise<void>
  urlOf(role: string): string
  /** Answers the rows of the last statement. */
  query(sql: string, role?: string, schema?: string): Promise<readonly Record<string, unknown>[]>
  /** Ends it and removes its data. */
  close(): Promise<void>
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = postgresBinaries()
  const owner = process.getuid?.() === 0 ? userOf('postgres') : undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-postgresql-'))
  chmodSync(folder, 0o755)
  const data = path.join(folder, 'data')
  if (owner) chownSync(folder, owner.uid, owner.gid)
  execFileSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...owner, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const port = await getPort({ host: '127.0.0.1' })
  const urlOf = (role: string) => `postgresql://${role}@127.0.0.1:${port}/postgres`
  const url = urlOf(SUPERUSER)
  let server: ChildProcess | undefined
  async function startServer(): Promise<void> {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      // what is tested is a crash of ours, not of this machine
      'fsync=off',
      'max_connections=60',
    ]
    server = spawn(
      path.join(bin, 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...owner, stdio: ['ignore', 'ignore', 'ignore'] },
    )
    await untilAnswers(url)
  }
  async function stopServer(how: 'immediate' | 'fast' = 'fast'): Promise<void> {
    const ending = server
    server = undefined
    if (!ending || ending.exitCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await exited
  }
  await startServer()
  return {
    url,
    startServer,
    stopServer,
    urlOf,
    async query(sql, role = SUPERUSER, schema = 'public') {
      const options = `-c search_path=${schema}`
      const client = new pg.Client({ connectionString: urlOf(role), options })
      await client.connect()
      try {
        // several statements have several results
        const results = [await client.query(sql)].flat()
        return results.at(-1)!.rows
      } finally {
        await client.end()
      }
    },
    async close() {
      await stopServer('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The newest of Debian's, or what the path has. */
export function postgresBinaries(): string {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort().at(-1)
  const onPath = (process.env.PATH ?? '').split(':').find((dir) => existsSync(`${dir}/initdb`))
  const found = debian ?? onPath
  if (!found) throw new Error('no PostgreSQL on this machine: install postgresql-15')
  return found
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function untilAnswers(url: string): Promise<void> {
  const givenUpAtMs = Date.now() + START_LIMIT_MS
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (Date.now() > givenUpAtMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
