/**
 * How the outputs of a network become the values of actions: they are the values, or, when *duelling* (Wang et al. 2016,
 * "Dueling Network Architectures", equation 9), the state's value and the advantage of each action:
 * Q(s, a) = V(s) + A(s, a) − mean A(s, ·). Both streams here are linear in the same last layer.
 */

export interface ValueHead {
  /** Outputs that the network must have. */
  readonly outputs: number
  /** Values [rows][count] of outputs [rows][outputs]. */
  values(outputs: Float32Array, rows: number, to: Float32Array): void
  /** The loss's slope by each output, from its slope by the value of the one action of each row; all others are 0. */
  slopes(actions: Float32Array, slopes: Float32Array, rows: number, to: Float32Array): void
}

export function createValueHead(count: number, duelling: boolean): ValueHead {
  return duelling ? duellingHead(count) : plainHead(count)
}

function plainHead(count: number): ValueHead {
  return {
    outputs: count,
    values: (outputs, rows, to) => to.set(outputs.subarray(0, rows * count)),
    slopes(actions, slopes, rows, to) {
      to.fill(0, 0, rows * count)
      for (let row = 0; row < rows; row++) to[row * count + actions[row]!] = slopes[row]!
    },
  }
}

function duellingHead(count: number): ValueHead {
  const width = count + 1
  return {
    outputs: width,
    values(outputs, rows, to) {
      for (let row = 0; row < rows; row++) {
        const at = row * width
        let sum = 0
        for (let action = 0; action < count; action++) sum += outputs[at + 1 + action]!
        const shift = outputs[at]! - sum / count
        for (let action = 0; action < count; action++)
          to[row * count + action] = outputs[at + 1 + action]! + shift
      }
    },
    slopes(actions, slopes, rows, to) {
      for (let row = 0; row < rows; row++) {
        const at = row * width
        const slope = slopes[row]!
        to[at] = slope
        for (let action = 0; action < count; action++)
          to[at + 1 + action] = slope * ((action === actions[row] ? 1 : 0) - 1 / count)
      }
    },
  }
}
