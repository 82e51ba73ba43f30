import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ControlEvent } from '../control-plane.ts'
import { createApp } from './app.ts'
import { serve } from './server.ts'
import { createTestParts } from './test-plane.ts'

const HOST = '127.0.0.1'
const cleanups: (() => Promise<void>)[] = []

async function listening(heartbeatMs = 60_000) {
  const parts = createTestParts()
  const { url, close } = await serve(createApp({ ...parts, heartbeatMs }), { host: HOST, port: 0 })
  cleanups.push(close)
  return { ...parts, url }
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const setting = (value: unknown): ControlEvent => ({
  kind: 'setting',
  data: { key: 'budget', value, atMs: 0 },
})

async function eventsFrom(url: string, lastEventId?: string) {
  const abort = new AbortController()
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await fetch(`${url}/v1/events`, { headers, signal: abort.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    response,
    abort: () => abort.abort(),
    /** All text until `needle` has come. */
    async until(needle: string): Promise<string> {
      while (!text.includes(needle)) {
        const { done, value } = await reader.read()
        if (done) throw new Error(`the stream ended before ${needle}`)
        text += value
      }
      return text
    },
  }
}

const idsOf = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

describe('server-sent events', () => {
  it('arrive as they happen, after a snapshot', async () => {
    const { url, emit } = await listening()
    const stream = await eventsFrom(url)
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
    expect(await stream.until('event: forecast')).toContain('event: status')
    emit(setting('now'))
    expect(await stream.until('"now"')).toContain('event: setting')
    stream.abort()
  })

  it('resume by Last-Event-ID', async () => {
    const { url, emit } = await listening()
    const first = await eventsFrom(url)
    await first.until('event: forecast')
    emit(setting('one'))
    const seen = idsOf(await first.until('"one"')).at(-1)
    first.abort()
    emit(setting('two'))
    emit(setting('three'))
    const text = await (await eventsFrom(url, String(seen))).until('"three"')
    expect(text).not.toContain('event: status')
    expect(idsOf(text)).toEqual([seen! + 1, seen! + 2])
  })

  it('refuse a Last-Event-ID that is none', async () => {
    const { url } = await listening()
    const response = await fetch(`${url}/v1/events`, { headers: { 'last-event-id': 'x' } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      errors: [{ field: 'last-event-id', value: 'x' }],
    })
  })

  it('keep the connection alive with comments', async () => {
    const { url } = await listening(20)
    const stream = await eventsFrom(url)
    await stream.until('\n: \n\n')
    stream.abort()
  })

  it('disconnect a client that does not read, while others go on', async () => {
    const { url, emit } = await listening()
    const slow = connect(Number(new URL(url).port), HOST)
    slow.pause()
    slow.on('error', () => {})
    const cutOff = new Promise((resolve) => slow.on('close', resolve))
    slow.write(`GET /v1/events HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    const quick = await eventsFrom(url)
    await quick.until('event: forecast')
    const dropped = async () =>
      /dropped_total (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
    const bulk = 'x'.repeat(256 * 1024)
    for (let i = 0; i < 400 && (await dropped()) === '0'; i++) {
      emit(setting(`${bulk}${i}.`))
      await quick.until(`${i}."`)
    }
    expect(await dropped()).toBe('1')
    emit(setting('still here'))
    await quick.until('still here')
    slow.resume()
    await cutOff
    quick.abort()
  })
})

describe('the WebSocket', () => {
  const open = async (url: string, origin?: string) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, origin ? { origin } : {})
    const frames: { id: number; kind: string; data: unknown }[] = []
    socket.on('message', (data) => frames.push(JSON.parse(String(data))))
    const refused = new Promise<number | undefined>((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('open', () => resolve(undefined))
      socket.on('error', () => resolve(0))
    })
    return { socket, frames, refusedWith: await refused }
  }
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 200 && !condition(); i++) await sleep(10)
    expect(condition()).toBe(true)
  }

  it('speaks the same frames as {id, kind, data}', async () => {
    const { url, emit } = await listening()
    const { socket, frames } = await open(url)
    await until(() => frames.length === 4)
    emit(setting(7))
    await until(() => frames.length === 5)
    expect(frames.map(({ kind }) => kind)).toEqual([
      'status',
      'tick',
      'forecast',
      'alert',
      'setting',
    ])
    expect(frames[4]).toEqual({ id: frames[3]!.id + 1, ...setting(7) })
    socket.close()
  })

  it('opens to pages of its own origin and to none of another', async () => {
    const { url } = await listening()
    const own = await open(url, url)
    expect(own.refusedWith).toBeUndefined()
    own.socket.close()
    const foreign = await open(url, 'http://evil.example')
    expect(foreign.refusedWith).toBe(403)
  })

  it('is forgotten when it closes', async () => {
    const { url } = await listening()
    const listeners = async () =>
      /^forescale_event_listeners (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
    const { socket } = await open(url)
    expect(await listeners()).toBe('1')
    socket.close()
    for (let i = 0; i < 100 && (await listeners()) !== '0'; i++) await sleep(10)
    expect(await listeners()).toBe('0')
  })

  it('drops a client that answers no ping', async () => {
    const { url } = await listening(30)
    const { socket } = await open(url)
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.pause()
    await sleep(150)
    socket.resume()
    await closed
  })
})
