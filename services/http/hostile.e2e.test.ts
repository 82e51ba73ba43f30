/** What comes over a socket and is no honest HTTP: it is refused, nothing is carried out, and honest clients go on. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { type Listening, serve } from './server.ts'
import { corpus } from './test-corpus.ts'
import { createTestParts } from './test-plane.ts'
import { type RawAnswer, raw } from './test-raw.ts'

const MESSAGES = 2100
const AT_ONCE = 150
const PATIENCE_MS = 400

const parts = createTestParts()
let server: Listening
let port: number
const faults: unknown[] = []
const note = (error: unknown) => void faults.push(error)

beforeAll(async () => {
  process.on('uncaughtExceptionMonitor', note)
  const { limits } = parts.state.config.http
  server = await serve(createApp(parts), { host: '127.0.0.1', port: 0, limits })
  port = Number(new URL(server.url).port)
})
afterAll(async () => {
  process.off('uncaughtExceptionMonitor', note)
  await server.close()
})

async function honest(count: number) {
  const times: number[] = []
  let wrong = 0
  for (let i = 0; i < count; i++) {
    const sinceMs = performance.now()
    const { status } = await fetch(`${server.url}/livez`)
    times.push(performance.now() - sinceMs)
    if (status !== 200) wrong++
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]!
  return { p50Ms: at(0.5), p99Ms: at(0.99), wrong }
}

describe('bytes that are no honest request', () => {
  it('are refused or ignored: no failure of ours, nothing carried out, and the server stays', async () => {
    const messages = corpus(MESSAGES, 7)
    const answers: RawAnswer[] = []
    for (let i = 0; i < messages.length; i += AT_ONCE)
      answers.push(
        ...(await Promise.all(
          messages.slice(i, i + AT_ONCE).map((message) => raw(port, message, PATIENCE_MS)),
        )),
      )
    const statuses = answers.flatMap((answer) => answer.statuses)
    const by = Object.groupBy(statuses, String)
    const counts = Object.entries(by).map(([status, rows]) => `${rows?.length} × ${status}`)
    console.log(`raw sockets: ${messages.length} messages, answers ${counts.join(', ')}`)
    expect(messages.length).toBeGreaterThanOrEqual(2000)
    expect(statuses.length).toBeGreaterThan(300) // else we were too hasty to see what it does
    expect(statuses.filter((status) => status >= 500)).toEqual([])
    expect(parts.state.paused).toBe(false) // what was smuggled would have set it
    expect(faults).toEqual([])
    expect((await honest(20)).wrong).toBe(0)
  }, 60_000)

  it('that are malformed end their connection', async () => {
    for (const text of [
      'GET /livez HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n',
      'POST /v1/pause HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'GET /livez HTTP/1.1\r\nX: a\x00b\r\n\r\n',
      `GET /livez HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      'nonsense\r\n\r\n',
    ]) {
      const { statuses, closed } = await raw(port, text)
      expect([closed, statuses.every((status) => status === 400 || status === 431)], text).toEqual([
        true,
        true,
      ])
    }
  })
})

describe('slow clients', () => {
  it('are cut off in time, and honest ones do not wait for them', async () => {
    const before = await honest(150)
    const sockets: Socket[] = []
    let closed = 0
    const slow = (opening: string) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => closed++)
      socket.write(opening)
      sockets.push(socket)
    }
    for (let i = 0; i < 400; i++) slow('GET /livez HTTP/1.1\r\nHo')
    for (let i = 0; i < 200; i++)
      slow('POST /v1/samples HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\na')
    for (let i = 0; i < 100; i++) {
      slow('GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
      sockets.at(-1)!.pause() // asks and never reads
    }
    const drip = setInterval(() => {
      for (const socket of sockets.slice(0, 600)) if (socket.writable) socket.write('s')
    }, 1000)
    await sleep(1500) // until all of them are there
    const during = await honest(150)
    const sinceMs = performance.now()
    while (closed < 400 && performance.now() - sinceMs < 16_000) await sleep(100)
    clearInterval(drip)
    const cutOff = closed
    for (const socket of sockets) socket.destroy()
    console.log(
      `slow clients: 700 sockets; honest p99 ${before.p99Ms.toFixed(1)} ms before, ${during.p99Ms.toFixed(1)} ms during; ${cutOff} that never finished their headers were cut off`,
    )
    expect(cutOff).toBeGreaterThanOrEqual(400)
    expect(during.wrong).toBe(0)
    // the 99th of so few is chance on a busy machine; the median is not
    expect(during.p50Ms).toBeLessThan(2 * before.p50Ms + 50)
  }, 40_000)

  it('of more connections than are allowed are turned away, and the first ones stay', async () => {
    const few = await serve(createApp(createTestParts()), {
      ...{ host: '127.0.0.1', port: 0, limits: { connections: 5 } },
    })
    const at = Number(new URL(few.url).port)
    const sockets = Array.from({ length: 20 }, () => connect(at, '127.0.0.1').on('error', () => {}))
    await sleep(300)
    expect(
      sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length,
    ).toBe(5)
    for (const socket of sockets) socket.destroy()
    await few.close()
  })
})
