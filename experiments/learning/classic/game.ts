/**
 * A small environment as functions on its state, and many of them stepped at once as a learner wants it. The games of this
 * folder are Gymnasium's (1.4.0, gymnasium/envs), number by number: the learners are measured on them against others.
 */
import { z } from 'zod'
import { type Chance, ChanceState, createChance } from '../../../agents/learning/chance.ts'
import {
  type ActionSpace,
  actionWidth,
  type EnvironmentShape,
  type VectorEnvironment,
} from '../../../agents/learning/environment.ts'

export interface Game extends EnvironmentShape {
  readonly name: string
  /** Numbers of its state. */
  readonly stateSize: number
  /** Steps after which time is up. */
  readonly timeLimit: number
  begin(state: Float64Array, chance: Chance): void
  /** Changes `state` by the action whose first number is `actions[at]`; the reward. */
  advance(state: Float64Array, actions: Float32Array, at: number, chance: Chance): number
  /** Whether nothing follows. */
  over(state: Float64Array): boolean
  observe(state: Float64Array, to: Float32Array, at: number): void
}

const Saved = z.array(
  z.strictObject({ state: z.array(z.number()), step: z.int().min(0), chance: ChanceState }),
)

interface Place {
  readonly state: Float64Array
  step: number
  chance: Chance
}

export function createGames(game: Game, count: number): VectorEnvironment {
  const { observationSize: width, actions: space, timeLimit } = game
  const places: Place[] = Array.from({ length: count }, () => ({
    state: new Float64Array(game.stateSize),
    step: 0,
    chance: createChance(0),
  }))
  const begin = (place: Place): void => {
    place.step = 0
    game.begin(place.state, place.chance)
  }
  return {
    count,
    observationSize: width,
    actions: space,
    reset(seed) {
      const observations = new Float32Array(count * width)
      places.forEach((place, i) => {
        // neighbouring seeds must not share any chance
        place.chance = createChance(Math.imul(seed + 1, 0x9e3779b1) + i)
        begin(place)
        game.observe(place.state, observations, i * width)
      })
      return observations
    },
    step(actions) {
      checkActions(space, actions, count)
      const observations = new Float32Array(count * width)
      const finalObservations = new Float32Array(count * width)
      const rewards = new Float64Array(count)
      const terminated = new Uint8Array(count)
      const truncated = new Uint8Array(count)
      places.forEach((place, i) => {
        rewards[i] = game.advance(place.state, actions, i * actionWidth(space), place.chance)
        place.step++
        if (game.over(place.state)) terminated[i] = 1
        if (place.step >= timeLimit) truncated[i] = 1
        if (terminated[i] === 1 || truncated[i] === 1) {
          game.observe(place.state, finalObservations, i * width)
          begin(place)
        }
        game.observe(place.state, observations, i * width)
      })
      return { observations, rewards, terminated, truncated, finalObservations }
    },
    save: () =>
      places.map(({ state, step, chance }) => ({
        state: [...state],
        step,
        chance: chance.save(),
      })) satisfies z.infer<typeof Saved>,
    restore(stored) {
      const saved = Saved.parse(stored)
      if (saved.length !== count || saved.some(({ state }) => state.length !== game.stateSize))
        throw new RangeError(`the saved games are ${saved.length} others, must be ${count} alike`)
      saved.forEach(({ state, step, chance }, i) => {
        places[i]!.state.set(state)
        places[i]!.step = step
        places[i]!.chance = createChance(chance)
      })
    },
  }
}

/** Throws a RangeError for too few actions, and for one outside of the space. */
export function checkActions(space: ActionSpace, actions: Float32Array, count: number): void {
  const width = actionWidth(space)
  if (actions.length < count * width)
    throw new RangeError(`actions are ${actions.length} numbers, must be ${count} × ${width}`)
  for (let i = 0; i < count * width; i++) {
    const value = actions[i]!
    const allowed =
      space.kind === 'discrete'
        ? Number.isInteger(value) && value >= 0 && value < space.count
        : value >= Math.fround(space.low[i % width]!) &&
          value <= Math.fround(space.high[i % width]!)
    if (!allowed) throw new RangeError(`actions[${i}] is ${value}, which is outside of the space`)
  }
}
