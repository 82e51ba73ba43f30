/**
 * Many independent copies of an environment of several agents, stepped at once, results in columns by agent: what a learner
 * of all services together trains on. Resets and seeds as in vector.ts (next step, s + i).
 */
import {
  type ByAgent,
  EnvironmentError,
  type Info,
  type ParallelEnvironment,
  type ResetOptions,
} from './environment.ts'
import { createParallel } from './parallel.ts'
import type { Prepared } from './prepare.ts'
import type { BoxSpace } from './spaces.ts'
import { checkCount, columnsOf, readSeeds } from './vector.ts'

export interface ParallelVectorStep {
  /** Row i, as wide as the agent's space, is of copy i. New in every step. */
  readonly observations: ByAgent<Float32Array>
  readonly rewards: ByAgent<Float64Array>
  /** 0 or 1 a copy: all of its agents end together, and never by a terminal state. */
  readonly truncated: Uint8Array
}

export interface ParallelVector
  extends Pick<ParallelEnvironment, 'possibleAgents' | 'observationSpace' | 'actionSpace'> {
  readonly count: number
  reset(
    seed?: number | readonly number[],
    options?: ResetOptions,
  ): Pick<ParallelVectorStep, 'observations'>
  /** By agent one action a copy. A wrong one is refused by name; copies before it have gone on then, so reset. */
  step(actions: ByAgent<ArrayLike<unknown>>): ParallelVectorStep
  /** Of the last reset or step, one column a figure by agent. */
  infos(): ByAgent<Readonly<Record<string, Float64Array>>>
}

export function createParallelVector(prepared: Prepared, count: number): ParallelVector {
  checkCount(count)
  const copies = Array.from({ length: count }, (_, i) =>
    createParallel(prepared, prepared.config.seed + i),
  )
  const [first] = copies
  const { possibleAgents, observationSpace, actionSpace } = first!
  const widths = possibleAgents.map((agent) => (observationSpace(agent) as BoxSpace).low.length)
  const over = new Uint8Array(count)
  const told: ByAgent<Info>[] = []

  const blank = (): ByAgent<Float32Array> =>
    Object.fromEntries(
      possibleAgents.map((agent, a) => [agent, new Float32Array(count * widths[a]!)]),
    )
  const put = (into: ByAgent<Float32Array>, from: ByAgent<Float32Array>, i: number): void => {
    possibleAgents.forEach((agent, a) => {
      into[agent]!.set(from[agent]!, i * widths[a]!)
    })
  }
  return {
    count,
    possibleAgents,
    observationSpace,
    actionSpace,
    reset(seed, options) {
      const seeds = readSeeds(seed, count)
      const observations = blank()
      copies.forEach((copy, i) => {
        const begun = copy.reset(seeds[i], options)
        put(observations, begun.observations, i)
        told[i] = begun.infos
      })
      over.fill(0)
      return { observations }
    },
    step(actions) {
      checkLengths(actions, possibleAgents, count)
      const observations = blank()
      const rewards = Object.fromEntries(
        possibleAgents.map((agent) => [agent, new Float64Array(count)]),
      )
      copies.forEach((copy, i) => {
        if (over[i] === 1) {
          over[i] = 0
          const begun = copy.reset()
          put(observations, begun.observations, i)
          told[i] = begun.infos
          return
        }
        const result = copy.step(
          Object.fromEntries(possibleAgents.map((agent) => [agent, actions[agent]![i]])),
        )
        put(observations, result.observations, i)
        told[i] = result.infos
        for (const agent of possibleAgents) rewards[agent]![i] = result.rewards[agent]!
        over[i] = copy.agents().length === 0 ? 1 : 0
      })
      return { observations, rewards, truncated: over.slice() }
    },
    infos: () =>
      Object.fromEntries(
        possibleAgents.map((agent) => [agent, columnsOf(told.map((infos) => infos[agent]!))]),
      ),
  }
}

function checkLengths(
  actions: ByAgent<ArrayLike<unknown>>,
  agents: readonly string[],
  count: number,
): void {
  for (const agent of agents) {
    const length = actions[agent]?.length ?? 0
    if (length !== count)
      throw new EnvironmentError(`actions.${agent}`, `${length} of them`, `${count}`)
  }
}
