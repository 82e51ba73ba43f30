/**
 * A Redis server of its own for a test: a fresh data folder, a free port of loopback, ended by the test. It keeps all it
 * acknowledged over a kill -9. A machine without Redis fails the test, for to skip it would say that it passed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'

const START_LIMIT_MS = 20_000

export interface TestRedis {
  readonly url: string
  start(): Promise<void>
  /** At once, as at a crash. */
  kill(): Promise<void>
  /** Ends it and removes its data. */
  close(): Promise<void>
}

export async function startRedis(): Promise<TestRedis> {
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-redis-'))
  const port = await getPort({ host: '127.0.0.1' })
  let server: ChildProcess | undefined
  async function start(): Promise<void> {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
    const started = spawn('redis-server', [...settings, ...durable], { stdio: 'ignore' })
    server = started
    const failed = once(started, 'error').then(([error]) => {
      throw new Error('redis-server cannot be started', { cause: error })
    })
    failed.catch(() => undefined)
    await Promise.race([untilOpen(port), failed])
  }
  async function kill(): Promise<void> {
    const ending = server
    server = undefined
    if (!ending || ending.exitCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill('SIGKILL')
    await exited
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    async close() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilOpen(port: number): Promise<void> {
  const endsAtMs = performance.now() + START_LIMIT_MS
  while (performance.now() < endsAtMs) {
    const socket = connect(port, '127.0.0.1')
    const open = once(socket, 'connect').then(
      () => true,
      () => false,
    )
    const isOpen = await open
    socket.destroy()
    if (isOpen) return
    await sleep(30)
  }
  throw new Error(`redis-server did not answer at ${port} within ${START_LIMIT_MS} ms`)
}
