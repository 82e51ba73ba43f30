/**
 * Proximal policy optimisation (Schulman et al. 2017) for discrete and continuous actions, with the details of Huang et
 * al. 2022, "The 37 implementation details of PPO": policy and critic are networks of their own with orthogonal first
 * weights (gains √2, 0.01 for the policy's outputs, 1 for the critic's), many environments fill one rollout, an episode
 * that ran out of time is worth what the critic says of its end. The policy may see the beginning of an observation only
 * (`policyInputs`): then the critic is a centralised one of MAPPO (Yu et al. 2022), and what acts needs no more than that.
 */
import { storeNetwork } from './acting.ts'
import { estimateAdvantages } from './advantages.ts'
import type { VectorStep } from './environment.ts'
import type { Learner, LearnerSetting, Statistics } from './learner.ts'
import { checkFinite } from './numbers.ts'
import { firstColumns } from './ppo-batch.ts'
import type { PpoConfig } from './ppo-config.ts'
import { firstState, type PpoState, restoreState, saveState } from './ppo-state.ts'

export function createPpo(config: PpoConfig, setting: LearnerSetting): Learner {
  const { observationSize, count, totalSteps } = setting
  const state = firstState(config, setting)
  const { policy, distribution } = state

  const asInputs = (observations: Float32Array, rows: number): Float32Array => {
    const inputs = observations.slice(0, rows * observationSize)
    if (config.normalizeObservations) state.seen.apply(observations, inputs, rows)
    return inputs
  }
  const ofPolicy = (inputs: Float32Array, rows: number): Float32Array =>
    firstColumns(inputs, rows, policy.shape.inputs)
  const valuesOf = (observations: Float32Array): Float32Array =>
    state.critic.forward(asInputs(observations, count), count).slice()

  function explore(observations: Float32Array, rows: number): Float32Array {
    if (rows !== count) throw new RangeError(`rows is ${rows}, must be ${count} to explore`)
    if (config.normalizeObservations) state.seen.see(observations, rows)
    const inputs = asInputs(observations, rows)
    const actions = new Float32Array(rows * distribution.width)
    const logLikelihoods = new Float32Array(rows)
    const outputs = policy.forward(ofPolicy(inputs, rows), rows)
    checkFinite('outputs of the policy', outputs)
    distribution.draw(outputs, rows, state.chance, { actions, logLikelihoods })
    const values = state.critic.forward(inputs, rows).slice()
    state.pending = { observations: inputs, actions, logLikelihoods, values }
    return distribution.allowed(actions, rows)
  }

  function improve(lastObservations: Float32Array): Statistics {
    const left = config.annealing === 'linear' ? Math.max(0, 1 - state.steps / totalSteps) : 1
    const learningRate = config.learningRate * left
    const rates = { learningRate, clipRange: config.clipRange * left }
    const judged = gatheredOf(state, config, valuesOf(lastObservations))
    const gathered = { ...judged, observations: ofPolicy(judged.states, judged.rows) }
    const statistics = state.update.run(gathered, rates, state.chance)
    state.rollout.clear()
    return { ...statistics, learningRate }
  }

  return {
    kind: 'ppo',
    steps: () => state.steps,
    act(observations, rows, how) {
      checkFinite('observations', observations, rows * observationSize)
      if (how.explore) return explore(observations, rows)
      const inputs = ofPolicy(asInputs(observations, rows), rows)
      return distribution.likeliest(policy.forward(inputs, rows), rows)
    },
    learn({ step }) {
      if (!state.pending) throw new RangeError('learn must follow an act that explores')
      checkFinite('rewards', step.rewards)
      checkFinite('observations', step.observations)
      const ended = step.terminated.map((over, i) => over | step.truncated[i]!)
      state.rollout.add({
        ...state.pending,
        endValues: endValuesOf(step, observationSize, valuesOf),
        rewards: config.normalizeRewards ? state.rewards.apply(step.rewards, ended) : step.rewards,
        ended,
      })
      state.pending = undefined
      state.steps += count
      const full = state.rollout.filled() === state.rollout.steps
      return full ? improve(step.observations) : undefined
    },
    rule() {
      const { mean, deviation, clip } = state.seen.rule()
      const width = policy.shape.inputs
      const sight = { mean: mean.slice(0, width), deviation: deviation.slice(0, width), clip }
      return distribution.rule(storeNetwork(policy), config.normalizeObservations ? sight : null)
    },
    save: () => saveState(state),
    restore: (stored) => restoreState(state, firstState(config, setting), stored),
  }
}

function gatheredOf({ rollout }: PpoState, config: PpoConfig, lastValues: Float32Array) {
  const rows = rollout.steps * rollout.count
  const advantages = new Float32Array(rows)
  const returns = new Float32Array(rows)
  const course = { ...rollout, ended: Uint8Array.from(rollout.ended), lastValues }
  estimateAdvantages(course, config, { advantages, returns })
  return { ...rollout, rows, states: rollout.observations, advantages, returns }
}

/** Values of what episodes ended with; 0 where none ended, or where nothing follows. */
function endValuesOf(
  { terminated, truncated, finalObservations }: VectorStep,
  width: number,
  valuesOf: (observations: Float32Array) => Float32Array,
): Float32Array {
  const goesOn = truncated.map((up, i) => up & (1 - terminated[i]!))
  const none = new Float32Array(goesOn.length)
  if (!goesOn.includes(1)) return none
  // rows that do not count need not be numbers
  const ends = finalObservations.map((value, i) =>
    goesOn[Math.floor(i / width)] === 1 ? value : 0,
  )
  checkFinite('finalObservations', ends)
  return valuesOf(ends).map((value, i) => value * goesOn[i]!)
}
