/** What PPO gathered, and the batches that it is learned from in. */
import type { Distribution } from './distribution.ts'
import type { Network } from './network.ts'

/** Columns, a row a step. */
export interface Gathered {
  readonly rows: number
  /** [rows][inputs of the policy], [rows][inputs of the critic]; the same table where both see the same. */
  readonly observations: Float32Array
  readonly states: Float32Array
  /** [rows][width of the distribution], as they were drawn. */
  readonly actions: Float32Array
  readonly logLikelihoods: Float32Array
  readonly values: Float32Array
  readonly advantages: Float32Array
  readonly returns: Float32Array
}

export interface PpoParts {
  readonly policy: Network
  readonly critic: Network
  readonly distribution: Distribution
}

export interface Batch extends Gathered {
  rows: number
}

export function emptyBatch({ policy, critic, distribution }: PpoParts, mostRows: number): Batch {
  const table = (columns: number) => new Float32Array(mostRows * columns)
  return {
    rows: 0,
    observations: table(policy.shape.inputs),
    states: table(critic.shape.inputs),
    actions: table(distribution.width),
    logLikelihoods: table(1),
    values: table(1),
    advantages: table(1),
    returns: table(1),
  }
}

/** The first `columns` of each of `rows`; the table itself where it has no more. */
export function firstColumns(table: Float32Array, rows: number, columns: number): Float32Array {
  const width = table.length / rows
  if (columns === width) return table
  const first = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++)
    first.set(table.subarray(row * width, row * width + columns), row * columns)
  return first
}

/** Copies the rows `picked` into `to`. */
export function take(from: Gathered, picked: Int32Array, to: Batch): void {
  to.rows = picked.length
  const copy = (source: Float32Array, target: Float32Array) => {
    const columns = source.length / from.rows
    for (let i = 0; i < picked.length; i++) {
      const at = picked[i]! * columns
      for (let c = 0; c < columns; c++) target[i * columns + c] = source[at + c]!
    }
  }
  copy(from.observations, to.observations)
  if (from.states !== from.observations) copy(from.states, to.states)
  else to.states.set(to.observations)
  copy(from.actions, to.actions)
  copy(from.logLikelihoods, to.logLikelihoods)
  copy(from.values, to.values)
  copy(from.advantages, to.advantages)
  copy(from.returns, to.returns)
}

/** To mean 0 and deviation 1; a single one stays as it is. */
export function standardize(values: Float32Array, count: number): void {
  if (count < 2) return
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i]! / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2
  const deviation = Math.sqrt(squares / (count - 1)) + 1e-8
  for (let i = 0; i < count; i++) values[i] = (values[i]! - mean) / deviation
}
