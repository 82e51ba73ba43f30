/** An experiment from file to folder: the same bytes on any number of threads, and what they say. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTerminal } from '../../services/cli/terminal.ts'
import { compareResults, usualPairs } from './compare.ts'
import { readExperiment } from './config-file.ts'
import { batchesOf, jobsOf } from './jobs.ts'
import { writeOutput } from './output.ts'
import { createPool } from './pool.ts'
import { barOf, createProgress } from './progress.ts'
import { fromJson, type Results } from './results.ts'
import { runJobs } from './run.ts'
import { BOTH_SIMULATORS, bytesOf, SMALL, SQUEEZED } from './test-experiment.ts'

const LIMIT_MS = 120_000
const experiment = readExperiment(SMALL, 'small.yaml')
const library = { env: {} }
let home: string
let results: Results

async function run(out: string, threads: number, text = SMALL) {
  const asked = readExperiment(text, 'small.yaml')
  const pool = createPool(threads, {})
  try {
    const ran = await runJobs(asked, { out, library, pool })
    if (ran === undefined) throw new Error('aborted')
    return { ran, results: await writeOutput(out, asked, ran) }
  } finally {
    await pool.close()
  }
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'forescale-experiment-'))
  ;({ results } = await run(path.join(home, 'one'), 1))
}, LIMIT_MS)
afterAll(() => rmSync(home, { recursive: true }))

describe('an experiment', () => {
  it('runs every data set with every setting and seed', () => {
    expect(results.runs).toHaveLength(3 * 5 * 2)
    expect(results.datasets.map(({ dataset }) => dataset)).toEqual(['weekday', 'bursty', 'shop'])
    expect(results.datasets.every(({ synthetic }) => synthetic)).toBe(true)
  })

  it('is the same bytes on one thread and on two', { timeout: LIMIT_MS }, async () => {
    await run(path.join(home, 'two'), 2)
    const [one, two] = [bytesOf(path.join(home, 'one')), bytesOf(path.join(home, 'two'))]
    expect(Object.keys(one)).toEqual(
      expect.arrayContaining(['results.json', 'runs.parquet', 'report.html', 'runs.csv']),
    )
    expect(two).toEqual(one)
  })

  it('takes finished jobs as they are, and runs what is new alone', {
    timeout: LIMIT_MS,
  }, async () => {
    const out = path.join(home, 'grown')
    cpSync(path.join(home, 'one'), out, { recursive: true })
    const grown = SMALL.replace('{ target: 0.8 }', '{ target: 0.8 }, { target: 0.9 }')
    const { ran } = await run(out, 1, grown)
    expect(ran.done).toHaveLength(36)
    expect(ran.reused).toBe(30)
  })

  it('stops when told to, and keeps what is finished', { timeout: LIMIT_MS }, async () => {
    const out = path.join(home, 'stopped')
    const stop = new AbortController()
    const pool = createPool(1, {})
    const onProgress = ({ finished }: { finished: number }) => {
      if (finished === 4) stop.abort()
    }
    expect(
      await runJobs(experiment, { out, library, pool, signal: stop.signal, onProgress }),
    ).toBeUndefined()
    const kept = readdirSync(path.join(out, 'jobs'))
    expect(kept).toHaveLength(4)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(readdirSync(path.join(out, 'jobs'))).toEqual(kept) // though the batch runs on
    await pool.close()
    const { ran } = await run(out, 2)
    expect(ran.reused).toBe(4)
    expect(bytesOf(out)['results.json']).toBe(bytesOf(path.join(home, 'one'))['results.json'])
  })

  it('tells which run failed, and why', { timeout: LIMIT_MS }, async () => {
    const text = SMALL.replace('replayDays: 0.5', 'replayDays: 0.5, spec: { minReplicas: 500 }')
    await expect(run(path.join(home, 'failed'), 1, text)).rejects.toThrow(
      /weekday, hpa, seed 1: spec of weekday: .*minReplicas must not be greater than maxReplicas/,
    )
  })
})

describe('on both simulators', () => {
  let out: string
  let both: Results
  beforeAll(async () => {
    out = path.join(home, 'both')
    ;({ results: both } = await run(out, 2, BOTH_SIMULATORS))
  }, LIMIT_MS)
  const totalOf = (dataset: string, arm: string) =>
    both.runs.find((own) => own.dataset === dataset && own.arm === arm)!.total

  it('the same load comes, and costs and violates alike', () => {
    expect(both.provenance.simulator).toBe('fluid, requests')
    for (const arm of ['static', 'hpa']) {
      const [flow, single] = ['fluid', 'requests'].map((name) => totalOf(`weekday/${name}`, arm))
      // one is the mean of a Poisson process, the other a draw of it: within four of its standard deviations
      expect(Math.abs(single!.requests - flow!.requests)).toBeLessThan(
        4 * Math.sqrt(flow!.requests),
      )
      expect(single!.requests).not.toBe(flow!.requests)
      expect(Math.abs(single!.cost / flow!.cost - 1)).toBeLessThan(0.05)
      expect(Math.abs(single!.violationRatio - flow!.violationRatio)).toBeLessThan(0.01)
    }
    expect(totalOf('weekday/requests', 'static').cost).toBe(totalOf('weekday/fluid', 'static').cost)
  })

  it('it is the same bytes on one thread and on two', { timeout: LIMIT_MS }, async () => {
    await run(path.join(home, 'both-one'), 1, BOTH_SIMULATORS)
    expect(bytesOf(path.join(home, 'both-one'))).toEqual(bytesOf(out))
  })
})

describe('a course', () => {
  it('has what was forecast at the time that was meant, and the price of a budget that binds', {
    timeout: LIMIT_MS,
  }, async () => {
    const out = path.join(home, 'squeezed')
    const { ran } = await run(out, 1, SQUEEZED)
    const courseOf = (arm: string) =>
      ran.done.find(([{ setting }]) => setting.arm === arm)![1].course
    const { services, shadowPrice } = courseOf('forescale')
    const { load, forecast } = services[0]!
    const known = load.flatMap((rps, k) => {
      const { low, median, high } = forecast!
      return median[k] == null ? [] : [{ rps, low: low[k]!, median: median[k]!, high: high[k]! }]
    })
    // all but the first start-up and tick, for which nobody had decided
    expect(known.length).toBeGreaterThanOrEqual(load.length - 1)
    expect(known.every(({ low, median, high }) => low <= median && median <= high)).toBe(true)
    const covered = known.filter(({ rps, low, high }) => rps >= low && rps <= high)
    expect(covered.length / known.length).toBeGreaterThan(0.75)
    expect(Math.max(...shadowPrice!)).toBeGreaterThan(0)
    const other = courseOf('hpa')
    expect([other.services[0]!.forecast, other.shadowPrice]).toEqual([undefined, undefined])
  })
})

describe('a job', () => {
  it('is another one with other data, setting, seed or code', async () => {
    const keys = async (text: string, code = 'a') =>
      (await jobsOf(readExperiment(text, 'x'), library, code)).map(({ key }) => key)
    const usual = await keys(SMALL)
    expect(new Set(usual).size).toBe(usual.length)
    expect(await keys(SMALL)).toEqual(usual)
    for (const other of [
      await keys(SMALL, 'b'),
      await keys(SMALL.replace('learnDays: 2', 'learnDays: 2, busyReplicas: 5')),
      await keys(SMALL.replace('seeds: [1, 2]', 'seeds: [3, 4]')),
    ])
      expect(other.filter((key) => usual.includes(key))).toEqual([])
  })

  it('is in one batch, with those of its data set, seed and kind', async () => {
    const jobs = await jobsOf(experiment, library, 'a')
    const batches = batchesOf(jobs, 'a')
    expect(batches.flatMap((batch) => batch.jobs)).toHaveLength(jobs.length)
    expect(batches).toHaveLength(3 * 2 * 3)
  })
})

describe('the tables', () => {
  it('hold the same figures in JSON, CSV and Parquet', async () => {
    const file = await asyncBufferFromFile(path.join(home, 'one', 'runs.parquet'))
    const rows = await parquetReadObjects({ file })
    const csv = readFileSync(path.join(home, 'one', 'runs.csv'), 'utf8')
      .trim()
      .split('\n')
    expect(rows).toHaveLength(results.runs.length)
    expect(csv).toHaveLength(results.runs.length + 1)
    rows.forEach((row, i) => {
      const { dataset, arm, seed, total } = results.runs[i]!
      expect(row).toMatchObject({
        dataset,
        arm,
        seed,
        cost: total.cost,
        violations: total.violations,
      })
      expect(csv[i + 1]).toContain(`,${total.cost},`)
    })
  })

  it('come back from JSON, infinities too', () => {
    const text = readFileSync(path.join(home, 'one', 'results.json'), 'utf8')
    expect(fromJson(text).runs).toEqual(results.runs)
    expect(fromJson(text).datasets).toEqual(results.datasets)
  })
})

describe('comparing', () => {
  it('a folder with itself finds its arms equal', () => {
    const pairs = usualPairs(results, results, false)
    const { lines } = compareResults(results, results, pairs)
    expect(lines).toHaveLength(9)
    expect(
      lines.every(({ dominance, verdict }) => dominance === 'equal' && verdict === 'open'),
    ).toBe(true)
  })

  it('its reference with every other arm says who wins', () => {
    const pairs = usualPairs(results, results, true)
    expect(pairs).toEqual([
      { ours: 'hpa', theirs: 'thresholds' },
      { ours: 'hpa', theirs: 'static' },
    ])
    const [overall] = compareResults(results, results, pairs).overall
    expect(overall!.wins + overall!.loses + overall!.open).toBe(3)
  })

  it('pairs only what was simulated alike', () => {
    const datasets = results.datasets.map((d, i) => (i === 0 ? { ...d, scenarioHash: 'other' } : d))
    const { left, lines } = compareResults(results, { ...results, datasets }, [
      { ours: 'hpa', theirs: 'hpa' },
    ])
    expect(left).toEqual([
      { dataset: 'weekday', reason: expect.stringContaining('simulated differently') },
    ])
    expect(lines).toHaveLength(2)
  })

  it('refuses an arm that there is not, with those that there are', () => {
    expect(() => compareResults(results, results, [{ ours: 'hpx', theirs: 'hpa' }])).toThrow(
      'arm hpx is not there; allowed: hpa, thresholds, static',
    )
  })
})

describe('progress', () => {
  it('is a bar with what is left', () => {
    const bar = barOf('small', { jobs: 40, finished: 20, reused: 10 }, 5000)
    expect(bar).toBe(
      `small ${'█'.repeat(15)}${'░'.repeat(15)} 20/40 runs, 10 of them of earlier calls, 10 s left`,
    )
  })

  it('is silent where nobody looks', () => {
    let said = ''
    const write = (text: string) => {
      said += text
    }
    const stream = { write }
    const terminal = createTerminal(
      { stdout: stream, stderr: stream, env: {}, nowMs: () => 0 },
      false,
    )
    createProgress('small', terminal).show({ jobs: 2, finished: 1, reused: 0 })
    expect(said).toBe('')
  })
})
