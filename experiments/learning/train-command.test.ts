/** `forescale train` as a person types it: real files, a second call that has nothing left to do, wrong files. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../../services/http/app.ts'

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { runCli } from '../../services/cli/main.ts'

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

  it('names what is wrong: an unknown training, a setting of a file', async () => {
    const unknown = await train('nothing-like-it')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('shipped are shipped, smoke, sweep')
    const wrong = await train(write('wrong.yaml', MINE.replace('rounds: 2', 'rounds: 0')))
    expect(wrong.code).toBe(3)
    expect(wrong.err).toMatch(/wrong\.yaml:7:\d+ rounds/)
  })
})
