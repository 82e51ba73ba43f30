/** `forescale train` as a person types it: real files, a second call that has nothing left to do, wrong files. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../../services/http/app.ts'

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { runCli } from '../../services/cli/main.ts'
import { TrainingEvent } from '../../services/trainings/progress.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'forescale-train-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function train(...argv: string[]) {
  let out = ''
  let err = ''
  const code = await runCli(['train', ...argv], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    nowMs: () => Date.UTC(2026, 10, 21),
  })
  return { code, out, err }
}

const MINE = `name: mine
loads: { workloads: [diurnal], copies: 1, judged: 1, learnDays: 1, stepSeconds: [300], busyReplicas: [6] }
forecast: { models: [seasonal-naive] }
objectives: [0.99]
episodeTicks: 30
environments: 2
rounds: 2
learner: { kind: ppo, rolloutSteps: 30, batchSize: 30, epochs: 1, hidden: [8] }
`
type Told<Kind> = Extract<TrainingEvent, { kind: Kind }>

const write = (name: string, text: string) => {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

describe('forescale train', () => {
  it('writes policy, checkpoint, curve, report and TensorBoard files, the same bytes each time', async () => {
    const file = write('mine.yaml', MINE)
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')]
    const first = await train(file, '--out', one)
    expect(first.code).toBe(0)
    expect(first.err.split('\n').filter(Boolean)).toHaveLength(2)
    expect(first.err).toMatch(/round 2\/2, 120 decisions: reward/)
    const files = readdirSync(one, { recursive: true }).map(String).sort()
    expect(files).toEqual([
      ...['checkpoint.json', 'curve.csv', 'policy.json', 'report.html', 'tensorboard'],
      'tensorboard/events.out.tfevents.0.mine',
    ])
    const policy = PolicyDocument.parse(
      JSON.parse(readFileSync(path.join(one, 'policy.json'), 'utf8')),
    )
    expect(policy).toMatchObject({ name: 'mine', learner: 'ppo', provenance: { seed: 1 } })
    expect(readFileSync(path.join(one, 'curve.csv'), 'utf8').trim().split('\n')).toHaveLength(3)
    expect(readFileSync(path.join(one, 'report.html'), 'utf8')).toContain('<polyline points=')

    await train(file, '--out', two)
    for (const name of files.filter((name) => name !== 'tensorboard'))
      expect(readFileSync(path.join(two, name)).equals(readFileSync(path.join(one, name)))).toBe(
        true,
      )

    const again = await train(file, '--out', one, '--json')
    expect(again.err).toBe('')
    expect(JSON.parse(again.out).trainings).toMatchObject([
      { rounds: 2, steps: 120, end: 'rounds' },
    ])
  })

  it('refuses a folder that another training was begun in', async () => {
    const out = path.join(folder, 'taken')
    expect((await train(write('a.yaml', MINE), '--out', out)).code).toBe(0)
    const { code, err } = await train(write('b.yaml', `${MINE}seed: 2\n`), '--out', out)
    expect(code).toBe(6)
    expect(err).toMatch(
      /checkpoint.json is of a training with other settings .* allowed: another folder/,
    )
  })

  it('trains every variant with every seed, each in a folder of its own', async () => {
    const text = `${MINE.replace('rounds: 2', 'rounds: 1')}seeds: [1, 2]
variants: [{ name: a, over: {} }, { name: b, over: { learner: { hidden: [4] } } }]
`
    const out = path.join(folder, 'sweep')
    const { code, out: said } = await train(write('sweep.yaml', text), '--out', out)
    expect(code).toBe(0)
    for (const one of ['a/seed-1', 'a/seed-2', 'b/seed-1', 'b/seed-2']) {
      expect(said).toContain(path.join(out, one))
      expect(readdirSync(path.join(out, one))).toContain('policy.json')
    }
  })

  it('says what it would train, in lines or for programs, and trains nothing', async () => {
    const file = write('planned.yaml', `${MINE}seeds: [1, 2]\n`)
    const out = path.join(folder, 'planned')
    const said = await train(file, '--out', out, '--plan', '--steps', '250')
    expect(said.code).toBe(0)
    expect(said.out).toMatch(/seed-2 +ppo +2 +4 +240/)
    const [line, ...more] = (await train(file, '--plan', '--events', '--seeds', '7')).out
      .trim()
      .split('\n')
    expect(more).toEqual([])
    expect(TrainingEvent.parse(JSON.parse(line!))).toEqual({
      kind: 'plan',
      name: 'mine',
      runs: [{ folder: 'seed-7', learner: 'ppo', seed: 7, rounds: 2, roundSteps: 60 }],
    })
    expect(existsSync(out)).toBe(false)
    const little = await train(file, '--plan', '--events', '--steps', '59')
    expect(little.code).toBe(2)
    expect(TrainingEvent.parse(JSON.parse(little.out))).toEqual({
      kind: 'refused',
      faults: [{ path: 'steps', value: '59', allowed: 'at least 60, one round of mine' }],
    })
  })

  it('tells programs of every round and end, those of an earlier call too', async () => {
    const file = write('told.yaml', MINE)
    const out = path.join(folder, 'told')
    const told = async (...more: string[]) =>
      (await train(file, '--out', out, '--events', ...more)).out
        .trim()
        .split('\n')
        .map((text) => TrainingEvent.parse(JSON.parse(text)))
    const events = await told()
    expect(events.map(({ kind }) => kind)).toEqual(['plan', 'round', 'round', 'ended'])
    const [, one, two, ended] = events as [never, Told<'round'>, Told<'round'>, Told<'ended'>]
    expect([one.round.steps, two.round.steps]).toEqual([60, 120])
    expect(one.round.exploredDeviation).toBeGreaterThan(0)
    expect(one.round.statistics).toHaveProperty('entropy')
    expect(ended).toMatchObject({ folder: '', end: 'rounds' })
    expect([one, two][ended.best.round - 1]!.round.gain).toBe(ended.best.gain)
    expect(await told()).toEqual(events)
    const refused = await train(write('bad.yaml', MINE.replace('[6]', '[-6]')), '--events')
    expect(TrainingEvent.parse(JSON.parse(refused.out))).toMatchObject({
      kind: 'refused',
      faults: [{ path: 'loads.busyReplicas[0]', value: '-6' }],
    })
  })

  it('names what is wrong: an unknown training, a setting of a file', async () => {
    const unknown = await train('nothing-like-it')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('allowed: a file, or a shipped one: shipped, smoke, sweep')
    const wrong = await train(write('wrong.yaml', MINE.replace('rounds: 2', 'rounds: 0')))
    expect(wrong.code).toBe(3)
    expect(wrong.err).toMatch(/wrong\.yaml:7:\d+ rounds/)
  })
})
