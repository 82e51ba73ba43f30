/** Size of a network, and where the weights of its layers lie in the one vector of them. */
import { z } from 'zod'

export const Activation = z.enum(['tanh', 'relu'])
export type Activation = z.infer<typeof Activation>

export const NetworkShape = z
  .strictObject({
    inputs: z.int().min(1).max(4096),
    hidden: z.array(z.int().min(1).max(1024)).max(8),
    outputs: z.int().min(1).max(4096),
    activation: Activation.default('tanh'),
  })
  .meta({ id: 'NetworkShape' })
export type NetworkShape = z.infer<typeof NetworkShape>

export interface Layer {
  readonly inputs: number
  readonly outputs: number
  /** Of the first weight of its matrix, and of its first bias. */
  readonly weightsAt: number
  readonly biasesAt: number
}

export function layersOf({ inputs, hidden, outputs }: NetworkShape): Layer[] {
  const sizes = [inputs, ...hidden, outputs]
  let at = 0
  return sizes.slice(1).map((size, i) => {
    const layer = {
      inputs: sizes[i]!,
      outputs: size,
      weightsAt: at,
      biasesAt: at + sizes[i]! * size,
    }
    at = layer.biasesAt + size
    return layer
  })
}

export function weightCountOf(shape: NetworkShape): number {
  return layersOf(shape).reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0)
}

/** For whoever calls `forward` or `backward`: throws a RangeError that says what is wrong. */
export function checkTable(
  name: string,
  table: Float32Array,
  { rows, columns, mostRows }: { rows: number; columns: number; mostRows: number },
): void {
  if (!Number.isInteger(rows) || rows < 0 || rows > mostRows)
    throw new RangeError(`rows is ${rows}, must be a whole number from 0 to ${mostRows}`)
  if (table.length < rows * columns)
    throw new RangeError(`${name} has ${table.length} numbers, must have ${rows} × ${columns}`)
}
