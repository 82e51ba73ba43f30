/**
 * Deep Q-network (Mnih et al. 2015, "Human-level control through deep reinforcement learning") with its improvements:
 * *double* (van Hasselt, Guez & Silver 2016), *duelling* (Wang et al. 2016) and *prioritised* replay (Schaul et al. 2016,
 * whose correction of the bias grows to 1 in a straight line until the end of training, §3.4).
 */
import { z } from 'zod'
import { largest, storeNetwork } from './acting.ts'
import { AdamState, createAdam } from './adam.ts'
import { type Chance, ChanceState, createChance } from './chance.ts'
import type { DqnConfig } from './dqn-config.ts'
import { createDqnUpdate } from './dqn-update.ts'
import { createValueHead } from './duelling.ts'
import { actionCountOf, explorationAt, explored } from './exploration.ts'
import type { Learner, LearnerSetting, Statistics } from './learner.ts'
import { blend, createNetwork, type Network } from './network.ts'
import { checkFinite, readFloats, StoredFloats, storeFloats } from './numbers.ts'
import { meanOf, timesDue } from './pace.ts'
import { createReplay, SavedReplay } from './replay.ts'
import { emptyTransitions, readExperience } from './transitions.ts'

const SavedDqn = z.strictObject({
  kind: z.literal('dqn'),
  steps: z.int().min(0),
  chance: ChanceState,
  network: StoredFloats,
  target: StoredFloats,
  adam: AdamState,
  replay: SavedReplay,
})

export function createDqn(config: DqnConfig, setting: LearnerSetting): Learner {
  const { observationSize, actions, count, totalSteps } = setting
  const actionCount = actionCountOf(actions, 'dqn')
  const head = createValueHead(actionCount, config.duelling)
  const mostRows = Math.max(config.batchSize, count)
  let chance = createChance(setting.seed)
  const [network, target] = valueNetworks(config, setting, head.outputs, mostRows, chance)
  const update = createDqnUpdate({ network, target, head }, config, actionCount)
  const adam = createAdam([network], { mostNorm: config.mostGradientNorm })
  const newReplay = () => createReplay(setting, config)
  let replay = newReplay()
  let steps = 0
  const seen = emptyTransitions(setting, count)
  const values = new Float32Array(mostRows * actionCount)
  // evenly at first, so that what is remembered begins with everything (Mnih et al. 2015, Methods)
  const epsilon = () =>
    steps < config.learningStarts ? 1 : explorationAt(config.exploration, steps, totalSteps)

  const improve = (updates: number): Statistics => {
    const correction = config.correction + (1 - config.correction) * Math.min(steps / totalSteps, 1)
    const course = meanOf(updates, () => {
      const batch = replay.draw(config.batchSize, correction, chance)
      const figures = update.run(batch)
      replay.judge(batch, update.errors)
      return { ...figures, gradientNorm: adam.step(config.learningRate) }
    })
    return { ...course, exploration: epsilon() }
  }

  return {
    kind: 'dqn',
    steps: () => steps,
    act(observations, rows, { explore }) {
      checkFinite('observations', observations, rows * observationSize)
      head.values(network.forward(observations, rows), rows, values)
      checkFinite('values', values, rows * actionCount)
      return explore
        ? explored(values, rows, actionCount, epsilon(), chance)
        : largest(values, rows, actionCount)
    },
    learn(experience) {
      readExperience(experience, setting, seen)
      replay.add(seen)
      const before = steps
      steps += count
      const due = steps < config.learningStarts ? 0 : timesDue(before, steps, config.learnEvery)
      const statistics = due > 0 ? improve(due * config.gradientSteps) : undefined
      if (timesDue(before, steps, config.targetEvery) > 0)
        blend(target, network, config.targetShare)
      return statistics
    },
    rule: () => ({
      kind: 'values',
      duelling: config.duelling,
      normalization: null,
      network: storeNetwork(network),
    }),
    save: (): z.infer<typeof SavedDqn> => ({
      kind: 'dqn',
      steps,
      chance: chance.save(),
      network: storeFloats(network.weights),
      target: storeFloats(target.weights),
      adam: adam.save(),
      replay: replay.save(),
    }),
    restore(state) {
      const saved = SavedDqn.parse(state)
      const weights = readFloats(saved.network, network.weights.length)
      const targetWeights = readFloats(saved.target, target.weights.length)
      const commitAdam = adam.read(saved.adam)
      const savedReplay = newReplay()
      savedReplay.restore(saved.replay)
      // nothing fails from here on
      commitAdam()
      replay = savedReplay
      network.weights.set(weights)
      target.weights.set(targetWeights)
      steps = saved.steps
      chance = createChance(saved.chance)
    },
  }
}

/** The network that learns, and its target with the same weights. */
function valueNetworks(
  { hidden, activation }: DqnConfig,
  { observationSize }: LearnerSetting,
  outputs: number,
  mostRows: number,
  chance: Chance,
): [Network, Network] {
  const shape = { inputs: observationSize, hidden, outputs, activation }
  const create = () => createNetwork(shape, chance, { mostRows, initial: { kind: 'uniform' } })
  const [network, target] = [create(), create()]
  target.weights.set(network.weights)
  return [network, target]
}
