/** LSTM and GRU in TensorFlow's operations; formulas as in forecaster/neural/kernel/assembly. Gates stand unit by unit. */
import type { Tf } from './backend.ts'

type Tensor = ReturnType<Tf['tensor2d']>

interface Size {
  readonly lanes: number
  readonly hidden: number
  readonly slots: number
}

/** Columns of one gate: [lanes, hidden] out of [lanes, hidden · slots]. */
function gate(all: Tensor, slot: number, { lanes, hidden, slots }: Size): Tensor {
  return all
    .reshape([lanes, hidden, slots])
    .slice([0, 0, slot], [-1, -1, 1])
    .reshape([lanes, hidden])
}

/** The hidden state [lanes, hidden] after `steps`, each [lanes, inputs]. */
export function lstmForward(tf: Tf, steps: readonly Tensor[], weights: Tensor, size: Size): Tensor {
  const one = tf.ones([size.lanes, 1]) as Tensor
  let h = tf.zeros([size.lanes, size.hidden]) as Tensor
  let c = h
  for (const x of steps) {
    const all: Tensor = tf.matMul(tf.concat([x, one, h], 1), weights)
    const i = tf.sigmoid(gate(all, 0, size))
    const f = tf.sigmoid(gate(all, 1, size))
    const g = tf.tanh(gate(all, 2, size))
    const o = tf.sigmoid(gate(all, 3, size))
    c = tf.add(tf.mul(f, c), tf.mul(i, g))
    h = tf.mul(o, tf.tanh(c))
  }
  return h
}

export function gruForward(
  tf: Tf,
  steps: readonly Tensor[],
  weights: Tensor,
  recurrent: Tensor,
  size: Size,
): Tensor {
  const one = tf.ones([size.lanes, 1]) as Tensor
  let h = tf.zeros([size.lanes, size.hidden]) as Tensor
  for (const x of steps) {
    const fromInput: Tensor = tf.matMul(tf.concat([x, one], 1), weights)
    const own: Tensor = tf.matMul(tf.concat([h, one], 1), recurrent)
    const r = tf.sigmoid(tf.add(gate(fromInput, 0, size), gate(own, 0, size)))
    const u = tf.sigmoid(tf.add(gate(fromInput, 1, size), gate(own, 1, size)))
    const n: Tensor = tf.tanh(tf.add(gate(fromInput, 2, size), tf.mul(r, gate(own, 2, size))))
    h = tf.add(n, tf.mul(u, tf.sub(h, n)))
  }
  return h
}
