/**
 * Several agents at once, one a service, under a budget that they share; with an upper agent, hierarchical. All of them act
 * in every step and see what the step before left. The upper agent's action counts at every `everyTicks`-th tick, from
 * that tick on; at the others it is asked for and not heard (`info.acts` says whether the next one is).
 *
 * Rewards: of a service, `1 − sharedShare` of its own and `sharedShare` of the mean of all; of the upper agent, the
 * mean of all without its own directive's prices and strategies, or it could pay itself.
 */
import { actionSpaceOf, countOf, readAction } from './actions.ts'
import { purseOf } from './budget.ts'
import { type Budget, type HierarchicalConfig, type MultiAgentConfig, UPPER } from './config.ts'
import {
  type Directive,
  directiveOf,
  directiveSpace,
  granted,
  neutralDirective,
  seenBound,
} from './directive.ts'
import {
  type ByAgent,
  EnvironmentError,
  type Info,
  type ParallelEnvironment,
} from './environment.ts'
import { type EpisodeState, ended } from './episode.ts'
import { featureSpace } from './features.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import { budgetBounds, observeAll, type Seen, upperSpace } from './parallel-features.ts'
import type { Prepared } from './prepare.ts'
import { partsOf, rewardOf } from './reward.ts'
import { ruleOf, serviceInfo } from './single-service.ts'
import type { Member, Space } from './spaces.ts'

interface Parts {
  readonly prepared: Prepared
  readonly config: MultiAgentConfig | HierarchicalConfig
  readonly budget: Budget | undefined
  readonly names: readonly string[]
  readonly actionSpaces: ReadonlyMap<string, Space>
  readonly observationSpaces: ReadonlyMap<string, Space>
}

/** `seed`: of chance until a reset brings its own. Throws EnvironmentError for a single service's configuration. */
export function createParallel(
  prepared: Prepared,
  seed = prepared.config.seed,
): ParallelEnvironment {
  const parts = partsFor(prepared)
  const { config, names, actionSpaces, observationSpaces } = parts
  const possibleAgents = [...actionSpaces.keys()]
  const keeper = createKeeper(prepared, seed)
  let directive = neutralDirective(names.length)
  let agents: readonly string[] = []
  let asked: readonly number[] = []

  const seen = (state: EpisodeState): Seen => ({
    prepared,
    state,
    directive,
    purse: purseOf(prepared, parts.budget, state),
  })
  const observations = (state: EpisodeState): ByAgent<Float32Array> =>
    observeAll(seen(state), observationSpaces)
  return {
    possibleAgents,
    agents: () => agents,
    observationSpace: (agent) => spaceOf(observationSpaces, agent),
    actionSpace: (agent) => spaceOf(actionSpaces, agent),
    reset(newSeed, options) {
      const state = keeper.begin(newSeed, options)
      directive = neutralDirective(names.length)
      agents = possibleAgents
      asked = state.requested
      return { observations: observations(state), infos: infosOf(parts, seen(state), asked) }
    },
    step(actions) {
      const before = keeper.live()
      const members = readActions(actions, actionSpaces)
      if (config.kind === 'hierarchical' && acts(config, before))
        directive = directiveFrom(config, members, names.length)
      asked = askedBy(prepared, before, members)
      const state = advance(keeper, seen(before), asked)
      const truncated = ended(prepared, state)
      if (truncated) agents = []
      return {
        observations: observations(state),
        rewards: rewardsOf(parts, state, directive),
        terminated: forAll(possibleAgents, false),
        truncated: forAll(possibleAgents, truncated),
        infos: infosOf(parts, seen(state), asked),
      }
    },
    state() {
      const all = Object.values(observations(keeper.last()))
      return Float32Array.from(all.flatMap((observation) => [...observation]))
    },
  }
}

