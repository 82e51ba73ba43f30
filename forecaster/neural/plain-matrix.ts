/** The few operations of `plain-network.ts` on a matrix inside the parameter vector. */
import type { Matrix } from './shape.ts'

/** out += input · matrix */
export function addProduct(
  out: Float64Array,
  input: Float64Array,
  parameters: Float64Array,
  { at, rows, columns }: Matrix,
): void {
  for (let k = 0; k < rows; k++) {
    const value = input[k]!
    const row = at + k * columns
    for (let j = 0; j < columns; j++) out[j]! += value * parameters[row + j]!
  }
}

/** gradient of the input += gradient of the output · matrixᵀ */
export function addBack(
  dInput: Float64Array,
  dOut: Float64Array,
  parameters: Float64Array,
  { at, rows, columns }: Matrix,
): void {
  for (let k = 0; k < rows; k++) {
    const row = at + k * columns
    let sum = 0
    for (let j = 0; j < columns; j++) sum += dOut[j]! * parameters[row + j]!
    dInput[k]! += sum
  }
}

/** gradient of the matrix += inputᵀ · gradient of the output */
export function addOuter(
  gradient: Float64Array,
  input: Float64Array,
  dOut: Float64Array,
  { at, rows, columns }: Matrix,
): void {
  for (let k = 0; k < rows; k++) {
    const value = input[k]!
    const row = at + k * columns
    for (let j = 0; j < columns; j++) gradient[row + j]! += value * dOut[j]!
  }
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}
