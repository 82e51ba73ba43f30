/**
 * Whether an environment keeps the contract: what Gymnasium's `check_env` (1.4.0, gymnasium/utils/env_checker.py) and
 * PettingZoo's `parallel_api_test` and `parallel_seed_test` (1.27.0, pettingzoo/test) ask for, and a whole episode beside
 * it. To be called on any environment, one's own too; the first fault is thrown, with what was wrong.
 */
import assert from 'node:assert/strict'
import type { Environment, ParallelEnvironment } from './environment.ts'
import { contains, describeSpace, type Member, Space, sample } from './spaces.ts'

export interface CheckOptions {
  /** Chance for actions, in [0, 1); the same numbers again from each call. */
  readonly random: () => () => number
  /** No episode may be longer. */
  readonly mostSteps?: number
}

const MOST_STEPS = 100_000
const SEEDS = [123, 456] as const

/** Throws an AssertionError that says what the environment does wrong. */
export function checkEnvironment(make: () => Environment, options: CheckOptions): void {
  const environment = make()
  checkSpace(environment.observationSpace, 'observation space')
  checkSpace(environment.actionSpace, 'action space')
  const { actionSpace } = environment
  assert.throws(
    () => environment.step(sample(actionSpace, options.random())),
    'step before the first reset must throw',
  )
  checkReset(environment)
  checkWrongAction(environment, options)
  const first = playOut(environment, options)
  assert.deepEqual(playOut(environment, options), first, 'the same seed must give the same episode')
  assert.deepEqual(playOut(make(), options), first, 'a new environment must not differ from an old')
  assert.throws(
    () => environment.step(sample(actionSpace, options.random())),
    'step after the end must throw until reset',
  )
}

function checkSpace(space: Space, name: string): void {
  assert.deepEqual(Space.parse(JSON.parse(JSON.stringify(space))), space, `${name} is plain data`)
}

function checkReset(environment: Environment): void {
  const [seed, other] = SEEDS
  const first = environment.reset(seed)
  const next = environment.reset()
  checkObservation(environment.observationSpace, first.observation, 'reset with a seed')
  checkObservation(environment.observationSpace, next.observation, 'reset without one')
  assert.notEqual(first.observation, next.observation, 'an observation must be a new one each time')
  assert.deepEqual(environment.reset(seed), first, 'the same seed must begin the same episode')
  assert.deepEqual(environment.reset(), next, 'chance must go on alike after the same seed')
  assert.notDeepEqual(environment.reset(other), first, 'another seed must begin another episode')
  environment.reset(seed, {})
}

function checkWrongAction(environment: Environment, { random }: CheckOptions): void {
  const { actionSpace } = environment
  environment.reset(SEEDS[0])
  for (const wrong of [undefined, null, Number.NaN, 'up', {}, -1e9])
    assert.throws(() => environment.step(wrong), `action ${String(wrong)} must be refused`)
  const after = environment.step(sample(actionSpace, random()))
  environment.reset(SEEDS[0])
  const plain = environment.step(sample(actionSpace, random()))
  assert.deepEqual(after, plain, 'an action that was refused must not change anything')
}

/** One seeded episode to its end; each step is checked. */
function playOut(
  environment: Environment,
  { random, mostSteps = MOST_STEPS }: CheckOptions,
): unknown[] {
  const chance = random()
  const { actionSpace, observationSpace } = environment
  const played: unknown[] = [environment.reset(SEEDS[0])]
  for (let step = 0; step < mostSteps; step++) {
    const result = environment.step(sample(actionSpace, chance))
    checkObservation(observationSpace, result.observation, `step ${step}`)
    checkFlags(result, `step ${step}`)
    played.push(result)
    if (result.terminated || result.truncated) return played
  }
  assert.fail(`no end after ${mostSteps} steps`)
}

