/**
 * From the start over slippery ice, past holes, to the goal: of four tries to go somewhere, two in three go aside. One
 * reward, 1 at the goal; 100 steps (FrozenLake-v1 of Gymnasium, toy_text/frozen_lake.py, the map of four by four). The
 * observation has a 1 at the field where one stands.
 */
import type { Game } from './game.ts'

const MAP = ['SFFF', 'FHFH', 'FFFH', 'HFFG'].join('')
const SIDE = 4
export const fieldCount = SIDE * SIDE
/** Left, down, right, up: the order of the actions; what is next to it is where one slips. */
const MOVES = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
] as const

/** State: the field. */
export const frozenLake: Game = {
  name: 'FrozenLake-v1',
  stateSize: 1,
  observationSize: MAP.length,
  actions: { kind: 'discrete', count: MOVES.length },
  timeLimit: 100,
  begin(state) {
    state[0] = MAP.indexOf('S')
  },
  advance(state, actions, at, chance) {
    const slip = chance.below(3) - 1
    const field = fieldAfter(state[0]!, (actions[at]! + slip + MOVES.length) % MOVES.length)
    state[0] = field
    return MAP[field] === 'G' ? 1 : 0
  },
  over: (state) => 'GH'.includes(MAP[state[0]!]!),
  observe(state, to, at) {
    to.fill(0, at, at + MAP.length)
    to[at + state[0]!] = 1
  },
}

/** Where the move leads; the border is a wall. */
export function fieldAfter(field: number, move: number): number {
  const [down, right] = MOVES[move]!
  const inside = (value: number): number => Math.min(Math.max(value, 0), SIDE - 1)
  return SIDE * inside(Math.floor(field / SIDE) + down) + inside((field % SIDE) + right)
}
