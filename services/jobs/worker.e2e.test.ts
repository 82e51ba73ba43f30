/**
 * `forescale worker` as processes on a real Redis: models fitted and walked elsewhere are those fitted here, to the byte;
 * a training goes on at another worker when its own is killed; nobody waits for workers that are not there.
 */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { entrantsOf, planRolling, rollingBacktest } from '../../forecaster/accuracy/rolling.ts'
import { ForecastConfig } from '../../forecaster/config.ts'
import { fitForecaster } from '../../forecaster/forecaster.ts'
import { readForecaster } from '../../forecaster/forecaster-state.ts'
import { seededRandom } from '../../forecaster/random.ts'
import type { Series } from '../../forecaster/series.ts'
import { openWalks } from '../backtest/walks.ts'
import { AppConfig } from '../config.ts'
import { openLedger } from '../ledger/registry.ts'
import { type Doers, openDoers } from '../loops/doers.ts'
import { packState } from '../models/artifact.ts'
import { createInstruments } from '../telemetry/instruments.ts'
import { TrainingRequest } from '../trainings/training.ts'
import { openTrainings, type Trainings } from '../trainings/trainings.ts'
import { startRedis, type TestRedis } from './test-redis.ts'

const MAIN = path.resolve('services/cli/main.ts')
const poll = { timeout: 60_000, interval: 50 }
const DAY_STEPS = 96

let redis: TestRedis
let home: string
let config: AppConfig
let doers: Doers
let warned: string[]
const instruments = createInstruments()
const workers: ChildProcess[] = []

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'forescale-worker-'))
  redis = await startRedis()
  const jobs = { redis: redis.url, lockMs: 1500, fitWaitMs: 60_000 }
  config = AppConfig.parse({ services: { search: {} }, jobs })
  writeFileSync(path.join(home, 'forescale.yaml'), stringify({ services: { search: {} }, jobs }))
})
afterAll(async () => {
  await redis.close()
  rmSync(home, { recursive: true, force: true })
})
beforeEach(async () => {
  warned = []
  const log = {
    info: () => {},
    warn: ({ err }: { err?: Error }, message: string) =>
      void warned.push(`${message}: ${err?.name}`),
    error: () => {},
  }
  doers = await openDoers(() => config, {}, log, instruments)
})
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL')
  await doers.close()
})

/** Resolves when it takes jobs. */
async function join(...more: string[]): Promise<ChildProcess & { said: string }> {
  const args = [MAIN, 'worker', '--config', path.join(home, 'forescale.yaml'), '--threads', '1']
  const child = spawn(process.execPath, [...args, ...more], { stdio: ['ignore', 'ignore', 'pipe'] })
  const worker = Object.assign(child, { said: '' })
  workers.push(worker)
  worker.stderr!.on('data', (text) => {
    worker.said += text
  })
  await expect.poll(() => worker.said, poll).toContain('taking ')
  return worker
}

function seriesOf(service: string, seed: number): Series {
  const random = seededRandom(seed)
  const values = Float64Array.from({ length: 4 * DAY_STEPS }, (_, i) =>
    i % 50 === 7 ? Number.NaN : 40 + 20 * Math.sin((2 * Math.PI * i) / DAY_STEPS) + 9 * random(),
  )
  const stepMs = 900_000
  return { service, metric: 'requests_per_second', startMs: 0, stepMs, values }
}

const forecast = ForecastConfig.parse({ models: ['ensemble', 'ets', 'arima'], origins: 20 })

it('models fitted elsewhere are those fitted here, to the byte, and worker by worker', async () => {
  const [first] = await Promise.all([join('--kinds', 'fit'), join('--kinds', 'fit,backtest')])
  await expect.poll(() => doers.jobs.workers('fit'), poll).toBe(2)
  const series = [1, 2, 3, 4].map((n) => seriesOf(`service-${n}`, n))
  const options = { fittedAtMs: 12_345 }
  const fitted = series.map((one) => doers.fitter.fit(one, forecast, 5, options))
  const reports = await Promise.all(fitted)
  expect(warned).toEqual([])
  reports.forEach((report, i) => {
    const fitted = fitForecaster(series[i]!, forecast, 5, options)
    expect(report).toEqual(fitted)
    const here = { ...fitted, state: readForecaster(fitted.state) }
    expect(Buffer.from(packState(report.state, 1).packed)).toEqual(
      Buffer.from(packState(here.state, 1).packed),
    )
  })
  expect(await doers.fitter.parallel?.()).toBe(config.jobs.mostFits)
  // both had a share, and the first leaves in order
  first.kill('SIGTERM')
  expect(await once(first, 'exit')).toEqual([0, null])
  const titles = (await doers.jobs.list({ kind: 'fit', limit: 9 })).map(({ worker }) => worker)
  expect(new Set(titles).size).toBe(2)
  expect(await instruments.registry.metrics()).toMatch(
    /forescale_job_duration_seconds_count\{kind="fit",outcome="done"\} 4/,
  )
})

