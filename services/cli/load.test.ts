/** `forescale load` as a person types it: a real target, real files, and Ctrl-C on a real process. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './main.ts'

const LAUNCHER = resolve('services/cli/forescale.js')

let server: Server
let target: string
let folder: string
let asked: string[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-load-'))
  server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`)
    setTimeout(() => res.end('ok'), 5)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  target = `http://127.0.0.1:${address.port}/work`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

async function load(...argv: string[]) {
  asked = []
  let out = ''
  let err = ''
  const code = await runCli(['load', ...argv], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: { XDG_CACHE_HOME: folder },
    nowMs: () => Date.UTC(2026, 10, 21),
  })
  return { code, out, err }
}
const write = (name: string, text: string) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
const hours = (values: readonly number[]) =>
  `time,load,other\n${values.map((v, h) => `2026-01-05T${String(h).padStart(2, '0')}:00:00Z,${v},1`).join('\n')}\n`

describe('forescale load', () => {
  it('sends a workload and says what came of it, on the terminal and in files', async () => {
    const out = join(folder, 'results')
    const args = ['--workload', 'steady', '--peak', '60', '--for', '2s', '--seed', '3']
    const { code, out: said, err } = await load('-t', target, ...args, '--out', out)
    expect(code).toBe(0)
    expect(err).toContain(`GET ${target}: workload steady (synthetic), peak 60.0 requests/s`)
    expect(said).toMatch(/OUTSIDE SLO/)
    expect(said).toContain(`answers: 200 ×${asked.length}`)
    const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'))
    expect(results).toMatchObject({
      ...{ format: 'forescale-load/1', seed: 3, ended: 'complete', durationMs: 2000 },
      total: { arrivals: asked.length, good: asked.length, failures: 0 },
    })
    const rows = readFileSync(join(out, 'intervals.csv'), 'utf8').trim().split('\n')
    expect(rows).toHaveLength(3)

    const again = await load('-t', target, ...args, '--json')
    const second = JSON.parse(again.out)
    expect(second.arrivalsHash).toBe(results.arrivalsHash)
    expect(second.total.arrivals).toBe(results.total.arrivals)
  })

  it('shows a plan without sending anything; a file ends the replay', async () => {
    const file = write('day.csv', hours([10, 40, 0, 20]))
    const args = ['--csv', file, '--column', 'load', '--peak', '80', '--compress', '3600']
    const { code, out, err } = await load('-t', target, ...args, '--plan')
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(asked).toEqual([])
    const stages = out.trim().split('\n').slice(2)
    expect(stages.map((line) => line.trim().split(/\s+/))).toEqual([
      ['0:00', '0:01', '20.0', '20.0'],
      ['0:01', '0:02', '80.0', '80.0'],
      ['0:02', '0:03', '0.00', '0.00'],
      ['0:03', '0:04', '40.0', '40.0'],
    ])
    const asJson = await load('-t', target, ...args, '--plan', '--json')
    expect(JSON.parse(asJson.out)).toMatchObject({
      source: { name: 'day.csv', synthetic: false },
      stages: [{ meanRps: 20 }, { meanRps: 80 }, { meanRps: 0 }, { meanRps: 40 }],
    })
  })

  it('replays a trace of a folder; what nobody measured is bridged, and it says so', async () => {
    const text =
      'timestamp,value\n2026-01-05T00:00:00Z,30\n2026-01-05T01:00:00Z,\n2026-01-05T02:00:00Z,60\n'
    write('shop.csv', text)
    const entry = {
      ...{ id: 'shop-hourly', file: 'shop.csv', description: 'A shop', unit: 'requests/hour' },
      ...{ value_to_per_second: 1 / 3600, step_s: 3600, n: 2, real: true },
      origin: { repo: 'a/b', path: 'shop.csv', commit: '0'.repeat(40) },
      licence: { id: 'MIT', attribution: 'Copyright A' },
      sha256: createHash('sha256').update(text).digest('hex'),
    }
    write('manifest.json', JSON.stringify({ traces: [entry] }))
    const args = ['--trace', 'shop-hourly', '--folder', folder, '--peak', '40']
    const { code, err } = await load('-t', target, ...args, '--compress', '10800')
    expect(code).toBe(0)
    expect(err).toContain('trace shop-hourly, peak 40.0 requests/s, ×10800 time, 1 s, seed 1')
    expect(err).toContain('60 min of the source were not measured: the value before them holds')
    // a third of a second each at 20, 20 and 40 requests/s: five deviations of a Poisson count
    expect(Math.abs(asked.length - 80 / 3)).toBeLessThan(5 * Math.sqrt(80 / 3))
  })

  it('says when peaks are cut', async () => {
    const { err, code } = await load(
      ...['-t', target, '-w', 'steady', '--peak', '100', '--for', '1s', '--max-rps', '20'],
    )
    expect(code).toBe(0)
    expect(err).toContain('peaks above 20 requests/s are cut')
    expect(asked.length).toBeLessThanOrEqual(21)
  })

  const W = ['-w', 'steady', '--peak', '10', '--for', '1s']
  it.each([
    ['target: "http://10.1.2.3" is not allowed', ['-t', 'http://10.1.2.3/', ...W]],
    ['--allow-remote', ['-t', 'http://10.1.2.3/', ...W]],
    ['target: "nonsense" is not allowed', ['-t', 'nonsense', ...W]],
    ['what to send is missing', ['-t', 'http://127.0.0.1/', '--peak', '1']],
    ['cannot be used with', ['-t', 'http://127.0.0.1/', ...W, '--trace', 'x']],
    ['Allowed choices are', ['-t', 'http://127.0.0.1/', '-w', 'nope', '--peak', '1']],
    [
      'allowed: above 0, at most 100000',
      ['-t', 'http://127.0.0.1/', '-w', 'steady', '--peak', '1e6'],
    ],
    ['required option', ['-t', 'http://127.0.0.1/', '-w', 'steady']],
    [
      'for: "9d" is not allowed; allowed: at most 7d',
      ['-t', 'http://127.0.0.1/', ...W, '--for', '9d'],
    ],
    ['slo: "fast" is not allowed', ['-t', 'http://127.0.0.1/', ...W, '--slo', 'fast']],
    [
      'header: "nonsense" is not allowed',
      ['-t', 'http://127.0.0.1/', ...W, '--header', 'nonsense'],
    ],
    ['body: "/no/such" cannot be read', ['-t', 'http://127.0.0.1/', ...W, '--body', '@/no/such']],
    [
      'file: "/no/such.csv" is not allowed',
      ['-t', 'http://127.0.0.1/', '--csv', '/no/such.csv', '--peak', '1'],
    ],
  ])('refuses with 2: %s', async (words, argv) => {
    const { code, err, out } = await load(...argv)
    expect(err).toContain(words)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(asked).toEqual([])
  })

  it('names the columns of a file that has several', async () => {
    const file = write('two.csv', hours([1, 2]))
    const { code, err } = await load('-t', target, '--csv', file, '--peak', '1')
    expect(code).toBe(2)
    expect(err).toContain('column: "absent" is not allowed; allowed: one of load, other')
  })

  it('4: nobody answers', async () => {
    const { code, err } = await load(
      ...['-t', 'http://127.0.0.1:9/', '-w', 'steady', '--peak', '50', '--for', '1s'],
    )
    expect(code).toBe(4)
    expect(err).toMatch(
      /http:\/\/127\.0\.0\.1:9 never answered: \d+ requests ended with ECONNREFUSED/,
    )
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('130: %s keeps the results', async (signal) => {
    asked = []
    const args = ['load', '-t', target, '-w', 'steady', '--peak', '100', '--for', '60s', '--json']
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let out = ''
    child.stdout.on('data', (text) => (out += text))
    const ended = new Promise<number | null>((done) => child.once('close', done))
    while (asked.length < 40) await new Promise((wake) => setTimeout(wake, 20))
    child.kill(signal)
    expect(await ended).toBe(130)
    const { ended: how, total } = JSON.parse(out)
    expect(how).toBe('interrupted')
    expect(total.arrivals).toBe(asked.length)
    expect(total.good + total.unfinished).toBe(asked.length)
  })
})
