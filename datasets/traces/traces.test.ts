/**
 * Traces by name, against real files and a real HTTP server. The origins' forms are checked twice: on a few lines copied
 * from the origins at the commits that the manifest names, and, where the converted traces lie beside the checkout, by
 * turning each of them back into its origin's form and serving that: what is downloaded must have the manifest's checksum.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DatasetError, DatasetUnreachable } from '../dataset-error.ts'
import { listTraces, traceFile } from './library.ts'
import { readTraceManifest } from './manifest.ts'
import { fromOrigin } from './origin-forms.ts'
import { loadTrace, traceSeries } from './trace.ts'
import { manifestFrom } from './write-manifest.ts'

const SHARED = fileURLToPath(new URL('../../../shared/traces', import.meta.url))
const OURS = readTraceManifest(
  readFileSync(new URL('manifest.json', import.meta.url), 'utf8'),
  'ours',
)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

let folder: string
let server: Server | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-traces-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  const closing = server
  server = undefined
  if (closing) await new Promise((done) => closing.close(done))
})

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer)
  server = started
  await new Promise<void>((listening) => started.listen(0, '127.0.0.1', listening))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`
}

/** Nothing but what the test names: no folder beside the checkout, a cache of its own. */
const alone = (env: Record<string, string> = {}) => ({
  env: { XDG_CACHE_HOME: join(folder, 'cache'), ...env },
  besideCheckout: join(folder, 'nowhere'),
})

const HOURLY = 'timestamp,value\n2026-01-05T00:00:00Z,7\n2026-01-05T02:00:00Z,9\n'
function folderOf(text = HOURLY, change: object = {}): string {
  const entry = {
    id: 'shop',
    file: 'shop.csv',
    step_s: 3600,
    value_to_per_second: 1 / 3600,
    sha256: sha256(HOURLY),
    ...change,
  }
  writeFileSync(join(folder, 'shop.csv'), text)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ traces: [entry] }))
  return folder
}

describe('our manifest', () => {
  it('says of every trace where it comes from, who owns it and what it is', () => {
    expect(OURS.traces.length).toBeGreaterThanOrEqual(40)
    expect(new Set(OURS.traces.map(({ id }) => id)).size).toBe(OURS.traces.length)
    for (const trace of OURS.traces) {
      expect(trace.origin?.commit, trace.id).toMatch(/^[0-9a-f]{40}$/)
      expect(trace.licence?.id, trace.id).toMatch(/MIT|CC-BY/)
      expect(trace.licence?.attribution, trace.id).not.toBe('')
      expect([typeof trace.real, typeof trace.derived], trace.id).toEqual(['boolean', 'boolean'])
      for (const url of trace.origin?.raw_urls ?? []) expect(url).toContain(trace.origin!.commit)
    }
  })

  it.runIf(existsSync(SHARED))('is what its script makes of the shared folder', () => {
    expect(JSON.parse(manifestFrom(SHARED))).toEqual(OURS)
  })
})

describe.runIf(existsSync(SHARED))('the shared folder', () => {
  it.each(OURS.traces.map(({ id }) => id))(
    '%s has its checksum and stands on its grid',
    async (id) => {
      const { entry, series, from } = await loadTrace(id, { env: {} })
      expect(from).toBe('folder')
      expect(series.stepMs).toBe(entry.step_s * 1000)
      expect(series.values.filter((v) => !Number.isNaN(v)).length).toBe(entry.n)
      const startMs =
        typeof entry.start === 'string' ? Date.parse(entry.start) : Number(entry.start) * 1000
      expect(series.startMs).toBe(startMs)
    },
  )
})