it('walks of a backtest are those walked here', async () => {
  await join('--kinds', 'backtest')
  await expect.poll(() => doers.jobs.workers('backtest'), poll).toBe(1)
  const walks = await openWalks(config.jobs, {})
  const series = seriesOf('search', 9)
  const plan = planRolling(series.values.length, { horizons: [4], origins: 4, testShare: 0.3 })!
  const [entrant] = entrantsOf({ ...forecast, models: ['ets'] })
  const request = { series, entrant: entrant!, config: forecast, seed: 1, plan }
  const there = await walks.walk(request)
  await walks.close()
  const here = rollingBacktest(series, entrant!, forecast, 1, plan, () => 0)
  expect({ ...there, fitMs: 0, forecastMs: 0 }).toEqual({ ...here, fitMs: 0, forecastMs: 0 })
  expect(walks.parallel).toBeGreaterThan(1)
})

it('is fitted here when no worker is there, when the one there is killed, and while Redis is away', async () => {
  const series = seriesOf('search', 3)
  const here = fitForecaster(series, forecast, 5, { fittedAtMs: 1 })
  const fitOne = () => doers.fitter.fit(series, forecast, 5, { fittedAtMs: 1 })
  expect(await fitOne()).toEqual(here)
  expect(await doers.jobs.list({ kind: 'fit', state: 'waiting', limit: 9 })).toEqual([])
  await doers.close()
  const impatient = { ...config, jobs: { ...config.jobs, fitWaitMs: 700 } }
  const log = {
    info: () => {},
    warn: (_: object, text: string) => void warned.push(text),
    error: () => {},
  }
  doers = await openDoers(() => impatient, {}, log, instruments)
  const worker = await join('--kinds', 'fit')
  await expect.poll(() => doers.jobs.workers('fit'), poll).toBe(1)
  worker.kill('SIGSTOP')
  expect(await fitOne()).toEqual(here)
  expect(warned).toEqual(['no worker has fitted its model; it is done here'])
  await redis.kill()
  expect(await fitOne()).toEqual(here)
  await redis.start()
}, 90_000)

/** Seconds of work, so that a kill falls into it on a quick machine too. */
const ROUNDS = 40
const SMALL = {
  name: 'mine',
  loads: {
    ...{ workloads: ['diurnal'], copies: 1, judged: 1, learnDays: 1 },
    ...{ stepSeconds: [300], busyReplicas: [6] },
  },
  forecast: { models: ['seasonal-naive'] },
  ...{ objectives: [0.99], episodeTicks: 300, environments: 2, rounds: ROUNDS, patience: ROUNDS },
  learner: { kind: 'ppo', rolloutSteps: 300, batchSize: 60, epochs: 40, hidden: [64, 64] },
}

it('a training goes on at another worker when its own is killed, and comes to the policy of one here', async () => {
  const ledger = await openLedger(config, home)
  const errors: string[] = []
  const open = (folder: string, startTraining?: Doers['startTraining']): Promise<Trainings> =>
    openTrainings({
      ...{ ledger, nowMs: Date.now, monotonicMs: () => performance.now(), startTraining },
      ...{ stateDir: path.join(home, folder), config: () => config.trainings, emit: () => {} },
      onError: (error, what) => errors.push(`${what}: ${error}`),
    })
  const there = await open('there', doers.startTraining)
  const here = await open('here')
  const [first] = await Promise.all([join('--kinds', 'training'), join('--kinds', 'training')])
  const request = TrainingRequest.parse({ training: SMALL, why: 'to try' })
  const { number } = await there.start(request, 'ann')
  const rounds = () => there.read(number)!.curves[0]!.rounds.length
  await expect.poll(rounds, poll).toBeGreaterThan(0)
  expect(there.pid()).toBeUndefined()
  const [active] = await doers.jobs.list({ kind: 'training', limit: 1 })
  const killed = workers.find(({ pid }) => active!.worker!.endsWith(`.${pid}`))!
  const killedAtRound = rounds()
  killed.kill('SIGKILL')
  await expect.poll(() => there.read(number)!.state, poll).toBe('done')
  const local = await here.start(request, 'ann')
  await expect.poll(() => here.read(local.number)!.state, poll).toBe('done')
  const [one, other] = [there.read(number)!, here.read(local.number)!]
  expect(one.curves).toEqual(other.curves)
  expect(one.policy).toBe(other.policy)
  for (const file of ['policy.json', 'checkpoint.json', 'report.html'])
    expect(await readFile(path.join(one.folder, 'out', file), 'utf8')).toBe(
      await readFile(path.join(other.folder, 'out', file), 'utf8'),
    )
  expect(killedAtRound).toBeLessThan(ROUNDS)
  expect(errors).toEqual([])
  expect(first.said).toContain('training')
  await Promise.all([there.close(), here.close()])
  await ledger.close()
}, 180_000)
