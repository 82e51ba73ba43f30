/** Training on simulated services: what is paid, what is judged, that it goes on to the bit, and that its policy acts alike. */
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { learnedActor } from '../../../agents/policies/learned/act.ts'
import { seededRandom } from '../../../datasets/random.ts'
import { createTapes } from '../../controllers/forescale/models.ts'
import { forescaleKind } from '../../controllers/forescale.ts'
import { createFluidPlant } from '../../simulator/fluid/plant.ts'
import { simulate } from '../../simulator/run.ts'
import { createScrape } from '../../simulator/scrape.ts'
import { TrainingConfig } from './config.ts'
import { createJudge } from './judge.ts'
import { loadsOf } from './loads.ts'
import { createServiceRun } from './service-run.ts'
import { createServices } from './services.ts'
import { type Checkpoint, firstCheckpoint, train } from './train.ts'
import { trainingOf } from './training.ts'

const PPO = { kind: 'ppo', rolloutSteps: 20, batchSize: 40, epochs: 2 } as const

function configOf(over: Partial<z.input<typeof TrainingConfig>> = {}): TrainingConfig {
  return TrainingConfig.parse({
    name: 'test',
    loads: {
      ...{ workloads: ['diurnal', 'noisy'], copies: 1, judged: 1, learnDays: 1 },
      ...{ stepSeconds: [300], busyReplicas: [8], noiseCv: [0.1] },
    },
    forecast: { models: ['seasonal-naive'] },
    objectives: [0.99, 0.999],
    ...{ episodeTicks: 40, environments: 4, rounds: 2, learner: PPO },
    ...over,
  })
}

const ORIGIN = { command: 'a test', revision: 'none' }
const begin = (config: TrainingConfig) => {
  const deps = trainingOf(config, ORIGIN)
  return { deps, first: firstCheckpoint(deps.configHash, deps.learner) }
}

describe('services to learn on', () => {
  const config = configOf()
  const deps = { config, loads: loadsOf(config, 'learned'), tapes: createTapes() }
  const plain = config.actions.kind === 'discrete' ? config.actions.stretches.indexOf(1) : 0

  it('pay nothing for what the predictive policy would have done', () => {
    const services = createServices(deps)
    services.reset(3)
    for (let tick = 0; tick < 2 * config.episodeTicks; tick++) {
      const { rewards, truncated } = services.step(new Float32Array(services.count).fill(plain))
      expect([...rewards]).toEqual(new Array(services.count).fill(0))
      const isLast = tick % config.episodeTicks === config.episodeTicks - 1
      expect([...truncated]).toEqual(new Array(services.count).fill(isLast ? 1 : 0))
    }
  })

  it('show the same for the same seed and actions, and finite numbers only', () => {
    const play = () => {
      const services = createServices(deps)
      const random = seededRandom('actions')
      const seen = [services.reset(5)]
      for (let tick = 0; tick < config.episodeTicks; tick++) {
        const actions = Float32Array.from({ length: services.count }, () =>
          Math.floor(random() * 10),
        )
        seen.push(services.step(actions).observations)
      }
      return seen
    }
    const seen = play()
    expect(play()).toEqual(seen)
    for (const row of seen) expect(row.every(Number.isFinite)).toBe(true)
  })

  it('refuse an action that there is not', () => {
    const services = createServices(deps)
    services.reset(1)
    expect(() => services.step(new Float32Array(4).fill(10))).toThrow('action 10, must be 0 to 9')
  })

  it('are other loads than those that it is judged on, and never a recorded trace', () => {
    const judged = loadsOf(config, 'judged')
    const names = deps.loads.map(({ name }) => name)
    for (const { name, scenario } of [...judged, ...deps.loads])
      expect(scenario.synthetic, name).toBe(true)
    for (const { name } of judged) expect(names).not.toContain(name)
  })
})

describe('the judgement', () => {
  it('gives the predictive policy no reward, and no gain over the best of its own points', () => {
    const config = configOf()
    const judge = createJudge({ config, loads: loadsOf(config, 'judged'), tapes: createTapes() })
    const plain = 7
    const { each, reward, gain, costRatio } = judge.judge((_, rows) =>
      new Float32Array(rows).fill(plain),
    )
    expect(each).toHaveLength(2 * 2)
    expect(reward).toBeCloseTo(0, 12)
    expect(costRatio).toBeCloseTo(1, 12)
    expect(gain).toBeLessThanOrEqual(0)
  })

  it('says that half of the forecast costs less', () => {
    const config = configOf()
    const judge = createJudge({ config, loads: loadsOf(config, 'judged'), tapes: createTapes() })
    const { costRatio } = judge.judge((_, rows) => new Float32Array(rows).fill(2))
    expect(costRatio).toBeLessThan(0.95)
  })
})