/** The same for several agents. */
export function checkParallelEnvironment(
  make: () => ParallelEnvironment,
  options: CheckOptions,
): void {
  const environment = make()
  const { possibleAgents } = environment
  assert.ok(possibleAgents.length > 0, 'possibleAgents must not be empty')
  assert.deepEqual(environment.agents(), [], 'no agents before the first reset')
  for (const agent of possibleAgents) checkSpacesOf(environment, agent)
  const before = actionsOf(environment, possibleAgents, options.random())
  assert.throws(() => environment.step(before), 'step before the first reset must throw')
  const first = playOutParallel(environment, options)
  assert.deepEqual(playOutParallel(environment, options), first, 'same seed, same episode')
  assert.deepEqual(playOutParallel(make(), options), first, 'a new environment plays the same')
  assert.deepEqual(environment.agents(), [], 'no agents after the end')
  assert.throws(() => environment.step(before), 'step after the end must throw until reset')
  checkMissingAction(environment, options)
}

function checkSpacesOf(environment: ParallelEnvironment, agent: string): void {
  const { observationSpace, actionSpace } = environment
  checkSpace(observationSpace(agent), `observation space of ${agent}`)
  checkSpace(actionSpace(agent), `action space of ${agent}`)
  assert.equal(observationSpace(agent), observationSpace(agent), 'spaces must be the same object')
  assert.equal(actionSpace(agent), actionSpace(agent), 'spaces must be the same object')
}

function actionsOf(
  environment: ParallelEnvironment,
  agents: readonly string[],
  chance: () => number,
): Record<string, Member> {
  return Object.fromEntries(
    agents.map((agent) => [agent, sample(environment.actionSpace(agent), chance)]),
  )
}

function checkMissingAction(environment: ParallelEnvironment, { random }: CheckOptions): void {
  environment.reset(SEEDS[0])
  const [agent = '', ...others] = environment.agents()
  const actions = actionsOf(environment, others, random())
  assert.throws(() => environment.step(actions), `no action for ${agent} must be refused`)
  const whole = actionsOf(environment, [agent, ...others], random())
  const stranger = { ...whole, 'nobody here': 0 }
  assert.throws(() => environment.step(stranger), 'an action for nobody must be refused')
}

function playOutParallel(
  environment: ParallelEnvironment,
  { random, mostSteps = MOST_STEPS }: CheckOptions,
): unknown[] {
  const chance = random()
  const begun = environment.reset(SEEDS[0])
  const { possibleAgents } = environment
  assert.deepEqual(environment.agents(), possibleAgents, 'all agents are there after reset')
  for (const agent of possibleAgents)
    checkObservation(environment.observationSpace(agent), begun.observations[agent], `of ${agent}`)
  const played: unknown[] = [begun, environment.state()]
  for (let step = 0; step < mostSteps; step++) {
    const acting = environment.agents()
    const result = environment.step(actionsOf(environment, acting, chance))
    played.push(result, environment.state())
    for (const values of Object.values(result))
      assert.deepEqual(Object.keys(values), [...acting], 'one value for each agent that acted')
    for (const agent of acting) {
      const where = `of ${agent} in step ${step}`
      checkObservation(environment.observationSpace(agent), result.observations[agent], where)
      const { rewards, terminated, truncated } = result
      const flags = { terminated: terminated[agent], truncated: truncated[agent] }
      checkFlags({ reward: rewards[agent], ...flags }, where)
    }
    const over = acting.filter((agent) => result.terminated[agent] || result.truncated[agent])
    const left = acting.filter((agent) => !over.includes(agent))
    assert.deepEqual(environment.agents(), left, 'who is through leaves, the others stay')
    if (left.length === 0) return played
  }
  assert.fail(`no end after ${mostSteps} steps`)
}

function checkObservation(space: Space, observation: unknown, where: string): void {
  if (contains(space, observation)) return
  const seen = ArrayBuffer.isView(observation) ? String(observation) : JSON.stringify(observation)
  assert.fail(`observation ${where} is not in its space: ${seen} in ${describeSpace(space)}`)
}

interface Outcome {
  readonly reward: unknown
  readonly terminated: unknown
  readonly truncated: unknown
}

function checkFlags({ reward, terminated, truncated }: Outcome, where: string): void {
  assert.ok(Number.isFinite(reward), `reward ${where} must be a finite number, is ${reward}`)
  assert.equal(typeof terminated, 'boolean', `terminated ${where} must be true or false`)
  assert.equal(typeof truncated, 'boolean', `truncated ${where} must be true or false`)
}
