import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../services/config-error.ts'
import { readTraining, readTrainingFile } from './training-file.ts'

const PLAIN = `name: mine
episodeTicks: 100
learner: { kind: ppo, rolloutSteps: 50 }
`

function faultOf(text: string): string {
  try {
    readTraining(text, 'mine.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'none'
}

describe('a training file', () => {
  it('is one training in the folder itself', () => {
    const trainings = readTraining(PLAIN, 'mine.yaml')
    expect(trainings.map(({ folder }) => folder)).toEqual([''])
    expect(trainings[0]!.config).toMatchObject({ name: 'mine', seed: 1, environments: 32 })
  })

  it('with variants and seeds is each with each, in folders of their own', () => {
    const sweep = `${PLAIN}seeds: [1, 2]
variants:
  - { name: slow, over: { learner: { learningRate: 0.0001 } } }
  - { name: wide, over: { learner: { hidden: [128, 128] }, environments: 8 } }
`
    const trainings = readTraining(sweep, 'mine.yaml')
    expect(trainings.map(({ folder }) => folder)).toEqual([
      ...['slow/seed-1', 'slow/seed-2', 'wide/seed-1', 'wide/seed-2'],
    ])
    expect(trainings[0]!.config.learner).toMatchObject({ learningRate: 0.0001, rolloutSteps: 50 })
    expect(trainings[3]!.config).toMatchObject({
      ...{ seed: 2, environments: 8 },
      learner: { hidden: [128, 128], learningRate: 3e-4 },
    })
  })

  it.each(['shipped', 'smoke', 'sweep'])('%s is shipped, and may be trained', (name) => {
    expect(readTrainingFile(`experiments/learning/configs/${name}.yaml`)[0]!.config.name).toBe(name)
  })

  it.each([
    ['an unknown learner', PLAIN.replace('ppo', 'magic'), /mine.yaml:3:\d+ learner/],
    ['a rollout that no round ends with', PLAIN.replace('50', '30'), /rolloutSteps must divide/],
    ['a tick that no step is made of', `${PLAIN}tickSeconds: 45\n`, /tickSeconds must divide/],
    ['a setting that there is not', `${PLAIN}speed: 3\n`, /speed/],
    ['a variant without a name', `${PLAIN}variants: [{ over: {} }]\n`, /variants/],
  ])('with %s is refused, naming it', (_what, text, message) => {
    expect(faultOf(text)).toMatch(message)
  })

  it('that is not there is refused, naming it', () => {
    expect(() => readTrainingFile('nowhere.yaml')).toThrow('nowhere.yaml')
  })
})