describe('a folder that is named', () => {
  it('comes first, by option or by FORESCALE_TRACES, and ours stay known', async () => {
    const dir = folderOf()
    for (const options of [{ ...alone(), folder: dir }, alone({ FORESCALE_TRACES: dir })]) {
      const { series } = await loadTrace('shop', { ...options, unit: 'per-second' })
      expect([...series.values]).toEqual([7 / 3600, Number.NaN, 9 / 3600])
      expect(series).toMatchObject({
        service: 'shop',
        metric: 'requests_per_second',
        stepMs: 3_600_000,
      })
      const names = (await listTraces(options)).map(({ entry }) => entry.id)
      expect(names[0]).toBe('shop')
      expect(names).toContain('nab-nyc-taxi')
    }
  })

  it('must have a manifest', async () => {
    await expect(listTraces(alone({ FORESCALE_TRACES: '/no/such' }))).rejects.toThrow(
      /FORESCALE_TRACES: "\/no\/such" .*manifest\.json/,
    )
  })

  it.each([
    [
      'other bytes',
      HOURLY.replace('9', '8'),
      {},
      /shop\.csv \(shop\): "SHA-256 .*allowed: SHA-256/,
    ],
    ['a file elsewhere', HOURLY, { file: '../shop.csv' }, /must be the name of a file beside it/],
    ['no checksum', HOURLY, { sha256: undefined }, /sha256/],
    ['no such file', HOURLY, { file: 'gone.csv' }, /file of shop: ".*gone\.csv"/],
  ])('is refused with %s', async (_what, text, change, message) => {
    const options = { ...alone(), folder: folderOf(text, change) }
    await expect(loadTrace('shop', options)).rejects.toThrow(DatasetError)
    await expect(loadTrace('shop', options)).rejects.toThrow(message)
  })

  it.each([
    [
      'another header',
      'time,value\n2026-01-05T00:00:00Z,7\n',
      /titles: "time,value" .*timestamp,value/,
    ],
    ['a value that is none', HOURLY.replace('9', 'many'), /value: "many" .*finite/],
    ['a time between steps', HOURLY.replace('02:00', '02:10'), /rows: .*multiple of 3600 s/],
    ['a time that is none', HOURLY.replace('2026-01-05T02', 'x'), /row 2: "x:00:00Z"/],
  ])('has files that are refused with %s', async (_what, text, message) => {
    const options = { ...alone(), folder: folderOf(text, { sha256: sha256(text) }) }
    await expect(loadTrace('shop', options)).rejects.toThrow(message)
  })

  it('has no rate where the manifest knows no factor', async () => {
    const options = {
      ...alone(),
      folder: folderOf(HOURLY, { value_to_per_second: null, unit: 'percent' }),
    }
    await expect(loadTrace('shop', { ...options, unit: 'per-second' })).rejects.toThrow(
      /unit: "per-second" .*origin: .*\(percent\) are no rate/,
    )
  })

  it('knows the names that there are', async () => {
    await expect(traceFile('nope', alone())).rejects.toThrow(/trace: "nope" .*ms-mongo-app-01/)
  })
})

describe('a download', () => {
  /** The origin's files of a trace, made from the converted one. */
  function originOf(id: string): string[] | undefined {
    const { origin, file } = OURS.traces.find((trace) => trace.id === id)!
    const rows = readFileSync(join(SHARED, file), 'utf8').trimEnd().split('\n').slice(1)
    const cells = rows.map((row) => row.split(','))
    switch (origin?.form) {
      case 'timestamped-csv':
        return [`timestamp,value,label\r\n${cells.map(([t, v]) => `"${t}",${v},0`).join('\r\n')}`]
      case 'value-a-line':
        return [`${cells.map(([, v]) => v).join('\n')}\n`]
      case 'first-column':
        return [`avg_cpu,avg_mem\n${cells.map(([, v]) => `${v},0.5`).join('\n')}\n`]
      case 'letters-a-line': {
        const lines = cells.map(([t, v]) => `${t} x,|${`,${id.at(-1)}`.repeat(Number(v))},|`)
        const third = Math.ceil(lines.length / 3)
        return [0, 1, 2].map((k) => lines.slice(k * third, (k + 1) * third).join('\n'))
      }
      default:
        return undefined
    }
  }
  const ids = [
    'ms-purchase-02',
    'nab-nyc-taxi',
    'autothrottle-noisy',
    'google2019-cpu',
    'azure-vm-arrivals-o',
  ]

  it.runIf(existsSync(SHARED)).each(ids)('of %s is converted, verified and kept', async (id) => {
    const files = originOf(id)!
    const paths: string[] = []
    const mirror = await serve((request, response) => {
      paths.push(request.url ?? '')
      response.end(files[paths.length - 1])
    })
    const options = alone({ FORESCALE_TRACES_MIRROR: mirror })
    const first = await loadTrace(id, options)
    expect(first.from).toBe('origin')
    expect(sha256(first.text)).toBe(first.entry.sha256)
    expect(paths).toEqual(first.entry.origin!.raw_urls.map((url) => new URL(url).pathname))
    const second = await loadTrace(id, options)
    expect(second.from).toBe('cache')
    expect(second.series).toEqual(first.series)
    expect(paths.length).toBe(files.length)
    // a file in the cache that is not the trace is fetched again
    writeFileSync(first.path, 't,value\n')
    paths.length = 0
    expect((await loadTrace(id, options)).from).toBe('origin')
  })

  it('that is not what it was is refused, and says what to set', async () => {
    const mirror = await serve((_request, response) => response.end('1\n2\n'))
    await expect(
      loadTrace('autothrottle-noisy', alone({ FORESCALE_TRACES_MIRROR: mirror })),
    ).rejects.toThrow(/SHA-256 .*FORESCALE_TRACES set to a folder with .*autothrottle-noisy\.csv/)
  })

  it.each(['surf-week', 'appserver-hourly', 'azure-llm-code'])(
    'of %s is not tried, because its origin is another thing altogether',
    async (id) => {
      await expect(loadTrace(id, alone())).rejects.toThrow(
        new RegExp(`download of ${id}: .*FORESCALE_TRACES set to a folder with .*${id}\\.csv`),
      )
    },
  )

  it.each([
    [
      'an answer that is none',
      (_: unknown, r: { writeHead: (n: number) => { end: () => void } }) => r.writeHead(404).end(),
      /HTTP 404/,
    ],
    [
      'too much',
      (_: unknown, r: { end: (text: string) => void }) => r.end('1\n'.repeat(5000)),
      /larger than 4096 bytes/,
    ],
    ['an answer that does not come', () => {}, /no whole answer within 0\.3 s/],
  ] as const)('is given up with %s', async (_what, answer, message) => {
    const mirror = await serve(answer as RequestListener)
    const options = {
      ...alone({ FORESCALE_TRACES_MIRROR: mirror }),
      limits: { timeoutMs: 300, mostBytes: 4096 },
    }
    const loading = loadTrace('autothrottle-noisy', options)
    await expect(loading).rejects.toThrow(DatasetUnreachable)
    await expect(loading).rejects.toThrow(message)
    server?.closeAllConnections()
  })
})

