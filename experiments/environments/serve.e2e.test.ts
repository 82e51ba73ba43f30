import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'

const SERVE = path.join(import.meta.dirname, 'serve.ts')
const run = promisify(execFile)
const config = {
  kind: 'single-service',
  historyDays: 1,
  episodeTicks: 3,
  service: { load: { kind: 'synthetic', days: 3, stepSeconds: 600 } },
}

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [SERVE, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  started.push(child)
  return child
}

async function listening(): Promise<number> {
  const child = start('--port', '0')
  const [line] = await once(createInterface(child.stdout!), 'line')
  const { listening: address } = JSON.parse(line as string)
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/)
  return Number((address as string).split(':')[1])
}

/** All lines until the other side hangs up. */
async function linesUntilEnd(port: number, text: string, end: boolean): Promise<unknown[]> {
  const socket = connect(port, '127.0.0.1')
  if (end) socket.end(text)
  else socket.write(text)
  const lines: unknown[] = []
  for await (const line of createInterface(socket)) lines.push(JSON.parse(line))
  return lines
}

const requests = [
  { id: 1, method: 'make', params: { config } },
  { id: 2, method: 'reset', params: { environment: 'e1', seed: 1 } },
  { id: 3, method: 'step', params: { environment: 'e1', action: 1 } },
]
const text = `${requests.map((request) => JSON.stringify(request)).join('\n')}\n`

describe('serve.ts', () => {
  it('says what it is', async () => {
    const { stdout } = await run(process.execPath, [SERVE, '--help'])
    expect(stdout).toMatch(/Usage: serve/)
    expect(stdout).toMatch(/PROTOCOL\.md/)
  })

  it('prints what a configuration may hold', async () => {
    const { stdout } = await run(process.execPath, [SERVE, '--schema'])
    const kinds = JSON.parse(stdout).$defs.EnvironmentConfig.oneOf.map(
      (one: { properties: { kind: { const: string } } }) => one.properties.kind.const,
    )
    expect(kinds).toEqual(['single-service', 'multi-agent', 'hierarchical'])
  })

  it('refuses a wrong port with what is allowed', async () => {
    const failed = run(process.execPath, [SERVE, '--port', '99999'])
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/0 .*65535/),
    })
  })

  it('answers line by line on standard input, and ends with it', async () => {
    const child = start()
    const lines: unknown[] = []
    createInterface(child.stdout!).on('line', (line) => lines.push(JSON.parse(line)))
    child.stdin!.end(text)
    const [code] = await once(child, 'close')
    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { id: 1, result: { environment: 'e1' } },
      { id: 2, result: { info: { tick: 0 } } },
      { id: 3, result: { info: { tick: 1 }, truncated: false } },
    ])
  })

  it('serves each connection by itself', async () => {
    const port = await listening()
    const both = await Promise.all([
      linesUntilEnd(port, text, true),
      linesUntilEnd(port, text, true),
    ])
    expect(both[0]).toHaveLength(3)
    expect(both[1]).toEqual(both[0])
  })

  it('hangs up on what is no request, so that no page in a browser can drive it', async () => {
    const port = await listening()
    const http = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${text}`
    const lines = await linesUntilEnd(port, http, false)
    expect(lines).toEqual([
      { id: null, error: expect.objectContaining({ code: 'invalid-request' }) },
    ])
  })

  it('does not gather a line without end, and goes on for others', async () => {
    const port = await listening()
    const socket = connect(port, '127.0.0.1')
    // what it did not read any more may come back as a reset
    const ended = new Promise((resolve) => socket.once('close', resolve).on('error', resolve))
    socket.resume()
    const endless = setInterval(() => socket.write('x'.repeat(100_000)), 1)
    await ended
    clearInterval(endless)
    socket.destroy()
    expect(await linesUntilEnd(port, text, true)).toHaveLength(3)
  })

  it('answers the examples of PROTOCOL.md as it says there', async () => {
    const protocol = await readFile(path.join(import.meta.dirname, 'PROTOCOL.md'), 'utf8')
    const [, example] = protocol.match(/```jsonl\n([\s\S]*?)```/)!
    const pairs = example!.trim().split('\n')
    const child = start()
    const lines = createInterface(child.stdout!)
    for (let i = 0; i < pairs.length; i += 2) {
      const answered = once(lines, 'line')
      child.stdin!.write(`${pairs[i]!.replace(/^→ /, '')}\n`)
      const [answer] = await answered
      expect(JSON.parse(answer as string)).toMatchObject(
        JSON.parse(pairs[i + 1]!.replace(/^← /, '')),
      )
    }
    child.stdin!.end()
  })
})
