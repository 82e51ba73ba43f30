/** HTTPS with real certificates: both versions of HTTP, client certificates, certificates that change, and files that are wrong. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connect2 } from 'node:http2'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { FileError } from '../follow-files.ts'
import { createApp } from './app.ts'
import { type Listening, serve } from './server.ts'
import { createTestParts } from './test-plane.ts'

let folder: string
const opened: Listening[] = []
const at = (name: string) => path.join(folder, name)
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })

function certificate(name: string, issuer?: string): void {
  const subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)]
  const by = issuer ? ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`)] : []
  openssl('req', '-x509', ...subject, ...names, ...files, ...by)
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'forescale-tls-'))
  certificate('ca')
  certificate('first', 'ca')
  certificate('second', 'ca')
  certificate('client', 'ca')
  certificate('stranger')
  use('first')
})
afterAll(async () => {
  for (const server of opened) await server.close()
  rmSync(folder, { recursive: true })
})
function use(name: string): void {
  copyFileSync(at(`${name}.pem`), at('live.pem'))
  copyFileSync(at(`${name}.key`), at('live.key'))
}

async function start(clientCaFile?: string): Promise<string> {
  const files = { certFile: at('live.pem'), keyFile: at('live.key') }
  const server = await serve(createApp(createTestParts()), {
    ...{ host: '127.0.0.1', port: 0, certificatesEveryMs: 50 },
    tls: { ...files, ...(clientCaFile ? { clientCaFile } : {}) },
  })
  opened.push(server)
  return server.url
}

const readCa = () => execFileSync('cat', [at('ca.pem')])
const clientFiles = (name: string) => ({
  cert: execFileSync('cat', [at(`${name}.pem`)]),
  key: execFileSync('cat', [at(`${name}.key`)]),
})

function get(url: string, extra: object = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const asked = request(`${url}/livez`, { ca: readCa(), agent: false, ...extra }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code ?? error)))
    asked.end()
  })
}

function get2(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connect2(url, { ca: readCa() })
    session.on('error', reject)
    const stream = session.request({ ':path': '/livez' })
    stream.on('response', (headers) => {
      resolve(Number(headers[':status']))
      stream.close()
      session.close()
    })
    stream.end()
  })
}

function nameShown(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      },
    )
  })
}

describe('over TLS', () => {
  it('both versions of HTTP are spoken, events by WebSocket too, and closing ends', async () => {
    const url = await start()
    expect(await get(url)).toBe(200)
    expect(await get2(url)).toBe(200)
    const socket = new WebSocket(`${url.replace('https', 'wss')}/v1/ws`, { ca: readCa() })
    const first = await new Promise((resolve, reject) => {
      socket.on('message', (data) => resolve(JSON.parse(String(data)).kind))
      socket.on('error', reject)
    })
    expect(first).toBe('status')
    await opened.pop()!.close()
    await expect(get(url)).resolves.toBe('ECONNREFUSED')
  })

  it('old protocols and plain HTTP are refused', async () => {
    const url = await start()
    expect(await get(url, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).not.toBe(200)
    const plain = await fetch(`${url.replace('https', 'http')}/livez`).then(
      ({ status }) => status,
      () => 'refused',
    )
    expect(plain).toBe('refused')
  })

  it('a changed certificate is taken up, a broken one is not', async () => {
    const url = await start()
    expect(await nameShown(url)).toBe('first')
    use('second')
    for (let i = 0; i < 100 && (await nameShown(url)) !== 'second'; i++) await sleep(50)
    expect(await nameShown(url)).toBe('second')
    writeFileSync(at('live.pem'), 'no certificate')
    await sleep(300)
    expect(await nameShown(url)).toBe('second')
    use('first')
  })

  it('clients must show a certificate where that is asked for', async () => {
    const url = await start(at('ca.pem'))
    expect(await get(url, clientFiles('client'))).toBe(200)
    expect(await get(url)).not.toBe(200)
    expect(await get(url, clientFiles('stranger'))).not.toBe(200)
  })

  it('files that cannot be read are named', async () => {
    const tls = { certFile: at('none.pem'), keyFile: at('live.key') }
    const refused = serve(createApp(createTestParts()), { host: '127.0.0.1', port: 0, tls })
    await expect(refused).rejects.toThrow(FileError)
    await expect(refused).rejects.toThrow(/http\.tls\.certFile: ".*none\.pem" cannot be read/)
  })
})
