/**
 * The contract of environments: Gymnasium's `Env` (1.4.0, gymnasium/core.py) and PettingZoo's `ParallelEnv` (1.27.0,
 * pettingzoo/utils/env.py) in this language. What they return in tuples has names here; all else is as there:
 *
 *   reset before step · a seed given to reset starts the chance anew, none goes on with it · an observation belongs to
 *   whoever got it · `truncated` says that time is up, `terminated` that a terminal state was reached. A service that is
 *   scaled has no terminal state, so `terminated` stays false: what follows the last step has a value, and a learner that
 *   took it for an end would learn to save at the expense of later.
 */
import type { Member, Space } from './spaces.ts'

/** Figures beside the observation, for who studies a run; a learner that used them would cheat. */
export type Info = Readonly<Record<string, number | boolean>>

export interface ResetOptions {
  /** Step of the load at which the episode begins; drawn by chance when absent. */
  readonly start?: number | undefined
}

export interface ResetResult<Observation extends Member = Member> {
  readonly observation: Observation
  readonly info: Info
}

export interface StepResult<Observation extends Member = Member> {
  readonly observation: Observation
  readonly reward: number
  readonly terminated: boolean
  readonly truncated: boolean
  readonly info: Info
}

export interface Environment<Observation extends Member = Member> {
  readonly observationSpace: Space
  readonly actionSpace: Space
  /** Throws EnvironmentError for a seed or an option that is not allowed. */
  reset(seed?: number, options?: ResetOptions): ResetResult<Observation>
  /** Throws EnvironmentError for an action outside `actionSpace`, before the first reset and after truncation. */
  step(action: unknown): StepResult<Observation>
}

export type ByAgent<Value> = Readonly<Record<string, Value>>

export interface ParallelStepResult {
  readonly observations: ByAgent<Float32Array>
  readonly rewards: ByAgent<number>
  readonly terminated: ByAgent<boolean>
  readonly truncated: ByAgent<boolean>
  readonly infos: ByAgent<Info>
}

export interface ParallelEnvironment {
  readonly possibleAgents: readonly string[]
  /** All of `possibleAgents` within an episode, none before the first and after the end. */
  agents(): readonly string[]
  /** The same object for the same agent, always. */
  observationSpace(agent: string): Space
  actionSpace(agent: string): Space
  reset(
    seed?: number,
    options?: ResetOptions,
  ): { readonly observations: ByAgent<Float32Array>; readonly infos: ByAgent<Info> }
  /** One action an agent of `agents()`. */
  step(actions: ByAgent<unknown>): ParallelStepResult
  /** What all agents see together, for a critic that may see it all (PettingZoo's `state()`). */
  state(): Float32Array
}

/** A wrong call: which field, what it was, what is allowed. */
export class EnvironmentError extends Error {
  readonly field: string
  readonly value: unknown
  readonly allowed: string

  constructor(field: string, value: unknown, allowed: string) {
    const text = JSON.stringify(value) ?? String(value)
    super(`${field}: ${text.slice(0, 120)} is not allowed; allowed: ${allowed}`)
    this.field = field
    this.value = value
    this.allowed = allowed
  }
}
