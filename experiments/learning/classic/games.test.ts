/** Figures are Gymnasium's own (1.4.0 and 0.29.1 agree), from the states and actions that stand here. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChance } from '../../../agents/learning/chance.ts'
import { actionWidth } from '../../../agents/learning/environment.ts'
import { cartPole } from './cart-pole.ts'
import { fieldAfter, frozenLake } from './frozen-lake.ts'
import { createGames, type Game } from './game.ts'
import { pendulum } from './pendulum.ts'

const GAMES = [cartPole, pendulum, frozenLake]

/** States and rewards after each action. */
function follow(game: Game, first: readonly number[], actions: readonly number[]) {
  const state = Float64Array.from(first)
  return actions.map((action) => {
    const reward = game.advance(state, Float32Array.of(action), 0, createChance(0))
    return { state: [...state], reward, over: game.over(state) }
  })
}

function near(seen: readonly number[], expected: readonly number[]): void {
  expected.forEach((value, i) => {
    expect(seen[i]).toBeCloseTo(value, 12)
  })
}

describe('CartPole', () => {
  const actions = [1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const course = follow(cartPole, [0.01, -0.02, 0.03, 0.04], actions)

  it('moves as Gymnasium’s does', () => {
    const [fourth, tenth, last] = [course[3]!, course[9]!, course.at(-1)!]
    near(
      fourth.state,
      [0.02395795968820654, 0.3687690101747617, 0.010918284757949377, -0.5129163478026587],
    )
    near(
      tenth.state,
      [0.03307859270271343, -0.41163120652419144, 0.0022720574272346045, 0.6559561596581496],
    )
    near(
      last.state,
      [-0.18183241662428706, -2.1724552623929174, 0.34229266458127455, 3.562167482684909],
    )
  })

  it('falls in the same step', () => {
    expect(course.findIndex(({ over }) => over)).toBe(16)
    expect(course.slice(0, 17).every(({ reward }) => reward === 1)).toBe(true)
  })
})

describe('Pendulum', () => {
  const torques = [2, -1.5, 0.25, 2, 2, 2, 2, 2, -2, -2, -2, -2]
  const course = follow(pendulum, [2.5, -0.7], torques)

  it('moves and costs as Gymnasium’s does', () => {
    near(
      [...course[0]!.state, course[0]!.reward],
      [2.5024427054038982, 0.04885410807796753, -6.303],
    )
    near(
      [...course[4]!.state, course[4]!.reward],
      [2.733276640179415, 2.1334568654840096, -7.117395553354934],
    )
    near(
      [...course[11]!.state, course[11]!.reward],
      [3.703789349944641, 1.5660339292812222, -7.557960185985839],
    )
  })

  it('is seen as a point on the circle, and a speed', () => {
    const seen = new Float32Array(3)
    pendulum.observe(Float64Array.from(course[11]!.state), seen, 0)
    const expected = [-0.8460862040519714, -0.5330460667610168, 1.566033959388733]
    expected.forEach((value, i) => {
      expect(seen[i]).toBeCloseTo(value, 6)
    })
  })
})

describe('FrozenLake', () => {
  it.each([
    // field, and where left, down, right and up lead without slipping
    [0, [0, 4, 1, 0]],
    [1, [0, 5, 2, 1]],
    [6, [5, 10, 7, 2]],
    [10, [9, 14, 11, 6]],
    [14, [13, 14, 15, 10]],
  ])('leads from field %i to %j', (field, fields) => {
    expect([0, 1, 2, 3].map((move) => fieldAfter(field, move))).toEqual(fields)
  })

  it('slips to either side as often as it goes where it should, never back', () => {
    const chance = createChance(5)
    const counts = new Map<number, number>()
    for (let i = 0; i < 9000; i++) {
      const state = Float64Array.of(6)
      frozenLake.advance(state, Float32Array.of(1), 0, chance)
      counts.set(state[0]!, (counts.get(state[0]!) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([5, 7, 10])
    // five standard deviations of so many tries
    for (const count of counts.values()) expect(Math.abs(count - 3000)).toBeLessThan(225)
  })

  it('pays at the goal alone, which ends it as a hole does', () => {
    for (let field = 0; field < 16; field++)
      expect(frozenLake.over(Float64Array.of(field))).toBe([5, 7, 11, 12, 15].includes(field))
    const state = Float64Array.of(14)
    const chance = { ...createChance(0), below: () => 1 }
    expect(frozenLake.advance(state, Float32Array.of(2), 0, chance)).toBe(1)
    expect(state[0]).toBe(15)
  })
})

describe.each(GAMES)('many of $name', (game) => {
  const width = actionWidth(game.actions)
  const { actions: space, observationSize } = game
  const draw = (count: number, seed: number) => {
    const chance = createChance(seed)
    return () =>
      Float32Array.from({ length: count * width }, () =>
        space.kind === 'discrete'
          ? chance.below(space.count)
          : space.low[0]! + chance.uniform() * (space.high[0]! - space.low[0]!),
      )
  }

  it('begin an episode within the step that ended one, and say what it ended with', () => {
    const games = createGames(game, 3)
    games.reset(1)
    const actions = draw(3, 2)
    let ends = 0
    const length = [0, 0, 0]
    for (let t = 0; t < 2 * game.timeLimit + 2; t++) {
      const step = games.step(actions())
      for (let i = 0; i < 3; i++) {
        length[i]!++
        const ended = step.terminated[i] === 1 || step.truncated[i] === 1
        const row = (table: Float32Array) => [
          ...table.subarray(i * observationSize, (i + 1) * observationSize),
        ]
        expect(step.truncated[i] === 1).toBe(length[i] === game.timeLimit)
        if (!ended) continue
        ends++
        length[i] = 0
        expect(row(step.finalObservations)).not.toEqual(row(step.observations))
      }
    }
    expect(ends).toBeGreaterThanOrEqual(6)
  })

  it('are each what it would be alone, the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const [one, same] = [createGames(game, 4), createGames(game, 4)]
        expect(one.reset(seed)).toEqual(same.reset(seed))
        const actions = draw(4, seed)
        for (let t = 0; t < 30; t++) {
          const acted = actions()
          expect(one.step(acted)).toEqual(same.step(acted))
        }
      }),
      { numRuns: 10 },
    )
  })

  it('go on to the bit from what was saved', () => {
    const one = createGames(game, 3)
    one.reset(7)
    const actions = draw(3, 8)
    for (let t = 0; t < 25; t++) one.step(actions())
    const other = createGames(game, 3)
    other.restore!(JSON.parse(JSON.stringify(one.save!())))
    for (let t = 0; t < 60; t++) {
      const acted = actions()
      expect(other.step(acted)).toEqual(one.step(acted))
    }
    expect(() => createGames(game, 2).restore!(one.save!())).toThrow('3 others, must be 2')
  })

  it('refuse actions outside of the space', () => {
    const games = createGames(game, 2)
    games.reset(0)
    for (const wrong of [Number.NaN, -3, 9, Number.POSITIVE_INFINITY])
      expect(() => games.step(new Float32Array(2 * width).fill(wrong))).toThrow(/outside/)
    expect(() => games.step(new Float32Array(width))).toThrow('must be 2 × 1')
  })
})