describe('a training', () => {
  it('that was interrupted goes on to the bit', () => {
    const config = configOf({ rounds: 3 })
    const whole = begin(config)
    const checkpoints = [...train(whole.deps, whole.first)]
    const again = begin(config)
    const stored = JSON.parse(JSON.stringify(checkpoints[0])) as Checkpoint
    const rest = [...train(again.deps, stored)]
    expect(rest.map((one) => JSON.stringify(one))).toEqual(
      checkpoints.slice(1).map((one) => JSON.stringify(one)),
    )
  })

  it('ends when nothing better has come for as long as it has patience', () => {
    // with a learning rate of next to nothing the policy stays what it was
    const config = configOf({ rounds: 9, patience: 2, learner: { ...PPO, learningRate: 1e-12 } })
    const { deps, first } = begin(config)
    const last = [...train(deps, first)].at(-1)!
    expect(last.best?.round).toBe(1)
    expect(last.curve).toHaveLength(3)
  })

  it('learns to save where the predictive policy is too careful', { timeout: 60_000 }, () => {
    const config = configOf({
      ...{ rounds: 6, environments: 8, objectives: [0.999], episodeTicks: 80 },
      learner: { ...PPO, batchSize: 80, epochs: 6, learningRate: 0.003, discount: 0.9 },
    })
    const { deps, first } = begin(config)
    const { best, curve } = [...train(deps, first)].at(-1)!
    expect(curve[best!.round - 1]!.reward).toBeGreaterThan(0)
    expect(curve.at(-1)!.explored).toBeGreaterThan(curve[0]!.explored)
  })

  const continuous = { kind: 'continuous', reach: 0.7 } as const
  it.each([
    ['ppo', { learner: PPO }],
    ['ppo, continuous', { learner: PPO, actions: continuous }],
    ['dqn', { learner: { kind: 'dqn', learningStarts: 20, hidden: [16] } }],
    [
      'q-learning',
      {
        features: ['size', 'reach'],
        learner: {
          kind: 'q-learning',
          edges: [
            [0.5, 1],
            [-0.5, 0, 0.5],
          ],
        },
      },
    ],
    [
      'sac',
      {
        actions: continuous,
        learner: { kind: 'sac', learningStarts: 20, learnEvery: 16, hidden: [16] },
      },
    ],
  ] as const)('by %s leaves a policy that acts as the learner does', (_, over) => {
    const config = configOf({ ...(over as object), rounds: 1 })
    const { deps, first } = begin(config)
    const { best } = [...train(deps, first)].at(-1)!
    const { stretch } = learnedActor(best!.policy)
    const seen = deps.environment.reset(11)
    const width = deps.environment.observationSize
    const chosen = deps.learner.act(seen, deps.environment.count, { explore: false }).slice()
    for (let row = 0; row < deps.environment.count; row++) {
      const expected =
        config.actions.kind === 'discrete'
          ? config.actions.stretches[chosen[row]!]!
          : Math.exp(config.actions.reach * chosen[row]!)
      expect(stretch(seen.slice(row * width, (row + 1) * width))).toBeCloseTo(expected, 6)
    }
  })
})

describe('a simulated service', () => {
  it('told to stretch by 1 does what the predictive controller of experiments does, to the bit', () => {
    const config = configOf()
    const tapes = createTapes()
    const [load] = loadsOf(config, 'judged')
    const { scenario } = load!
    const run = createServiceRun({ config, load: load!, objective: 0.999, tapes })
    const own = Array.from({ length: run.ticks }, () => run.advance(1).cost)
    const kind = forescaleKind(tapes)
    const params = kind.params.parse({ objective: 0.999, ...config.forecast })
    const random = (name: string) => seededRandom('training', scenario.seed, scenario.name, name)
    const { columns } = simulate(scenario, {
      plant: createFluidPlant(scenario, { random: (name) => random(`plant ${name}`) }),
      controller: kind.create(scenario, params, random('controller')),
      scrape: createScrape(scenario, random('scrape')),
    })
    expect([...columns[0]!.cost]).toEqual(own)
  })
})
