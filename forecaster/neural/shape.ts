/**
 * Size of a network and where its parameters lie in the one vector that every backend reads and writes.
 * Matrices are row by row, a row an input; biases are the weights of inputs that are one.
 */
import { z } from 'zod'

export const CELLS = ['lstm', 'gru'] as const
export const Cell = z.enum(CELLS)
export type Cell = z.infer<typeof Cell>

const fourfold = (most: number) => z.int().min(4).max(most).multipleOf(4)

export const NeuralShape = z.strictObject({
  cell: Cell,
  /** Features of a step of the window. */
  inputs: z.int().min(1).max(64),
  hidden: fourfold(256),
  /** Steps that the cell reads. */
  window: z.int().min(1).max(1000),
  /** Features of a knot, the first of which is one. */
  knotFeatures: z.int().min(1).max(256),
  headHidden: fourfold(256),
  /** Steps ahead at which the network speaks, 0 is the next step; ascending. */
  knots: z.array(z.int().min(0)).min(1).max(64).refine(ascending, 'must ascend'),
  /** Probabilities of its quantiles, ascending, an odd number, the middle one ½. */
  levels: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(31)
    .refine(ascending, 'must ascend')
    .refine((levels) => levels[(levels.length - 1) / 2] === 0.5, 'must have 0.5 in the middle'),
})
export type NeuralShape = z.infer<typeof NeuralShape>

function ascending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!)
}

export function slotsOf(cell: Cell): number {
  return cell === 'lstm' ? 4 : 3
}

export function medianOf(shape: NeuralShape): number {
  return (shape.levels.length - 1) / 2
}

export interface Matrix {
  /** Of the first element. */
  readonly at: number
  readonly rows: number
  readonly columns: number
}

/**
 * `encoder`: inputs, one and (LSTM) hidden state → gates, unit by unit; LSTM input, forget, candidate, output; GRU reset,
 * update, candidate. `recurrent` (GRU): hidden state and one → gates. `context`: hidden state → head. `knot`: knot
 * features → head. `output`: head → raw outputs. `skip`: knot features → raw outputs.
 */
export interface ParameterLayout {
  readonly encoder: Matrix
  readonly recurrent: Matrix
  readonly context: Matrix
  readonly knot: Matrix
  readonly output: Matrix
  readonly skip: Matrix
  readonly count: number
}

export function layoutOf(shape: NeuralShape): ParameterLayout {
  const { cell, inputs, hidden, knotFeatures, headHidden, levels } = shape
  const gates = slotsOf(cell) * hidden
  let count = 0
  const matrix = (rows: number, columns: number): Matrix => {
    const at = count
    count += rows * columns
    return { at, rows, columns }
  }
  const encoder = matrix(inputs + 1 + (cell === 'lstm' ? hidden : 0), gates)
  const recurrent = matrix(cell === 'gru' ? hidden + 1 : 0, gates)
  const context = matrix(hidden, headHidden)
  const knot = matrix(knotFeatures, headHidden)
  const output = matrix(headHidden, levels.length)
  const skip = matrix(knotFeatures, levels.length)
  return { encoder, recurrent, context, knot, output, skip, count }
}

/**
 * Glorot-uniform matrices (Glorot & Bengio 2010), forget gates open (Jozefowicz et al. 2015), biases zero; the outputs
 * start small, so that an untrained network says nearly its baseline with a band of unit width.
 */
export function initialParameters(shape: NeuralShape, random: () => number): Float32Array {
  const { encoder, recurrent, context, knot, output, count } = layoutOf(shape)
  const { cell, inputs, hidden } = shape
  const out = new Float32Array(count)
  const fill = ({ at, rows, columns }: Matrix, fanIn: number, fanOut: number, gain = 1) => {
    const limit = gain * Math.sqrt(6 / (fanIn + fanOut))
    for (let i = 0; i < rows * columns; i++) out[at + i] = limit * (2 * random() - 1)
  }
  const clearRow = ({ at, columns }: Matrix, row: number) =>
    out.fill(0, at + row * columns, at + (row + 1) * columns)
  fill(encoder, inputs + hidden, hidden)
  clearRow(encoder, inputs)
  fill(recurrent, hidden, hidden)
  if (cell === 'gru') clearRow(recurrent, hidden)
  else
    for (let unit = 0; unit < hidden; unit++)
      out[encoder.at + inputs * encoder.columns + 4 * unit + 1] = 1
  fill(context, context.rows, context.columns)
  fill(knot, knot.rows, knot.columns)
  clearRow(knot, 0)
  fill(output, output.rows, output.columns, 0.3)
  return out
}