describe('the form of an origin', () => {
  it('microsoft/cloud-monitoring-dataset: quoted times, a label, no line feed at the end', () => {
    const text = 'timestamp,value,label\n"2018-05-05T22:00:00Z",9,0\n"2018-05-05T23:00:00Z",3,0'
    const ours = fromOrigin('timestamped-csv', [text], { id: 'ms-purchase-02', stepSeconds: 3600 })
    expect(ours).toBe('timestamp,value\n2018-05-05T22:00:00Z,9\n2018-05-05T23:00:00Z,3\n')
  })

  it('numenta/NAB: times without a zone are UTC, floored to the step; 94.0 is 94', () => {
    const text = 'timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.5\n'
    expect(fromOrigin('timestamped-csv', [text], { id: 'x', stepSeconds: 300 })).toBe(
      'timestamp,value\n2014-04-10T00:00:00Z,94\n2014-04-10T00:05:00Z,56.5\n',
    )
  })

  it('alejandrofdez-us: the first column, seven digits', () => {
    const text =
      'avg_cpu,avg_mem,avg_assigned_mem\n0.4416155843647663,0.33,0.62\n0.4331291456739953,0.32,0.61\n'
    expect(fromOrigin('first-column', [text], { id: 'google2019-cpu', stepSeconds: 300 })).toBe(
      't,value\n0,0.4416156\n300,0.4331291\n',
    )
  })

  it('huaweicloud: a letter a machine, "|" between tenants, files one after the other', () => {
    const files = ['300 b,b,|,g,|,b,|\n', '600 m,|\n']
    expect(
      fromOrigin('letters-a-line', files, { id: 'azure-vm-arrivals-b', stepSeconds: 300 }),
    ).toBe('t,value\n300,3\n600,0\n')
  })

  it('is refused by its titles', () => {
    expect(() =>
      fromOrigin('timestamped-csv', ['a,b\n1,2\n'], { id: 'x', stepSeconds: 1 }),
    ).toThrow(/the origin of x: "a,b" .*timestamp and value/)
  })
})

describe('seconds from the start', () => {
  it('begin at 1970 and keep their offset', () => {
    const entry = { ...OURS.traces[0]!, id: 't', time_column: 't' as const, step_s: 300 }
    const series = traceSeries('t,value\n300,1\n900,\n1200,4\n', entry, 'origin')
    expect(series.startMs).toBe(300_000)
    expect([...series.values]).toEqual([1, Number.NaN, Number.NaN, 4])
  })
})
