import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { daySteps, listTraces, parseTrace, readTrace } from './trace.ts'

describe('a trace', () => {
  it('stands on its grid, NaN where a row is left out or empty', () => {
    const text =
      'timestamp,value\n2015-03-26T13:00:00Z,7\n2015-03-26T15:00:00Z,9\n2015-03-26T16:00:00Z,\n'
    const { startMs, stepMs, values } = parseTrace('t', text, 3600)
    expect(startMs).toBe(Date.parse('2015-03-26T13:00:00Z'))
    expect(stepMs).toBe(3_600_000)
    expect([...values]).toEqual([7, Number.NaN, 9, Number.NaN])
  })

  it('may count seconds from its start', () => {
    expect([...parseTrace('t', 't,value\n0,1\n300,2\n', 300).values]).toEqual([1, 2])
  })

  it('with another header, or a row without time, is refused by name and line', () => {
    expect(() => parseTrace('odd', 'time,load\n0,1\n', 60)).toThrow(/odd: header "time,load"/)
    expect(() => parseTrace('odd', 't,value\n0,1\n,2\n', 60)).toThrow(/odd, line 3/)
  })

  it('is found by the manifest of its folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'traces-'))
    try {
      expect(() => listTraces(folder)).toThrow(/manifest\.json/)
      const traces = [{ id: 'a', file: 'a.csv', step_s: 60, more: 1 }]
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ traces }))
      writeFileSync(join(folder, 'a.csv'), 't,value\n0,1\n60,2\n')
      expect(listTraces(folder).map((entry) => [...readTrace(folder, entry).values])).toEqual([
        [1, 2],
      ])
      expect(() => listTraces(folder, ['b'])).toThrow(/"b" is not in .*allowed: a/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has a day where the step divides one', () => {
    expect([60_000, 300_000, 3_600_000].map(daySteps)).toEqual([1440, 288, 24])
    expect([1000, 7 * 60_000, 86_400_000].map(daySteps)).toEqual([undefined, undefined, undefined])
  })
})
