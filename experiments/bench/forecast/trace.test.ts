import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { daySteps, listTraces, readTrace } from './trace.ts'

const folder = mkdtempSync(join(tmpdir(), 'traces-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a trace', () => {
  it('is found by the manifest of its folder and stands on its grid, NaN where a row is left out', () => {
    const text = 'timestamp,value\n2015-03-26T13:00:00Z,7\n2015-03-26T15:00:00Z,9\n'
    const sha256 = createHash('sha256').update(text).digest('hex')
    const traces = [{ id: 'a', file: 'a.csv', step_s: 3600, sha256 }]
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ traces }))
    writeFileSync(join(folder, 'a.csv'), text)
    const [entry] = listTraces(folder)
    const trace = readTrace(folder, entry!)
    expect(trace.startMs).toBe(Date.parse('2015-03-26T13:00:00Z'))
    expect([...trace.values]).toEqual([7, Number.NaN, 9])
    expect(() => listTraces(folder, ['b'])).toThrow(/b.*\ba\b/s)
  })

  it('is looked for in a folder with a manifest, and nowhere else', () => {
    expect(() => listTraces(join(folder, 'none'))).toThrow(/traces.*manifest\.json/s)
  })

  it('has a day where the step divides one', () => {
    expect([60_000, 300_000, 3_600_000].map(daySteps)).toEqual([1440, 288, 24])
    expect([1000, 7 * 60_000, 86_400_000].map(daySteps)).toEqual([undefined, undefined, undefined])
  })
})
