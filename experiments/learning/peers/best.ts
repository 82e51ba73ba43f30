/** The most that anyone can earn on FrozenLake in its time, on average: value iteration backwards from the last step. */
import { createChance } from '../../../agents/learning/chance.ts'
import { fieldCount, frozenLake } from '../classic/frozen-lake.ts'

const SLIPS = [0, 1, 2]

/** Undiscounted, from the start, by the exact odds of the ice (Bellman 1957). */
export function bestFrozenLake(steps = frozenLake.timeLimit): number {
  const { actions, over } = frozenLake
  const choices = Array.from(
    { length: actions.kind === 'discrete' ? actions.count : 0 },
    (_, i) => i,
  )
  const fields = Array.from({ length: fieldCount }, (_, i) => i)
  let values = fields.map(() => 0)
  let slipped = 0
  const chance = { ...createChance(0), below: () => slipped }
  const worth = (field: number, action: number): number =>
    SLIPS.reduce((sum, slip) => {
      slipped = slip
      const state = Float64Array.of(field)
      const reward = frozenLake.advance(state, Float32Array.of(action), 0, chance)
      return sum + (reward + (over(state) ? 0 : values[state[0]!]!)) / SLIPS.length
    }, 0)
  for (let step = 0; step < steps; step++)
    values = fields.map((field) => Math.max(...choices.map((action) => worth(field, action))))
  const start = new Float64Array(1)
  frozenLake.begin(start, chance)
  return values[start[0]!]!
}
