import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { TraceEntry } from '../../../datasets/traces/manifest.ts'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { type Case, naiveQuantiles } from './entrants.ts'
import { runPeerProcesses } from './peer-process.ts'
import { mend, writeInputs } from './peers.ts'
import { splitOf } from './split.ts'

const STEP_MS = 3_600_000
const folder = mkdtempSync(join(tmpdir(), 'peers-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function caseOf(values: Float64Array): Case {
  const trace = { id: 'ramp', startMs: 7000, stepMs: STEP_MS, values }
  return {
    entry: TraceEntry.parse({ id: 'ramp', file: 'ramp.csv', step_s: 3600, sha256: '0'.repeat(64) }),
    trace,
    split: splitOf(trace, 3)!,
  }
}

const ramp = Float64Array.from({ length: 400 }, (_, i) => (i === 50 ? Number.NaN : 1000 + i))

describe('what a peer is given', () => {
  const one = caseOf(ramp)
  const inputs = join(folder, 'inputs')
  writeInputs(inputs, [one])
  const job = JSON.parse(readFileSync(join(inputs, 'job.json'), 'utf8'))

  it('is one file an issue time with the load up to it and nothing after', () => {
    const { origins } = one.split
    expect(job.traces[0].origins).toHaveLength(origins.length)
    origins.forEach((origin, o) => {
      const bytes = readFileSync(join(inputs, job.traces[0].origins[o].file))
      const values = new Float64Array(new Uint8Array(bytes).buffer)
      expect(values).toEqual(ramp.subarray(0, origin))
    })
  })

  it('is nothing else: no file of the folder hangs on what comes after the last issue time', () => {
    const other = ramp.slice()
    other.fill(-1, one.split.origins.at(-1))
    const again = join(folder, 'inputs-other-future')
    writeInputs(again, [caseOf(other)])
    expect(readdirSync(again)).toEqual(readdirSync(inputs))
    for (const file of readdirSync(inputs))
      expect(readFileSync(join(again, file))).toEqual(readFileSync(join(inputs, file)))
  })

  it('names the clock, the seasons and the levels', () => {
    expect(job.levels).toEqual(LEVELS)
    expect(job.traces[0]).toMatchObject({ id: 'ramp', stepSeconds: 3600, reach: 60, seasons: [24] })
    expect(job.traces[0].origins[0].startSeconds).toBe(7)
  })
})

describe('forecasts that come back', () => {
  const one = caseOf(ramp)
  const size = LEVELS.length * one.split.reach

  it('are cut at zero and put in order, as ours are', () => {
    const quantiles = new Float32Array(one.split.origins.length * size).fill(5)
    LEVELS.forEach((_, level) => {
      quantiles[level * one.split.reach] = 3 - level
    })
    expect(mend(quantiles, one)).toBe(0)
    const column = LEVELS.map((_, level) => quantiles[level * one.split.reach]!)
    expect(column).toEqual([...Array.from({ length: 12 }, () => 0), 1, 2, 3])
    expect(quantiles[1]).toBe(5)
  })

  it('are cut at ten times the largest load so far', () => {
    const quantiles = new Float32Array(one.split.origins.length * size).fill(5)
    const highest = (LEVELS.length - 1) * one.split.reach
    quantiles[highest] = 1e9
    expect(mend(quantiles, one)).toBe(0)
    expect(quantiles[highest]).toBe(10 * ramp[one.split.origins[0]! - 1]!)
  })

  it('are replaced by the naive forecast at each issue time with anything not finite or absurd, and counted', () => {
    const quantiles = new Float32Array(one.split.origins.length * size).fill(5)
    quantiles[size + 3] = Number.NaN
    const median = LEVELS.indexOf(0.5) * one.split.reach
    quantiles[2 * size + median + 3] = 1e5 // the largest load so far is below 1,400
    expect(mend(quantiles, one)).toBe(2)
    const naive = naiveQuantiles(one, 24)
    expect(quantiles.subarray(size)).toEqual(naive.subarray(size))
    expect(quantiles.subarray(0, size).every((value) => value === 5)).toBe(true)
  })
})

describe('a peer’s program', () => {
  const script = join(folder, 'peer.mjs')
  writeFileSync(
    script,
    `import { createInterface } from 'node:readline'
     for await (const line of createInterface({ input: process.stdin })) {
       const { say } = JSON.parse(line)
       if (say === 'die') { console.error('out of luck'); process.exit(1) }
       console.log(JSON.stringify({ seconds: 1, failures: [say] }))
     }`,
  )

  async function askAll(says: readonly string[], python = process.execPath): Promise<string[]> {
    const answers: string[] = says.map(() => 'none')
    await runPeerProcesses({
      python,
      script,
      processes: 2,
      tasks: says.map((say, i) => ({
        task: { say },
        done: ({ failures }) => {
          answers[i] = `done ${failures.join()}`
        },
        failed: (reason) => {
          answers[i] = `failed ${reason}`
        },
      })),
    })
    return answers
  }

  it('answers every task, one after the other in each process', async () => {
    expect(await askAll(['a', 'b', 'c', 'd', 'e'])).toEqual([
      'done a',
      'done b',
      'done c',
      'done d',
      'done e',
    ])
  })

  it('that dies fails its task only, with what it said last', async () => {
    const answers = await askAll(['a', 'die', 'c', 'd'])
    expect(answers[1]).toMatch(/failed ended: .*out of luck/s)
    expect([answers[0], answers[2], answers[3]]).toEqual(['done a', 'done c', 'done d'])
  })

  it('that cannot be started fails its tasks', async () => {
    const [answer] = await askAll(['a'], join(folder, 'no-such-python'))
    expect(answer).toMatch(/failed .*ENOENT/)
  })
})