function partsFor(prepared: Prepared): Parts {
  const { config, services } = prepared
  if (config.kind === 'single-service')
    throw new EnvironmentError('kind', config.kind, 'multi-agent | hierarchical')
  const { budget } = config
  const bounds = [
    ...(budget ? budgetBounds() : []),
    ...(config.kind === 'hierarchical' ? [seenBound(config.directive)] : []),
  ]
  const actionSpaces = new Map<string, Space>()
  const observationSpaces = new Map<string, Space>()
  for (const { name, spec } of services) {
    actionSpaces.set(name, actionSpaceOf(ruleOf(prepared), spec))
    observationSpaces.set(name, featureSpace(bounds))
  }
  if (config.kind === 'hierarchical') {
    actionSpaces.set(UPPER, directiveSpace(config.directive, services))
    observationSpaces.set(UPPER, upperSpace(services))
  }
  const names = services.map(({ name }) => name)
  return { prepared, config, budget, names, actionSpaces, observationSpaces }
}

function spaceOf(spaces: ReadonlyMap<string, Space>, agent: string): Space {
  const space = spaces.get(agent)
  if (space === undefined) throw new EnvironmentError('agent', agent, [...spaces.keys()].join(', '))
  return space
}

function readActions(
  actions: ByAgent<unknown>,
  spaces: ReadonlyMap<string, Space>,
): ReadonlyMap<string, Member> {
  for (const agent of Object.keys(actions)) spaceOf(spaces, agent)
  return new Map(
    [...spaces].map(([agent, space]) => {
      const action = Object.hasOwn(actions, agent) ? actions[agent] : undefined
      return [agent, readAction(space, action, `actions.${agent}`)]
    }),
  )
}

function acts({ everyTicks }: HierarchicalConfig, { tick }: EpisodeState): boolean {
  return tick % everyTicks === 0
}

function directiveFrom(
  { directive, budget }: HierarchicalConfig,
  members: ReadonlyMap<string, Member>,
  count: number,
): Directive {
  return directiveOf(directive, members.get(UPPER)!, { count, account: budget.kind === 'account' })
}

function askedBy(
  prepared: Prepared,
  { requested }: EpisodeState,
  members: ReadonlyMap<string, Member>,
): number[] {
  const rule = ruleOf(prepared)
  return prepared.services.map(({ name, spec }, i) =>
    countOf(rule, spec, members.get(name)!, requested[i]!),
  )
}

function advance(
  keeper: Keeper,
  { prepared, directive, purse }: Seen,
  asked: readonly number[],
): EpisodeState {
  const specs = prepared.services.map(({ spec }) => spec)
  return keeper.advance(granted(asked, specs, directive, purse))
}

function rewardsOf(
  { prepared, config, names }: Parts,
  { measured }: EpisodeState,
  directive: Directive,
): ByAgent<number> {
  const parts = names.map((_, i) => partsOf(prepared, measured!, i))
  const own = parts.map((one, i) => rewardOf(directive.paid(one, i)))
  const all = meanOf(own)
  const { sharedShare } = config
  const rewards = names.map((name, i): [string, number] => [
    name,
    (1 - sharedShare) * own[i]! + sharedShare * all,
  ])
  if (config.kind === 'hierarchical') rewards.push([UPPER, meanOf(parts.map(rewardOf))])
  return Object.fromEntries(rewards)
}

function infosOf(
  { prepared, config, names, budget }: Parts,
  { state, directive, purse }: Seen,
  asked: readonly number[],
): ByAgent<Info> {
  const money: Info = budget
    ? {
        spent: state.spent,
        budgetLeft: purse.budgetLeft,
        limitPerHour: directive.limitPerHour(purse),
      }
    : {}
  const infos = names.map((name, i): [string, Info] => [
    name,
    {
      ...serviceInfo(prepared, state, i),
      ...money,
      asked: asked[i]!,
      directive: directive.seen[i]!,
    },
  ])
  if (config.kind === 'hierarchical')
    infos.push([UPPER, { tick: state.tick, ...money, acts: acts(config, state) }])
  return Object.fromEntries(infos)
}

function forAll<Value>(agents: readonly string[], value: Value): ByAgent<Value> {
  return Object.fromEntries(agents.map((agent) => [agent, value]))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
