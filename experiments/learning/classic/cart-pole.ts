/**
 * A pole on a cart that is pushed left or right: a reward of 1 for each step until it falls, at most 500 (Barto, Sutton &
 * Anderson 1983; CartPole-v1 of Gymnasium, classic_control/cartpole.py, Euler's method).
 */
import type { Game } from './game.ts'

const GRAVITY = 9.8
const POLE_MASS = 0.1
const TOTAL_MASS = 1 + POLE_MASS
/** Half of the pole's, metres. */
const LENGTH = 0.5
const FORCE = 10
const STEP_SECONDS = 0.02
const MOST_ANGLE = (12 * 2 * Math.PI) / 360
const MOST_POSITION = 2.4

/** State: position, its speed, angle, its speed. */
export const cartPole: Game = {
  name: 'CartPole-v1',
  stateSize: 4,
  observationSize: 4,
  actions: { kind: 'discrete', count: 2 },
  timeLimit: 500,
  begin(state, chance) {
    for (let i = 0; i < 4; i++) state[i] = 0.1 * chance.uniform() - 0.05
  },
  advance(state, actions, at) {
    const [position, speed, angle, turn] = state as unknown as [number, number, number, number]
    const force = actions[at] === 1 ? FORCE : -FORCE
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    const push = (force + POLE_MASS * LENGTH * turn * turn * sin) / TOTAL_MASS
    const turning =
      (GRAVITY * sin - cos * push) / (LENGTH * (4 / 3 - (POLE_MASS * cos * cos) / TOTAL_MASS))
    const speeding = push - (POLE_MASS * LENGTH * turning * cos) / TOTAL_MASS
    state[0] = position + STEP_SECONDS * speed
    state[1] = speed + STEP_SECONDS * speeding
    state[2] = angle + STEP_SECONDS * turn
    state[3] = turn + STEP_SECONDS * turning
    return 1
  },
  over: (state) => Math.abs(state[0]!) > MOST_POSITION || Math.abs(state[2]!) > MOST_ANGLE,
  observe(state, to, at) {
    to.set(state, at)
  },
}
