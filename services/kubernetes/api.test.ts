/** The client of the API server against a stand-in that refuses, is busy, breaks off and falls silent. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, describe, expect, it } from 'vitest'
import { ApiError, type ClusterApi, createClusterApi } from './api.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const json =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body))
const ok = json(200, { kind: 'Scale' })
const busy = (afterSeconds: string) =>
  json(429, { message: 'too many requests' }, { 'retry-after': afterSeconds })
const broken: Answer = (response) => void response.destroy()
const silent: Answer = () => {}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Served {
  readonly api: ClusterApi
  /** When requests came, ms. */
  readonly cameMs: number[]
  /** What was counted of requests. */
  readonly told: string[]
  connections(): number
}

/** The last answer stays. */
async function serve(...answers: readonly Answer[]): Promise<Served> {
  const cameMs: number[] = []
  let connections = 0
  const server = createServer((request, response) => {
    const answer = answers[Math.min(cameMs.length, answers.length - 1)]!
    cameMs.push(performance.now())
    request.resume().on('end', () => answer(response, request))
  })
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const config = new KubeConfig()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const cluster = { name: 'test', server: url, skipTLSVerify: true }
  config.loadFromClusterAndUser(cluster, { name: 'test', token: 'token' })
  const told: string[] = []
  const api = createClusterApi(config, ({ operation }, _seconds, failed) => {
    told.push(failed ? `${operation} failed` : operation)
  })
  closers.push(async () => {
    await api.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { api, cameMs, told, connections: () => connections }
}

const put = ({ api }: Served, request: { deadlineMs?: number; once?: boolean } = {}) =>
  api.request('PUT', '/scale', { body: {}, ...request })

describe('a request', () => {
  it('that the server puts off is sent again when it asks for that, and not before', async () => {
    const served = await serve(busy('1'), ok)
    expect(await put(served)).toEqual({ kind: 'Scale' })
    expect(served.cameMs).toHaveLength(2)
    expect(served.cameMs[1]! - served.cameMs[0]!).toBeGreaterThanOrEqual(1000)
  })

  it('that breaks off, or meets a server that is not well, is sent again', async () => {
    const served = await serve(broken, json(503, { message: 'starting' }), ok)
    expect(await put(served)).toEqual({ kind: 'Scale' })
    expect(served.api.calls()).toEqual(new Map([['PUT', 3]]))
    expect(served.told).toEqual(['PUT failed', 'PUT failed', 'PUT'])
  })

  it('that is refused is not sent again, and the server is quoted', async () => {
    const refusal = { message: 'web was changed', reason: 'Conflict' }
    const served = await serve(json(409, refusal))
    const error = await put(served).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 409, ...refusal })
    expect(served.told).toEqual(['PUT'])
    expect(served.cameMs).toHaveLength(1)
  })

  it.each([
    ['that is put off for longer than its deadline says so at once', busy('60'), 'too many'],
    ['that is not answered ends with its deadline', silent, 'timeout'],
  ])('%s', async (_, answer, message) => {
    const served = await serve(answer)
    const startedMs = performance.now()
    await expect(put(served, { deadlineMs: 1000 })).rejects.toThrow(message)
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(served.cameMs).toHaveLength(1)
  })

  it('ends with its deadline also while it waits to be sent again', async () => {
    const served = await serve(json(503, { message: 'starting' }))
    const startedMs = performance.now()
    await expect(put(served, { deadlineMs: 120 })).rejects.toThrow('starting')
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })

  it('that is to be sent once is, whatever comes of it', async () => {
    for (const answer of [busy('0'), broken, json(503, {})]) {
      const served = await serve(answer, ok)
      await expect(put(served, { once: true })).rejects.toThrow()
      expect(served.cameMs).toHaveLength(1)
    }
  })

  it('goes over a connection that is there', async () => {
    const served = await serve(ok)
    for (let n = 0; n < 20; n++) await put(served)
    expect(served.connections()).toBeLessThan(4)
  })

  it('that is under way ends when the client is closed', async () => {
    const served = await serve(silent)
    const asked = put(served)
    const ended = expect(asked).rejects.toThrow()
    await expect.poll(() => served.cameMs.length).toBe(1)
    await served.api.close()
    await ended
  })
})

describe('a watch', () => {
  it('gives line after line, however they are cut up on the way', async () => {
    const lines = [{ type: 'ADDED', object: { name: 'wé' } }, { type: 'BOOKMARK' }]
    const bytes = Buffer.from(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    const served = await serve(async (response) => {
      response.writeHead(200)
      for (const byte of bytes) {
        response.write(Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    })
    const seen: unknown[] = []
    const signal = new AbortController().signal
    for await (const line of await served.api.watch('/pods', {}, signal)) seen.push(line)
    expect(seen).toEqual(lines)
  })

  it('that is refused says why', async () => {
    const served = await serve(json(410, { message: 'too old', reason: 'Expired' }))
    const signal = new AbortController().signal
    await expect(served.api.watch('/pods', {}, signal)).rejects.toMatchObject({ status: 410 })
  })
})
