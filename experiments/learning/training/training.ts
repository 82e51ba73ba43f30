/** A configuration made into something that trains: loads, environments, learner and judge, all drawn from its seed. */
import { createHash } from 'node:crypto'
import { createLearner } from '../../../agents/learning/registry.ts'
import { POLICY_FORMAT, PolicyDocument } from '../../../agents/policies/learned/document.ts'
import { createTapes } from '../../controllers/forescale/models.ts'
import type { TrainingConfig } from './config.ts'
import { createJudge } from './judge.ts'
import { loadsOf } from './loads.ts'
import { createServices } from './services.ts'
import type { TrainDeps } from './train.ts'

export interface Origin {
  /** What is to be typed to make it again. */
  readonly command: string
  /** Of the code. */
  readonly revision: string
}

/** The same for the same settings, defaults included. */
export function configHashOf(config: TrainingConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)
}

/** Throws a RangeError for a learner that cannot take such actions. */
export function trainingOf(config: TrainingConfig, { command, revision }: Origin): TrainDeps {
  const learned = loadsOf(config, 'learned')
  // every load is needed in every round: none of its forecasts is dropped
  const tapes = createTapes(Number.POSITIVE_INFINITY)
  const environment = createServices({ config, loads: learned, tapes })
  const { count, observationSize, actions } = environment
  const totalSteps = config.rounds * config.episodeTicks * count
  const { seed } = config
  const learner = createLearner(config.learner, {
    ...{ observationSize, actions, count, totalSteps, seed },
  })
  const configHash = configHashOf(config)
  return {
    ...{ config, configHash, learner, environment },
    judge: createJudge({ config, loads: loadsOf(config, 'judged'), tapes }),
    documentOf: (own) =>
      PolicyDocument.parse({
        formatVersion: POLICY_FORMAT,
        name: config.name,
        learner: own.kind,
        features: config.features,
        actions: config.actions,
        rule: own.rule(),
        provenance: {
          ...{ command, revision, configHash, seed },
          steps: own.steps(),
          loads: learned.map(({ name }) => name),
        },
      }),
  }
}
