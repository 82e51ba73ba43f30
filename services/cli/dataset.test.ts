/** `forescale dataset` as a person types it: real files, a real cache, a real HTTP API over the real store's rules. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDataset } from '../../datasets/dataset.ts'
import { syntheticSeries } from '../../datasets/synthetic.ts'
import { createApp } from '../http/app.ts'
import * as examples from '../http/examples.ts'
import { serve } from '../http/server.ts'
import { createTestPlane } from '../http/test-plane.ts'
import { createTestLedger } from '../http/test-stores.ts'
import { createMemoryStore } from '../stores/memory.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { runCommand } from './test-run.ts'

const DAY_MS = 86_400_000
const NOW_MS = examples.tick.atMs

let folder: string
let store: SampleStore
let api: Awaited<ReturnType<typeof serve>>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-dataset-'))
  store = createMemoryStore({ retentionMs: 7 * DAY_MS })
  const { control } = createTestPlane(store)
  const app = createApp({ control, store, ledger: createTestLedger() })
  api = await serve(app, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

const run = (argv: readonly string[], env: Record<string, string> = {}, isTTY = false) =>
  runCommand(['dataset', ...argv], {
    env: { FORESCALE_URL: api.url, XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    isTTY,
    nowMs: () => NOW_MS,
  })
const write = (name: string, text: string) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
function traces(): string {
  const text =
    'timestamp,value\n2026-01-05T00:00:00Z,7200\n2026-01-05T01:00:00Z,\n2026-01-05T02:00:00Z,3600\n2026-01-05T03:00:00Z,0\n'
  write('shop.csv', text)
  const entry = {
    id: 'shop-hourly',
    file: 'shop.csv',
    description: 'Requests of a shop',
    unit: 'requests/hour',
    value_to_per_second: 1 / 3600,
    step_s: 3600,
    n: 3,
    real: true,
    origin: { repo: 'a/b', path: 'shop.csv', commit: '0'.repeat(40) },
    licence: { id: 'MIT', attribution: 'Copyright A' },
    sha256: createHash('sha256').update(text).digest('hex'),
  }
  write('manifest.json', JSON.stringify({ traces: [entry] }))
  return folder
}

describe('list and show', () => {
  it('name every trace with where it comes from, and every workload as synthetic', async () => {
    const { code, out, err } = await run(['list', '--folder', traces()])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/shop-hourly +60 min +0\.13 +MIT +folder +Requests of a shop/)
    expect(out).toMatch(/nab-nyc-taxi +30 min +215 +MIT/)
    expect(out).toMatch(/SYNTHETIC +WHAT\n/)
    expect(out).toMatch(/regime-change +level and hour of the peak/)
    const json = JSON.parse((await run(['list', '--json'], { FORESCALE_TRACES: folder })).out)
    expect(json.traces[0]).toMatchObject({ id: 'shop-hourly', from: 'folder' })
    expect(json.workloads[0]).toMatchObject({ id: 'weekday', synthetic: true })
  })

  it('show licence, origin and figures', async () => {
    const { out } = await run(['show', 'shop-hourly', '--folder', traces()])
    for (const part of ['MIT; Copyright A', 'a/b shop.csv', 'requests/hour', 'on this machine'])
      expect(out).toContain(part)
    expect(out).toContain(
      '4 steps from 2026-01-05 00:00:00 UTC, 1 missing; mean 3600, 0.00 to 7200',
    )
    expect((await run(['show', 'bursty'])).out).toContain('synthetic')
    const json = JSON.parse((await run(['show', 'shop-hourly', '--json', '--folder', folder])).out)
    expect(json).toMatchObject({ synthetic: false, values: { steps: 4, missing: 1 } })
  })
})

describe('fetch', () => {
  it('says where the verified file lies', async () => {
    const { code, out } = await run(['fetch', 'shop-hourly', '--folder', traces()])
    expect([code, out]).toEqual([
      0,
      `shop-hourly  ${join(folder, 'shop.csv')}  (folder, checksum is right)\n`,
    ])
  })

  it('ends with 2 where there is nothing to fetch', async () => {
    const entry = { id: 'gone', file: 'gone.csv', step_s: 60, sha256: '0'.repeat(64) }
    write('manifest.json', JSON.stringify({ traces: [entry] }))
    expect(await run(['fetch', 'gone', '--folder', folder])).toMatchObject({
      code: 2,
      err: expect.stringContaining('file of gone:'),
    })
    expect(await run(['fetch', 'bursty'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('export it'),
    })
  })

  it('ends with 4 when the origin does not answer', async () => {
    const raw = `https://raw.githubusercontent.com/a/b/${'0'.repeat(40)}/far.txt`
    const origin = {
      repo: 'a/b',
      path: 'far.txt',
      commit: '0'.repeat(40),
      raw_urls: [raw],
      form: 'value-a-line',
    }
    const entry = { id: 'far', file: 'far.csv', step_s: 60, sha256: '0'.repeat(64), origin }
    write('manifest.json', JSON.stringify({ traces: [entry] }))
    const env = { FORESCALE_TRACES_MIRROR: 'http://127.0.0.1:1' }
    expect(await run(['fetch', 'far', '--folder', folder], env)).toMatchObject({
      code: 4,
      err: expect.stringContaining('http://127.0.0.1:1/a/b/'),
    })
  })
})

describe('export', () => {
  it.each(['csv', 'parquet'] as const)(
    'writes %s that reads back as the series',
    async (format) => {
      const file = join(folder, `out.${format}`)
      const argv = [
        'export',
        'shop-hourly',
        '--folder',
        traces(),
        '--format',
        format,
        '--out',
        file,
      ]
      const { code, out, err } = await run([...argv, '--per-second'])
      expect([code, out]).toEqual([0, ''])
      expect(err).toContain(`${file}: 4 steps of 3600 s`)
      const [read] = await readDataset({ kind: format, file })
      expect(read?.series).toMatchObject({ metric: 'requests_per_second', stepMs: 3_600_000 })
      expect([...read!.series.values]).toEqual([2, Number.NaN, 1, 0])
    },
  )

  it('of a synthetic workload is its name, seed and span', async () => {
    const file = join(folder, 'bursty.csv')
    const argv = [
      'export',
      'bursty',
      '-o',
      file,
      '--seed',
      '7',
      '--days',
      '2',
      '--step',
      '1h',
      '--json',
    ]
    const { out } = await run(argv)
    expect(JSON.parse(out)).toMatchObject({
      name: 'bursty',
      format: 'csv',
      steps: 48,
      stepMs: 3_600_000,
    })
    const expected = syntheticSeries('bursty', { seed: 7, days: 2, stepMs: 3_600_000 })
    const [read] = await readDataset({ kind: 'csv', file, service: 'bursty' })
    expect(read?.series).toEqual(expected)
    const first = readFileSync(file)
    await run(argv)
    expect(readFileSync(file).equals(first)).toBe(true)
  })

  it('resamples onto a longer step', async () => {
    const file = join(folder, 'out.csv')
    const argv = ['export', 'shop-hourly', '--folder', traces(), '-o', file, '--resample', '2h']
    expect((await run([...argv, '--by', 'max'])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(
      'timestamp,value\n2026-01-05T00:00:00Z,7200\n2026-01-05T02:00:00Z,3600\n',
    )
  }, 60_000)
})

describe('import', () => {
  const hourly = (name: string) =>
    write(
      name,
      'time,requests_per_second\n2020-01-01T00:00:00Z,1\n2020-01-01T01:00:00Z,\n2020-01-01T02:00:00Z,3\n',
    )
  const grid = (fromMs: number, stepMs: number, steps: number) =>
    store.grid({
      metric: 'requests_per_second',
      services: ['search'],
      fromMs,
      toMs: fromMs + steps * stepMs,
      stepMs,
    })

  it('puts each value into the cell of its step, gaps stay gaps, and the last step ends now', async () => {
    const { code, out, err } = await run(['import', hourly('search.csv'), '--end-now'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('requests_per_second of search, 2 of 2 samples stored')
    const hour = 3_600_000
    const lastMs = Math.floor(NOW_MS / hour) * hour
    expect([...(await grid(lastMs - 3 * hour, hour, 3))]).toEqual([1, Number.NaN, 3])
  })

  it('repeats each value within its step for a finer store', async () => {
    const { out } = await run([
      'import',
      hourly('search.csv'),
      '--end-now',
      '--every',
      '15m',
      '--json',
    ])
    expect(JSON.parse(out).files[0].series).toEqual([
      {
        service: 'search',
        metric: 'requests_per_second',
        steps: 3,
        sent: 8,
        accepted: 8,
        rejected: {},
        report: null,
      },
    ])
    const quarter = 900_000
    const endsMs = Math.floor(NOW_MS / 3_600_000) * 3_600_000
    const expected = [1, 1, 1, 1, NaN, NaN, NaN, NaN, 3, 3, 3, 3]
    expect([...(await grid(endsMs - 12 * quarter, quarter, 12))]).toEqual(expected)
  })

  it('goes in batches, and shows how far it is where a person looks', async () => {
    const rows = Array.from(
      { length: 250 },
      (_, i) => `${(NOW_MS - (250 - i) * 15_000) / 1000},${i}`,
    )
    const file = write('search.csv', `t,value\n${rows.join('\n')}\n`)
    const { code, err, out } = await run(['import', file, '--batch', '100'], {}, true)
    expect(code).toBe(0)
    for (const sent of [100, 200, 250]) expect(err).toContain(`of search, ${sent} of 250 samples`)
    expect(out).toContain('250 of 250 samples stored')
  })

  it('says what was repaired', async () => {
    const at = (seconds: number) => new Date(NOW_MS - 3_600_000 + seconds * 1000).toISOString()
    const rows = [`${at(0)},5`, `${at(60)},6`, `${at(60)},7`, `${at(30)},-1`, `${at(180)},9`]
    const file = write('search.csv', `timestamp,value\n${rows.join('\n')}\n`)
    const { code, err } = await run(['import', file, '--step', '1m'])
    expect(code).toBe(0)
    expect(err).toContain('cleaned 5 readings: 1 negative, 1 duplicates, 1 outOfOrder, 1 gaps')
  }, 60_000)

  it('ends with 1 and says what to do when nothing can be stored', async () => {
    const old = await run(['import', hourly('search.csv')])
    expect(old).toMatchObject({ code: 1, err: expect.stringContaining('2 refused, too-old') })
    expect(old.err).toContain('--end-now')
    const unknown = await run(['import', hourly('unheard-of.csv'), '--end-now'])
    expect(unknown).toMatchObject({
      code: 1,
      err: expect.stringContaining('2 refused, unknown-service'),
    })
    expect(unknown.err).toContain('--service')
  })

  it('ends with 4 without a controller', async () => {
    const argv = ['import', hourly('search.csv'), '--end-now', '--url', 'http://127.0.0.1:9']
    expect(await run(argv)).toMatchObject({
      code: 4,
      err: expect.stringContaining('cannot be reached'),
    })
  })
})

describe('faults', () => {
  const two = () =>
    write('two.csv', 'time,a,b\n2020-01-01T00:00:00Z,1,2\n2020-01-01T01:00:00Z,1,2\n')
  it.each([
    [['show', 'nope'], 'name: "nope" is not allowed; allowed: '],
    [
      ['list', '--folder', '/no/such'],
      'folder: "/no/such" is not allowed; allowed: a folder with a manifest.json',
    ],
    [['export', 'bursty'], "required option '-o, --out <file>' not specified"],
    [['export', 'bursty', '-o', 'x', '--format', 'xml'], 'Allowed choices are csv, parquet'],
    [
      ['export', 'bursty', '-o', 'x', '--step', '5'],
      '--step: "5" is not allowed; allowed: a whole number above 0 and ms',
    ],
    [
      ['export', 'bursty', '-o', 'x', '--resample', '7m'],
      'stepMs: "420000" is not allowed; allowed: a multiple',
    ],
    [['export', 'bursty', '-o', 'x', '--per-second'], '--per-second'],
    [
      ['export', 'nab-nyc-taxi', '-o', 'x', '--seed', '1'],
      '--seed: "1" is not allowed; allowed: with a synthetic',
    ],
    [
      ['import', 'x.txt'],
      'file: "x.txt" is not allowed; allowed: a name that ends in .csv or .parquet',
    ],
    [['import', '/no/such.csv'], 'file: "/no/such.csv"'],
    [
      ['import', 'a.csv', 'b.csv', '--service', 's'],
      '--service: "s" is not allowed; allowed: with one file',
    ],
    [['import', 'TWO', '--metric', 'm'], 'metric: "m" is not allowed'],
    [
      ['import', 'TWO', '--every', '7m'],
      '--every: "7m" is not allowed; allowed: a whole part of the series\' step, 3600 s',
    ],
    [['import', 'TWO', '--service', 'Not A Name'], 'DNS label'],
  ])('%j ends with 2 and says why', async (argv, message) => {
    const file = two()
    const { code, out, err } = await run(argv.map((word) => (word === 'TWO' ? file : word)))
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })

  it('a file that cannot be written ends with 1', async () => {
    expect(
      await run(['export', 'bursty', '--days', '1', '-o', '/no/such/folder/x.csv']),
    ).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be written'),
    })
  })

  it('help of every command has examples', async () => {
    for (const name of ['list', 'show', 'fetch', 'export', 'import'])
      expect((await run([name, '--help'])).out).toContain('Examples:')
  })
})
