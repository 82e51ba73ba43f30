/** One service, one agent. Actions, what is seen and what it is paid: actions.ts, features.ts, reward.ts. */
import { type ActionRule, actionSpaceOf, countOf, readAction } from './actions.ts'
import type { Environment, Info } from './environment.ts'
import { type EpisodeState, ended, infoOf } from './episode.ts'
import { featureSpace, writeFeatures } from './features.ts'
import { createKeeper } from './keeper.ts'
import type { Prepared } from './prepare.ts'
import { partsOf, rewardOf } from './reward.ts'
import type { BoxSpace, Space } from './spaces.ts'

export interface SingleService extends Environment<Float32Array> {
  readonly observationSpace: BoxSpace
  readonly actionSpace: Space
}

export function ruleOf({ config }: Prepared): ActionRule {
  return { kind: config.actions, fromZero: config.actionsFromZero }
}

export function createSingleService(prepared: Prepared): SingleService {
  const observationSpace = featureSpace()
  const rule = ruleOf(prepared)
  const { spec } = prepared.services[0]!
  const actionSpace = actionSpaceOf(rule, spec)
  const keeper = createKeeper(prepared)
  const observe = (state: EpisodeState): Float32Array => {
    const observation = new Float32Array(observationSpace.low.length)
    writeFeatures(prepared, state, 0, observation)
    return observation
  }
  return {
    observationSpace,
    actionSpace,
    reset(seed, options) {
      const state = keeper.begin(seed, options)
      return { observation: observe(state), info: serviceInfo(prepared, state, 0) }
    },
    step(action) {
      const { requested } = keeper.live()
      const member = readAction(actionSpace, action)
      const state = keeper.advance([countOf(rule, spec, member, requested[0]!)])
      return {
        observation: observe(state),
        reward: rewardOf(partsOf(prepared, state.measured!, 0)),
        terminated: false,
        truncated: ended(prepared, state),
        info: serviceInfo(prepared, state, 0),
      }
    },
  }
}

/** What happened to service i, and the weighted parts of its reward. */
export function serviceInfo(prepared: Prepared, state: EpisodeState, i: number): Info {
  const { latency, cost, failures } = state.measured
    ? partsOf(prepared, state.measured, i)
    : { latency: 0, cost: 0, failures: 0 }
  return {
    ...infoOf(prepared, state, i),
    latencyPart: latency,
    costPart: cost,
    failuresPart: failures,
  }
}
