/** LSTM and GRU of `plain-network.ts`, one sample at a time; formulas as in kernel/assembly/{lstm,gru}.ts. */
import { addBack, addOuter, addProduct, sigmoid } from './plain-matrix.ts'
import { layoutOf, type Matrix, type NeuralShape } from './shape.ts'

export interface PlainCell {
  /** The hidden state after `window` steps of `inputs` values. */
  forward(x: Float64Array): Float64Array
  /** That hidden state again. */
  last(): Float64Array
  /** Adds to the gradient, given that of the last hidden state (which it overwrites). */
  backward(dHidden: Float64Array): void
}

export function cellOf(
  shape: NeuralShape,
  parameters: Float64Array,
  gradient: Float64Array,
): PlainCell {
  return shape.cell === 'lstm'
    ? lstm(shape, parameters, gradient)
    : gru(shape, parameters, gradient)
}

/** Step t of a table with rows of `width`. */
function at(table: Float64Array, t: number, width: number): Float64Array {
  return table.subarray(t * width, (t + 1) * width)
}

function rowsFrom(matrix: Matrix, row: number, rows: number): Matrix {
  return { at: matrix.at + row * matrix.columns, rows, columns: matrix.columns }
}

function lstm(shape: NeuralShape, parameters: Float64Array, gradient: Float64Array): PlainCell {
  const { window, inputs, hidden } = shape
  const { encoder } = layoutOf(shape)
  const width = inputs + 1 + hidden
  const states = new Float64Array((window + 1) * width)
  const gates = new Float64Array(window * 4 * hidden)
  const cells = new Float64Array((window + 1) * hidden)
  const recurrent = rowsFrom(encoder, inputs + 1, hidden)
  const dCell = new Float64Array(hidden)

  function step(t: number): void {
    const gate = at(gates, t, 4 * hidden)
    const next = at(states, t + 1, width)
    gate.fill(0)
    addProduct(gate, at(states, t, width), parameters, encoder)
    for (let u = 0; u < hidden; u++) {
      const i = sigmoid(gate[4 * u]!)
      const f = sigmoid(gate[4 * u + 1]!)
      const g = Math.tanh(gate[4 * u + 2]!)
      const o = sigmoid(gate[4 * u + 3]!)
      const c = f * cells[t * hidden + u]! + i * g
      gate.set([i, f, g, o], 4 * u)
      cells[(t + 1) * hidden + u] = c
      next[inputs + 1 + u] = o * Math.tanh(c)
    }
  }

  return {
    forward(x) {
      for (let t = 0; t < window; t++) {
        const state = at(states, t, width)
        state.set(at(x, t, inputs))
        state[inputs] = 1
        step(t)
      }
      return this.last()
    },
    last: () => at(states, window, width).subarray(inputs + 1, width),
    backward(dHidden) {
      dCell.fill(0)
      for (let t = window - 1; t >= 0; t--) {
        const gate = at(gates, t, 4 * hidden)
        for (let u = 0; u < hidden; u++) {
          const i = gate[4 * u]!
          const f = gate[4 * u + 1]!
          const g = gate[4 * u + 2]!
          const o = gate[4 * u + 3]!
          const bent = Math.tanh(cells[(t + 1) * hidden + u]!)
          const dh = dHidden[u]!
          const dc = dCell[u]! + dh * o * (1 - bent * bent)
          dCell[u] = dc * f
          gate[4 * u] = dc * g * i * (1 - i)
          gate[4 * u + 1] = dc * cells[t * hidden + u]! * f * (1 - f)
          gate[4 * u + 2] = dc * i * (1 - g * g)
          gate[4 * u + 3] = dh * bent * o * (1 - o)
        }
        addOuter(gradient, at(states, t, width), gate, encoder)
        dHidden.fill(0)
        addBack(dHidden, gate, parameters, recurrent)
      }
    },
  }
}

function gru(shape: NeuralShape, parameters: Float64Array, gradient: Float64Array): PlainCell {
  const { window, inputs, hidden } = shape
  const { encoder, recurrent } = layoutOf(shape)
  const width = inputs + 1 + hidden + 1
  const states = new Float64Array((window + 1) * width)
  const gates = new Float64Array(window * 3 * hidden)
  const own = new Float64Array(window * 3 * hidden)
  const fromHidden = rowsFrom(recurrent, 0, hidden)
  const dInput = new Float64Array(3 * hidden)
  const dOwn = new Float64Array(3 * hidden)

  function step(t: number): void {
    const state = at(states, t, width)
    const next = at(states, t + 1, width)
    const gate = at(gates, t, 3 * hidden)
    const mine = at(own, t, 3 * hidden)
    gate.fill(0)
    mine.fill(0)
    addProduct(gate, state, parameters, encoder)
    addProduct(mine, state.subarray(inputs + 1), parameters, recurrent)
    for (let u = 0; u < hidden; u++) {
      const r = sigmoid(gate[3 * u]! + mine[3 * u]!)
      const keep = sigmoid(gate[3 * u + 1]! + mine[3 * u + 1]!)
      const n = Math.tanh(gate[3 * u + 2]! + r * mine[3 * u + 2]!)
      gate.set([r, keep, n], 3 * u)
      next[inputs + 1 + u] = n + keep * (state[inputs + 1 + u]! - n)
    }
  }

  return {
    forward(x) {
      for (let t = 0; t < window; t++) {
        const state = at(states, t, width)
        state.set(at(x, t, inputs))
        state[inputs] = 1
        state[width - 1] = 1
        step(t)
      }
      return this.last()
    },
    last: () => at(states, window, width).subarray(inputs + 1, inputs + 1 + hidden),
    backward(dHidden) {
      for (let t = window - 1; t >= 0; t--) {
        const state = at(states, t, width)
        for (let u = 0; u < hidden; u++) {
          const r = gates[(t * hidden + u) * 3]!
          const keep = gates[(t * hidden + u) * 3 + 1]!
          const n = gates[(t * hidden + u) * 3 + 2]!
          const dh = dHidden[u]!
          const dn = dh * (1 - keep) * (1 - n * n)
          const du = dh * (state[inputs + 1 + u]! - n) * keep * (1 - keep)
          const dr = dn * own[(t * hidden + u) * 3 + 2]! * r * (1 - r)
          dInput.set([dr, du, dn], 3 * u)
          dOwn.set([dr, du, dn * r], 3 * u)
          dHidden[u] = dh * keep
        }
        addOuter(gradient, state, dInput, encoder)
        addOuter(gradient, state.subarray(inputs + 1), dOwn, recurrent)
        addBack(dHidden, dOwn, parameters, fromHidden)
      }
    },
  }
}
