/** Starts that know nothing of meta-learning: new weights, and one policy for all known services. */
import { weightsOf } from '../../../agents/learning/meta/learner-weights.ts'
import { createLearner } from '../../../agents/learning/registry.ts'
import type { TrainingConfig } from '../training/config.ts'
import { createServices } from '../training/services.ts'
import { taskSource } from './task.ts'

/** As a learner of those settings begins. */
export function untrained(config: TrainingConfig, seed: number): Float32Array {
  const { environments: count, features, learner } = config
  const actions = { kind: 'continuous' as const, size: 1, low: [-1], high: [1] }
  return weightsOf(
    createLearner(learner, {
      ...{ count, observationSize: features.length, actions },
      ...{ totalSteps: 1, seed },
    }),
  )
}

/** The same learner on whole days of all known services at once: what a start that must know no new ones can do. */
export function trainTogether(
  config: TrainingConfig,
  seed: number,
  decisions: number,
): Float32Array {
  const services = createServices(taskSource(config, 'learned'))
  const { count, observationSize, actions } = services
  const learner = createLearner(config.learner, {
    ...{ count, observationSize, actions },
    ...{ totalSteps: decisions, seed },
  })
  let observations = services.reset(seed)
  while (learner.steps() < decisions) {
    const chosen = learner.act(observations, count, { explore: true }).slice()
    const step = services.step(chosen)
    learner.learn({ observations, actions: chosen, step })
    observations = step.observations
  }
  return weightsOf(learner)
}
