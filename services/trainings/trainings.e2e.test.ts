/**
 * Trainings by the API with real processes: queued and bounded, one at a time, alive after kill -9 of the process and after
 * another controller took over, and at their end in the registry.
 */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { Conflict } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { readPolicyFile } from '../rollouts/policy-file.ts'
import { TrainingsConfig } from './config.ts'
import { type TrainingChange, TrainingRefused, TrainingRequest, TrainingView } from './training.ts'
import { openTrainings, type Trainings } from './trainings.ts'

const SMALL = {
  name: 'mine',
  loads: {
    ...{ workloads: ['diurnal'], copies: 1, judged: 1, learnDays: 1 },
    ...{ stepSeconds: [300], busyReplicas: [6] },
  },
  forecast: { models: ['seasonal-naive'] },
  ...{ objectives: [0.99], episodeTicks: 30, environments: 2, rounds: 2 },
  learner: { kind: 'ppo', rolloutSteps: 30, batchSize: 30, epochs: 1, hidden: [8] },
}
/** Goes on for as long as a test looks at it. */
const LONG = { ...SMALL, name: 'long', rounds: 10_000, patience: 10_000 }

let folder: string
let ledger: Ledger
let trainings: Trainings
let told: TrainingChange[]
let errors: string[]

const open = (config: object = {}) =>
  openTrainings({
    ...{ stateDir: folder, ledger, nowMs: Date.now, monotonicMs: () => performance.now() },
    config: () => TrainingsConfig.parse(config),
    emit: (change) => told.push(change),
    onError: (error, what) => errors.push(`${what}: ${error}`),
  })

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-trainings-'))
  ledger = await openLedger(AppConfig.parse({ services: { a: {} } }), folder)
  told = []
  errors = []
  trainings = await open()
})
afterEach(async () => {
  await trainings.close()
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

const ask = (training: string | object, more: object = {}) =>
  trainings.start(TrainingRequest.parse({ training, why: 'to try', ...more }), 'ann')

const poll = { timeout: 40_000, interval: 50 }
const stateOf = (number: number) => trainings.read(number)?.state
const reaches = (number: number, state: string) =>
  expect.poll(() => stateOf(number), poll).toBe(state)
const roundsOf = (number: number) => trainings.read(number)!.curves[0]!.rounds
const hasRounds = (number: number, least: number) =>
  expect.poll(() => roundsOf(number).length, poll).toBeGreaterThanOrEqual(least)

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a training', () => {
  it('runs in a process of its own, tells of every round, and its best policy is in the registry', async () => {
    const asked = await ask(SMALL, { seeds: [1, 2] })
    expect(TrainingView.parse(asked)).toMatchObject({
      ...{ number: 1, name: 'mine', state: 'running', steps: 240, stepsDone: 0, askedBy: 'ann' },
      runs: [
        { folder: 'seed-1', seed: 1, rounds: 2, done: 0 },
        { folder: 'seed-2', seed: 2, rounds: 2, done: 0 },
      ],
    })
    await reaches(1, 'done')
    const done = trainings.read(1)!
    expect(done).toMatchObject({ stepsDone: 240, etaMs: null, restarts: 0, detail: null })
    expect(done.curves.map(({ rounds }) => rounds.map(({ round }) => round))).toEqual([
      [1, 2],
      [1, 2],
    ])
    const best = done.runs.reduce((a, b) => (b.best!.gain > a.best!.gain ? b : a))
    const version = await ledger.policy(done.policy!)
    expect(version).toMatchObject({
      source: 'trained',
      name: 'mine',
      addedBy: 'ann',
      why: 'to try',
    })
    expect(version!.provenance.seed).toBe(best.seed)
    expect(await ledger.policyDocument(done.policy!)).toEqual(
      readPolicyFile(path.join(done.folder, 'out', best.folder, 'policy.json')),
    )
    for (const run of ['seed-1', 'seed-2'])
      for (const name of ['checkpoint.json', 'tensorboard', 'report.html'])
        expect(existsSync(path.join(done.folder, 'out', run, name))).toBe(true)
    const rounds = told.filter(({ round }) => round !== null)
    expect(rounds.map(({ round }) => `${round!.folder} ${round!.round.round}`)).toEqual([
      ...['seed-1 1', 'seed-1 2', 'seed-2 1', 'seed-2 2'],
    ])
    expect(rounds.slice(0, -1).every(({ training }) => training.etaMs! >= 0)).toBe(true)
    expect(errors).toEqual([])
  }, 60_000)

  it('goes on from its last round when its process is killed, and comes to the same policy', async () => {
    const budget = { steps: 60 * 20 }
    const { number } = await ask(LONG, budget)
    await hasRounds(number, 2)
    const killed = trainings.pid()!
    process.kill(killed, 'SIGKILL')
    await reaches(number, 'done')
    const whole = trainings.read(number)!
    expect(whole.restarts).toBe(1)
    expect(roundsOf(number).map(({ round }) => round)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
    const again = await ask(LONG, budget)
    await reaches(again.number, 'done')
    expect(trainings.read(again.number)!.policy).toBe(whole.policy)
    expect(roundsOf(again.number)).toEqual(roundsOf(number))
  }, 90_000)

  it('is ended with the controller and taken up by the next one', async () => {
    const { number } = await ask(LONG)
    await hasRounds(number, 1)
    const pid = trainings.pid()!
    await trainings.close()
    expect(isAlive(pid)).toBe(false)
    const known = roundsOf(number).length
    trainings = await open()
    expect(trainings.pid()).toBeUndefined()
    trainings.begin()
    expect(trainings.read(number)).toMatchObject({ state: 'running', restarts: 0 })
    await hasRounds(number, known + 1)
    expect(await trainings.cancel(number, 'ann', 'seen enough')).toMatchObject({
      ...{ state: 'cancelled', detail: 'cancelled: seen enough', etaMs: null },
    })
    await expect(trainings.cancel(number, 'ann', '')).rejects.toThrow('it is cancelled')
    const stopped = roundsOf(number).length
    await trainings.resume(number, 'ann')
    await hasRounds(number, stopped + 1)
    expect(await trainings.remove(number, 'ann')).toBe(true)
    expect(trainings.read(number)).toBeUndefined()
    expect(existsSync(path.join(folder, 'trainings', String(number)))).toBe(false)
    expect(errors).toEqual([])
  }, 90_000)

  it('waits for the one before it, and is refused when too many wait', async () => {
    await trainings.close()
    trainings = await open({ mostQueued: 1, keep: 1 })
    const [one, two, three] = await Promise.allSettled([ask(LONG), ask(SMALL), ask(SMALL)])
    expect([one.status, two.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(three).toMatchObject({ reason: expect.any(Conflict) })
    expect([stateOf(1), stateOf(2)]).toEqual(['running', 'queued'])
    expect(trainings.list().map(({ number }) => number)).toEqual([2, 1])
    await trainings.cancel(1, 'ann', '')
    await reaches(2, 'done')
    // only one ended training is kept
    await expect.poll(() => trainings.list().map(({ number }) => number), poll).toEqual([2])
  }, 60_000)
})

describe('what cannot be trained', () => {
  const faults = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason) => reason,
    )
    expect(error).toBeInstanceOf(TrainingRefused)
    return (error as TrainingRefused).faults
  }

  it('is refused at once, with every field', async () => {
    expect(await faults(ask('nothing-like-it'))).toEqual([
      {
        field: 'training',
        value: '"nothing-like-it"',
        allowed: 'a file, or a shipped one: shipped, smoke, sweep',
      },
    ])
    const wrong = { ...SMALL, rounds: 0, episodes: 3 }
    const fields = (await faults(ask(wrong))).map(({ field }) => field)
    expect(fields.sort()).toEqual(['training.episodes', 'training.rounds'])
    expect(await faults(ask(SMALL, { steps: 59 }))).toMatchObject([
      { field: 'steps', allowed: 'at least 60, one round of mine' },
    ])
    await trainings.close()
    trainings = await open({ mostSteps: 100 })
    expect(await faults(ask(SMALL))).toMatchObject([{ field: 'steps', value: 120 }])
    expect(trainings.list()).toEqual([])
    expect(existsSync(path.join(folder, 'trainings', '1'))).toBe(false)
  }, 60_000)

  it("says why it failed when its files are another training's, and leaves them", async () => {
    const { number } = await ask(LONG)
    await hasRounds(number, 1)
    await trainings.cancel(number, 'ann', '')
    const checkpoint = path.join(folder, 'trainings', String(number), 'out', 'checkpoint.json')
    const text = await readFile(checkpoint, 'utf8')
    await writeFile(checkpoint, text.replace(/"configHash":"\w+"/, '"configHash":"other"'))
    await trainings.resume(number, 'ann')
    await reaches(number, 'failed')
    expect(trainings.read(number)).toMatchObject({
      restarts: 0,
      detail: expect.stringContaining('a training with other settings'),
    })
  }, 60_000)
})
