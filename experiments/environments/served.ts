/** An environment of any kind behind the few calls of the protocol: plain JSON in, plain JSON out. */
import type { EnvironmentConfig } from './config.ts'
import {
  type ByAgent,
  EnvironmentError,
  type ParallelEnvironment,
  type ResetOptions,
} from './environment.ts'
import { createParallel } from './parallel.ts'
import { type Prepared, type PrepareParts, prepare } from './prepare.ts'
import { toBase64 } from './protocol.ts'
import { createSingleService, type SingleService } from './single-service.ts'
import { fromJson, type Space, toJson } from './spaces.ts'
import { createVector, type VectorEnvironment } from './vector.ts'

type Seed = number | readonly number[] | undefined

export interface Served {
  /** What `make` answers beside the handle. */
  readonly description: Readonly<Record<string, unknown>>
  /** Of load that it holds, all services together. */
  readonly steps: number
  reset(seed: Seed, options: ResetOptions | undefined): unknown
  step(action: unknown): unknown
  state(): unknown
}

/** `count`: a vector of so many. Throws EnvironmentError and DatasetError. */
export async function serve(
  config: EnvironmentConfig,
  count: number | undefined,
  parts: PrepareParts,
): Promise<Served> {
  if (count !== undefined && config.kind !== 'single-service')
    throw new EnvironmentError('params.count', count, 'absent, but for kind single-service')
  const prepared = await prepare(config, parts)
  const { firstStart, lastStart, synthetic } = prepared
  const about = { kind: config.kind, firstStart, lastStart, synthetic, config }
  const steps = prepared.services.reduce((sum, { load }) => sum + load.length, 0)
  return { ...callsOf(prepared, count, about), steps }
}

type Calls = Omit<Served, 'steps'>

function callsOf(prepared: Prepared, count: number | undefined, about: object): Calls {
  if (count !== undefined) return serveVector(createVector(prepared, count), about)
  if (prepared.config.kind === 'single-service')
    return serveSingle(createSingleService(prepared), about)
  return serveParallel(createParallel(prepared), about)
}

function serveSingle(environment: SingleService, about: object): Calls {
  const { observationSpace, actionSpace } = environment
  return {
    description: { ...about, observationSpace, actionSpace },
    reset(seed, options) {
      const { observation, info } = environment.reset(oneSeed(seed), options)
      return { observation: toJson(observation), info }
    },
    step(action) {
      const result = environment.step(member(actionSpace, action))
      return { ...result, observation: toJson(result.observation) }
    },
    state: noState,
  }
}

function serveVector(environment: VectorEnvironment, about: object): Calls {
  const { observationSpace, actionSpace, count } = environment
  const columns = (infos: ReturnType<VectorEnvironment['reset']>['infos']) =>
    Object.fromEntries(Object.entries(infos()).map(([name, column]) => [name, toBase64(column)]))
  return {
    description: { ...about, count, autoreset: 'NextStep', observationSpace, actionSpace },
    reset(seed, options) {
      const { observations, infos } = environment.reset(seed, options)
      return { observations: toBase64(observations), infos: columns(infos) }
    },
    step(actions) {
      if (!Array.isArray(actions))
        throw new EnvironmentError('params.action', actions, `a list of ${count} actions`)
      const members = actions.map((action) => member(actionSpace, action))
      const { observations, rewards, terminated, truncated, infos } = environment.step(members)
      return {
        observations: toBase64(observations),
        rewards: toBase64(rewards),
        terminated: toBase64(terminated),
        truncated: toBase64(truncated),
        infos: columns(infos),
      }
    },
    state: noState,
  }
}

function serveParallel(environment: ParallelEnvironment, about: object): Calls {
  const { possibleAgents } = environment
  const spaces = (spaceOf: (agent: string) => Space) =>
    Object.fromEntries(possibleAgents.map((agent) => [agent, spaceOf(agent)]))
  return {
    description: {
      ...about,
      possibleAgents,
      observationSpaces: spaces(environment.observationSpace),
      actionSpaces: spaces(environment.actionSpace),
    },
    reset(seed, options) {
      const { observations, infos } = environment.reset(oneSeed(seed), options)
      return { observations: plain(observations), infos, agents: environment.agents() }
    },
    step(actions) {
      const result = environment.step(members(environment, actions))
      return { ...result, observations: plain(result.observations), agents: environment.agents() }
    },
    state: () => ({ state: toJson(environment.state()) }),
  }
}

/** What is no member stays as it came, for the environment to refuse by name. */
function member(space: Space, action: unknown): unknown {
  return fromJson(space, action) ?? action
}

function members(environment: ParallelEnvironment, actions: unknown): Record<string, unknown> {
  if (typeof actions !== 'object' || actions === null || Array.isArray(actions))
    throw new EnvironmentError('params.action', actions, 'an object with an action an agent')
  return Object.fromEntries(
    Object.entries(actions).map(([agent, action]) => [
      agent,
      member(environment.actionSpace(agent), action),
    ]),
  )
}

function plain(observations: ByAgent<Float32Array>): ByAgent<unknown> {
  return Object.fromEntries(
    Object.entries(observations).map(([agent, observation]) => [agent, toJson(observation)]),
  )
}

function oneSeed(seed: Seed): number | undefined {
  if (seed === undefined || typeof seed === 'number') return seed
  throw new EnvironmentError('params.seed', seed, 'one whole number')
}

function noState(): never {
  throw new EnvironmentError('method', 'state', 'for several agents only')
}
