/** Where the load comes from: files, one or more columns, counts, the controller's own store; and whose it is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createTestFolder,
  syntheticDays,
  type TestFolder,
} from '../../services/backtest/test-store.ts'
import type { Manifest } from '../../services/kubernetes/manifests/manifest.ts'
import { type LoadOptions, readLoads, seriesOf } from './loads.ts'

let folder: string
let home: TestFolder
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-loads-'))
  home = await createTestFolder()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await home.remove()
})

const options = (more: Partial<LoadOptions>): LoadOptions => ({
  ...{ source: 'csv', counts: false, label: 'service', measurement: 'm', field: 'f', env: {} },
  ...{ days: 10, untilMs: Date.UTC(2026, 10, 20) },
  ...more,
})
function csv(name: string, titles: string): string {
  const file = join(folder, name)
  const width = titles.split(',').length
  const rows = [0, 1, 2, 3].map((k) =>
    [`2026-01-05T00:0${k}:00Z`, ...Array.from({ length: width }, (_, c) => 60 * (k + c))].join(','),
  )
  writeFileSync(file, `time,${titles}\n${rows.join('\n')}\n`)
  return file
}
const manifest = { place: 'hpa.yaml' } as Manifest

describe('a load', () => {
  it('of a file with several columns has a service in each; with one, it is named as the file', async () => {
    const wide = await readLoads(options({ file: csv('all.csv', 'checkout,Search API') }))
    expect(wide.map(({ service }) => service)).toEqual(['checkout', 'search-api'])
    const one = await readLoads(options({ file: csv('checkout.csv', 'rps') }))
    expect(one.map(({ service, stepMs }) => [service, stepMs])).toEqual([['checkout', 60_000]])
    const chosen = options({ file: csv('all.csv', 'a,b,c'), columns: ['c', 'a'] })
    expect((await readLoads(chosen)).map(({ service }) => service)).toEqual(['c', 'a'])
  })

  it('may be counted a step, also after it was put on a longer one', async () => {
    const file = csv('web.csv', 'rps')
    const [counted] = await readLoads(options({ file, counts: true }))
    expect([...counted!.values]).toEqual([0, 1, 2, 3])
    const [longer] = await readLoads(options({ file, counts: true, stepMs: 120_000 }))
    expect([...longer!.values]).toEqual([0.5, 2.5])
  })

  it('comes from the controller’s own store, and makes none where there is none', async () => {
    const configFile = join(home.folder, 'forescale.yaml')
    writeFileSync(configFile, home.configText)
    const stored = options({ source: 'store', configFile })
    await expect(readLoads(stored)).rejects.toThrow('no sample store')
    await home.fill([...syntheticDays('search', 8, 1), ...syntheticDays('auth', 8, 2)])
    const series = await readLoads(stored)
    expect(series.map(({ service }) => service)).toEqual(['auth', 'search'])
    expect(series.map(({ stepMs, values }) => [stepMs, values.length])).toEqual([
      [900_000, 8 * 96],
      [900_000, 8 * 96],
    ])
    expect(series.every(({ values }) => values.every((value) => value >= 0))).toBe(true)
  })

  it('that cannot be meant is refused, naming the option', async () => {
    await expect(readLoads(options({}))).rejects.toThrow('--file: "absent"')
    await expect(readLoads(options({ source: 'prometheus' }))).rejects.toThrow('--server')
    await expect(readLoads(options({ source: 'influx', server: 'http://x' }))).rejects.toThrow(
      '--org',
    )
    const twice = options({ file: csv('twice.csv', 'Web,web') })
    await expect(readLoads(twice)).rejects.toThrow('one series a service')
  })

  it('goes with the manifest that names it, or with the only one', async () => {
    const series = await readLoads(options({ file: csv('all.csv', 'a,b') }))
    expect(seriesOf([{ manifest, service: 'b' }], series)[0]!.service).toBe('b')
    expect(seriesOf([{ manifest, service: 'other' }], series.slice(0, 1))[0]!.service).toBe('a')
    expect(() => seriesOf([{ manifest, service: 'other' }], series)).toThrow('a, b')
  })
})
