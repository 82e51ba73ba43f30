import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EnvironmentService } from './config.ts'
import { forecastRows, SEEN_LEVELS } from './forecasts.ts'
import { readLoads, withoutGaps } from './loads.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-loads-'))
  // a row is missing at 180 s
  const traces = await Promise.all([
    writeTrace('short', [10, 20, 30, undefined, 50, 60]),
    writeTrace('burst', [10, 10, 10, 10, 10, 100]),
  ])
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify({ traces }))
})
afterAll(() => rm(folder, { recursive: true }))

/** Values of minutes; its line in the manifest. */
async function writeTrace(id: string, values: readonly (number | undefined)[]): Promise<object> {
  const rows = values.flatMap((value, i) => (value === undefined ? [] : [`${i * 60},${value}`]))
  const text = `t,value\n${rows.join('\n')}\n`
  await writeFile(path.join(folder, `${id}.csv`), text)
  return {
    id,
    file: `${id}.csv`,
    step_s: 60,
    sha256: createHash('sha256').update(text).digest('hex'),
    time_column: 't',
    value_to_per_second: null,
    unit: 'requests',
  }
}

const service = (input: object) => EnvironmentService.parse(input)
const trace = { kind: 'trace', name: 'short' } as const

describe('load', () => {
  it('of a trace has no gaps, and is scaled to the busy hours that are asked for', async () => {
    const { values, stepMs, synthetic } = await readLoads(
      [service({ load: trace, busyRps: 100 })],
      {
        env: {},
        folder,
      },
    )
    // 99 % of six values: the fifth, 50
    expect([...values[0]!]).toEqual([20, 40, 60, 80, 100, 120])
    expect(stepMs).toBe(60_000)
    expect(synthetic).toBe(false)
  })

  it('is scaled to 60 % of what all replicas carry where nothing is said', async () => {
    const spec = { maxReplicas: 5, capacityPerReplica: 10 }
    const { values } = await readLoads([service({ load: trace, spec })], { env: {}, folder })
    expect(values[0]![4]).toBeCloseTo(30, 9)
  })

  it('is scaled down further where a burst would be beyond all replicas', async () => {
    const load = { kind: 'trace', name: 'burst' } as const
    const spec = { maxReplicas: 5, capacityPerReplica: 10 }
    const { values } = await readLoads([service({ load, spec })], { env: {}, folder })
    expect([...values[0]!]).toEqual([5, 5, 5, 5, 5, 50])
  })

  it('of several services stands on one grid, or is refused', async () => {
    const hourly = { kind: 'synthetic', stepSeconds: 3600 } as const
    const mixed = [service({ load: trace }), service({ name: 'b', load: hourly })]
    await expect(readLoads(mixed, { env: {}, folder })).rejects.toThrow(
      /services.1.load: "a step of 3600 s" is not allowed; allowed: .*60 s/,
    )
  })

  it('is drawn straight over gaps, level at both ends', () => {
    const { NaN: gap } = Number
    const values = Float64Array.of(gap, 2, gap, gap, 8, gap)
    expect([...withoutGaps(values, 's')]).toEqual([2, 2, 4, 6, 8, 8])
    expect(() => withoutGaps(Float64Array.of(gap), 's')).toThrow(/load of s/)
  })
})

describe('a forecast row', () => {
  const DAY_STEPS = 24
  const days = 21
  // a wave a day, a little higher each day
  const load = Float64Array.from(
    { length: days * DAY_STEPS },
    (_, i) => 100 + 50 * Math.sin((2 * Math.PI * i) / DAY_STEPS) + i / DAY_STEPS,
  )
  const task = {
    service: 's',
    startMs: 0,
    stepMs: 3_600_000,
    load,
    historySteps: 14 * DAY_STEPS,
    leadMs: 3_660_000,
  }
  const mostOf = (step: number) => Math.max(...load.subarray(step, step + 3))

  it('is the largest load until what is decided serves, when the future is told', () => {
    const rows = forecastRows('perfect', task)
    for (let step = task.historySteps; step < load.length; step++)
      expect(rows[step * SEEN_LEVELS.length]).toBe(mostOf(step))
  })

  it.each(['seasonal', 'forecaster'] as const)(
    '%s: comes close to it without being told',
    (source) => {
      const rows = forecastRows(source, task)
      for (let step = task.historySteps; step < load.length - 3; step++) {
        const [median, ninety, most] = rows.subarray(step * 3, step * 3 + 3)
        expect(median! / mostOf(step)).toBeGreaterThan(0.97)
        expect(median! / mostOf(step)).toBeLessThan(1.03)
        expect(ninety).toBeGreaterThanOrEqual(median!)
        expect(most).toBeGreaterThanOrEqual(ninety!)
      }
    },
  )

  it.each(['seasonal', 'forecaster'] as const)(
    '%s: does not change with what comes later',
    (source) => {
      const at = 16 * DAY_STEPS
      const other = { ...task, load: load.map((value, i) => (i < at ? value : 3 * value + 7)) }
      const until = (at + 1) * SEEN_LEVELS.length
      expect(forecastRows(source, other).subarray(0, until)).toEqual(
        forecastRows(source, task).subarray(0, until),
      )
    },
  )
})
