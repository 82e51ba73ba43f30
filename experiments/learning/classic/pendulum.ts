/**
 * A pendulum to be swung up by a torque too weak to lift it at once; 200 steps, the nearer to upright, still and without
 * effort, the better (Pendulum-v1 of Gymnasium, classic_control/pendulum.py).
 */
import type { Game } from './game.ts'

const MOST_SPEED = 8
const MOST_TORQUE = 2
const STEP_SECONDS = 0.05
const GRAVITY = 10
const MASS = 1
const LENGTH = 1

/** State: angle from upright, its speed. */
export const pendulum: Game = {
  name: 'Pendulum-v1',
  stateSize: 2,
  observationSize: 3,
  actions: { kind: 'continuous', size: 1, low: [-MOST_TORQUE], high: [MOST_TORQUE] },
  timeLimit: 200,
  begin(state, chance) {
    state[0] = Math.PI * (2 * chance.uniform() - 1)
    state[1] = 2 * chance.uniform() - 1
  },
  advance(state, actions, at) {
    const [angle, speed] = state as unknown as [number, number]
    const torque = actions[at]!
    const cost = wrapped(angle) ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2
    const pull =
      ((3 * GRAVITY) / (2 * LENGTH)) * Math.sin(angle) + (3 / (MASS * LENGTH ** 2)) * torque
    const next = Math.min(Math.max(speed + pull * STEP_SECONDS, -MOST_SPEED), MOST_SPEED)
    state[0] = angle + next * STEP_SECONDS
    state[1] = next
    return -cost
  },
  over: () => false,
  observe(state, to, at) {
    to[at] = Math.cos(state[0]!)
    to[at + 1] = Math.sin(state[0]!)
    to[at + 2] = state[1]!
  },
}

/** Into −π … π. */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI
  return ((((angle + Math.PI) % turn) + turn) % turn) - Math.PI
}
