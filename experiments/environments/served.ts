/** An environment of any kind behind the few calls of the protocol: plain JSON in, plain JSON out. */
import { readAction } from './actions.ts'
import type { EnvironmentConfig } from './config.ts'
import {
  type ByAgent,
  EnvironmentError,
  type ParallelEnvironment,
  type ResetOptions,
} from './environment.ts'
import { createParallel } from './parallel.ts'
import { createParallelVector, type ParallelVector } from './parallel-vector.ts'
import { type Prepared, type PrepareParts, prepare } from './prepare.ts'
import { LIMITS, toBase64 } from './protocol.ts'
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
  const prepared = await prepare(config, parts)
  const { firstStart, lastStart, synthetic } = prepared
  const about = { kind: config.kind, firstStart, lastStart, synthetic, config }
  const steps = prepared.services.reduce((sum, { load }) => sum + load.length, 0)
  return { ...callsOf(prepared, count, about), steps }
}

type Calls = Omit<Served, 'steps'>

function callsOf(prepared: Prepared, count: number | undefined, about: object): Calls {
  const isSingle = prepared.config.kind === 'single-service'
  if (count === undefined)
    return isSingle
      ? serveSingle(createSingleService(prepared), about)
      : serveParallel(createParallel(prepared), about)
  const services = prepared.services.length
  if (count * services > LIMITS.count) {
    const most = Math.floor(LIMITS.count / services)
    throw new EnvironmentError('params.count', count, `1 to ${most} with ${services} services`)
  }
  return isSingle
    ? serveVector(createVector(prepared, count), about)
    : serveParallelVector(createParallelVector(prepared, count), about)
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
  return {
    description: { ...about, count, autoreset: 'NextStep', observationSpace, actionSpace },
    reset(seed, options) {
      const { observations, infos } = environment.reset(seed, options)
      return { observations: toBase64(observations), infos: sent(infos()) }
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
        infos: sent(infos()),
      }
    },
    state: noState,
  }
}

/** All copies of all agents in one request: columns by agent. */
function serveParallelVector(environment: ParallelVector, about: object): Calls {
  const { possibleAgents, count } = environment
  const all = (infos: ReturnType<ParallelVector['infos']>) =>
    Object.fromEntries(possibleAgents.map((agent) => [agent, sent(infos[agent]!)]))
  return {
    description: { ...about, count, autoreset: 'NextStep', ...spacesOf(environment) },
    reset(seed, options) {
      const { observations } = environment.reset(seed, options)
      return { observations: sent(observations), infos: all(environment.infos()) }
    },
    step(asked) {
      const actions = readColumns(environment, asked)
      const { observations, rewards, truncated } = environment.step(actions)
      return {
        observations: sent(observations),
        rewards: sent(rewards),
        terminated: toBase64(new Uint8Array(count)),
        truncated: toBase64(truncated),
        infos: all(environment.infos()),
      }
    },
    state: noState,
  }
}

/** All are read before any is taken: a wrong one leaves everything as it was. */
function readColumns(
  { possibleAgents, actionSpace, count }: ParallelVector,
  asked: unknown,
): ByAgent<readonly unknown[]> {
  const columns = byAgent(asked, `an object with a list of ${count} actions an agent`)
  // an agent that there is not is refused by its name
  for (const agent of Object.keys(columns)) actionSpace(agent)
  return Object.fromEntries(
    possibleAgents.map((agent) => {
      const space = actionSpace(agent)
      const column = columns[agent]
      const field = `actions.${agent}`
      if (!Array.isArray(column) || column.length !== count)
        throw new EnvironmentError(field, column, `a list of ${count} actions`)
      return [
        agent,
        column.map((action, i) => readAction(space, member(space, action), `${field}.${i}`)),
      ]
    }),
  )
}

function sent(
  columns: Readonly<Record<string, Float32Array | Float64Array>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, toBase64(column)]),
  )
}

function spacesOf({
  possibleAgents,
  observationSpace,
  actionSpace,
}: Pick<ParallelEnvironment, 'possibleAgents' | 'observationSpace' | 'actionSpace'>) {
  const spaces = (spaceOf: (agent: string) => Space) =>
    Object.fromEntries(possibleAgents.map((agent) => [agent, spaceOf(agent)]))
  return {
    possibleAgents,
    observationSpaces: spaces(observationSpace),
    actionSpaces: spaces(actionSpace),
  }
}

function serveParallel(environment: ParallelEnvironment, about: object): Calls {
  return {
    description: { ...about, ...spacesOf(environment) },
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

function byAgent(actions: unknown, allowed: string): Readonly<Record<string, unknown>> {
  if (typeof actions !== 'object' || actions === null || Array.isArray(actions))
    throw new EnvironmentError('params.action', actions, allowed)
  return { ...actions }
}

function members(environment: ParallelEnvironment, actions: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(byAgent(actions, 'an object with an action an agent')).map(([agent, action]) => [
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
