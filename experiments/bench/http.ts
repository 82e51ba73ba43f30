/**
 * The API beside a bare Hono server that answers the same text, each a process of its own, asked in turns by the same
 * client: requests a second with every connection busy, and latency of the latest decision at 1,000 requests/s (open
 * loop, counted from when each request was due) while the controller ticks. Ours asks for a key, limits and checks. On a
 * busy machine the servers' CPU time a request says more than the clock: it is the third row.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { z } from 'zod'
import type { Figure } from './timing.ts'

const PATH = '/scaling-decision/service-7'
const CONNECTIONS = 16
const ROUND_MS = 1500
const ROUNDS = 5
const RATE = 1000
/** Two ticks and more, as they come by default. */
const RATE_MS = 35_000
/** More than these unanswered, and the machine cannot carry the rate at all: what was sent till then is what is told. */
const MOST_WAITING = 2000
const SERVER = fileURLToPath(new URL('http-server.ts', import.meta.url))
const FIRST_TICK_MS = 40_000

const Listening = z.object({ url: z.string(), token: z.string() })

interface Server {
  readonly child: ChildProcess
  readonly pool: Pool
  readonly headers: Readonly<Record<string, string>>
}

export async function benchHttp(): Promise<Figure[]> {
  const ours = await start('ours')
  const text = await firstDecision(ours)
  const bare = await start('bare', text)
  try {
    const best = { ours: 0, bare: 0 }
    await saturate(ours)
    await saturate(bare)
    for (let round = 0; round < ROUNDS; round++) {
      best.ours = Math.max(best.ours, await saturate(ours))
      best.bare = Math.max(best.bare, await saturate(bare))
    }
    const cpu = { ours: await cpuOfRequest(ours), bare: await cpuOfRequest(bare) }
    const p99 = { ours: await p99AtRate(ours), bare: await p99AtRate(bare) }
    return [
      {
        ...{ name: 'http.latest-decision', value: best.ours, unit: 'requests/s' },
        ...{ peer: 'bare hono, the same text', ratio: best.ours / best.bare },
      },
      {
        ...{ name: 'http.cpu-per-request', value: cpu.ours, unit: 'µs' },
        ...{ peer: 'bare hono, the same text', ratio: cpu.ours / cpu.bare },
      },
      {
        ...{ name: `http.p99-at-${RATE}/s`, value: p99.ours, unit: 'ms' },
        ...{ peer: 'bare hono, the same text', ratio: p99.ours / p99.bare },
      },
    ]
  } finally {
    for (const { child, pool } of [ours, bare]) {
      await pool.destroy()
      child.disconnect()
    }
  }
}

async function start(kind: 'ours' | 'bare', answer = ''): Promise<Server> {
  const child = fork(SERVER, [kind, answer], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const message = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`the ${kind} server ended with ${code}`)))
  })
  const { url, token } = Listening.parse(message)
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  return { child, headers, pool: new Pool(url, { connections: CONNECTIONS, pipelining: 1 }) }
}

/** What it answers once it has ticked. */
async function firstDecision(server: Server): Promise<string> {
  const sinceMs = performance.now()
  for (;;) {
    const { status, text } = await ask(server)
    if (status === 200) return text
    if (performance.now() - sinceMs > FIRST_TICK_MS) throw new Error(`${status}: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function ask({ pool, headers }: Server): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await pool.request({ path: PATH, method: 'GET', headers })
  return { status: statusCode, text: await body.text() }
}

/** Requests a second while every connection has one under way. */
async function saturate(server: Server): Promise<number> {
  const endMs = performance.now() + ROUND_MS
  let answered = 0
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < endMs) {
        const { status } = await ask(server)
        if (status !== 200) throw new Error(`HTTP ${status}`)
        answered++
      }
    }),
  )
  return answered / (ROUND_MS / 1000)
}

/** CPU time of the server's process, µs, the least of some rounds. */
async function cpuOfRequest(server: Server): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const before = await cpuMicros(server)
    const answered = (await saturate(server)) * (ROUND_MS / 1000)
    least = Math.min(least, ((await cpuMicros(server)) - before) / answered)
  }
  return least
}

function cpuMicros({ child }: Server): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) =>
      resolve(z.object({ micros: z.number() }).parse(message).micros),
    )
    child.send('cpu')
  })
}

/** The 99th percentile of latencies, ms, from when a request was due to when its answer was read. */
async function p99AtRate(server: Server): Promise<number> {
  const latencies: number[] = []
  const startMs = performance.now()
  const under: Promise<void>[] = []
  let sent = 0
  while (sent < (RATE * RATE_MS) / 1000) {
    const due = Math.floor(((performance.now() - startMs) * RATE) / 1000)
    if (sent - latencies.length > MOST_WAITING) break
    for (; sent < due; sent++) {
      const dueMs = startMs + (sent * 1000) / RATE
      under.push(
        ask(server).then(({ status }) => {
          if (status !== 200) throw new Error(`HTTP ${status}`)
          latencies.push(performance.now() - dueMs)
        }),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(under)
  latencies.sort((a, b) => a - b)
  return latencies[Math.floor(latencies.length * 0.99)]!
}
