/**
 * A network in WebAssembly, four numbers at a time: sources in kernel/assembly, bytes in kernel-bytes.ts. Each network has
 * a memory of its own, laid out here, in which its weights and gradients lie too.
 */
import type { AdamPart } from './adam-part.ts'
import { KERNEL_BASE64 } from './kernel-bytes.ts'
import type { Network, Wanted } from './network.ts'
import {
  checkTable,
  type Layer,
  layersOf,
  type NetworkShape,
  weightCountOf,
} from './network-shape.ts'

/** Addresses and strides in bytes. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  freeFrom(): number
  product(
    ...arguments_: [
      out: number,
      a: number,
      b: number,
      rows: number,
      inner: number,
      columns: number,
      rowStride: number,
      innerStride: number,
      add: boolean,
    ]
  ): void
  spread(out: number, values: number, rows: number, columns: number): void
  addColumns(out: number, table: number, rows: number, columns: number): void
  transpose(out: number, table: number, rows: number, columns: number): void
  tanh(at: number, count: number): void
  relu(at: number, count: number): void
  throughTanh(slopes: number, values: number, count: number): void
  throughRelu(slopes: number, values: number, count: number): void
  squares(at: number, count: number): number
  adam(
    ...arguments_: [
      weights: number,
      gradients: number,
      means: number,
      squares: number,
      count: number,
      scale: number,
      first: number,
      second: number,
      rate: number,
      correction: number,
      epsilon: number,
    ]
  ): void
}

interface Module {
  readonly exports?: never
}
/** The little of it that is used; Node's types have no constructors for it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => Module
  readonly Instance: new (module: Module) => { readonly exports: unknown }
}

const PAGE_BYTES = 65_536
const FLOAT_BYTES = 4
/** Tables begin at multiples of it, and end before one: whole vectors may be read and written. */
const ALIGNMENT = 16

let compiled: Module | undefined

/** Where everything lies. */
interface Layout {
  readonly weights: number
  readonly gradients: number
  /** Moments of the gradients. */
  readonly means: number
  readonly squares: number
  /** One layer's matrix, turned. */
  readonly turned: number
  /** [layers + 1][mostRows][size]: what goes into each layer, and the loss's slope by it. */
  readonly activations: readonly number[]
  readonly slopes: readonly number[]
  readonly end: number
}

function layOut(shape: NetworkShape, mostRows: number, from: number): Layout {
  const layers = layersOf(shape)
  let end = from
  const take = (floats: number): number => {
    const at = end
    end += Math.ceil((floats * FLOAT_BYTES) / ALIGNMENT) * ALIGNMENT
    return at
  }
  const count = weightCountOf(shape)
  const sizes = [shape.inputs, ...layers.map(({ outputs }) => outputs)]
  const weights = take(count)
  const [gradients, means, squares] = [take(count), take(count), take(count)]
  const turned = take(Math.max(...layers.map(({ inputs, outputs }) => inputs * outputs)))
  const activations = sizes.map((size) => take(mostRows * size))
  const slopes = sizes.map((size) => take(mostRows * size))
  return { weights, gradients, means, squares, turned, activations, slopes, end }
}

function adamPart(kernel: Kernel, layout: Layout, count: number): AdamPart {
  const { weights, gradients, means, squares } = layout
  return {
    means: new Float32Array(kernel.memory.buffer, means, count),
    squares: new Float32Array(kernel.memory.buffer, squares, count),
    sumOfSquares: () => kernel.squares(gradients, count),
    change({ scale, first, second, rate, correction, epsilon }) {
      const rates = [scale, first, second, rate, correction, epsilon] as const
      kernel.adam(weights, gradients, means, squares, count, ...rates)
    },
  }
}

/** Its weights are 0. */
export function createKernelNetwork(shape: NetworkShape, mostRows: number): Network {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'))
  const kernel = new WebAssembly.Instance(compiled).exports as Kernel
  const layout = layOut(shape, mostRows, kernel.freeFrom())
  // once: a memory that grows takes all views of it away
  kernel.memory.grow(Math.ceil(layout.end / PAGE_BYTES))
  const floats = (at: number, count: number) => new Float32Array(kernel.memory.buffer, at, count)
  const layers = layersOf(shape)
  const last = layers.length
  const { activations, slopes } = layout
  const inputs = floats(activations[0]!, mostRows * shape.inputs)
  const outputs = floats(activations[last]!, mostRows * shape.outputs)
  const bySlopes = floats(slopes[last]!, mostRows * shape.outputs)
  const byInputs = floats(slopes[0]!, mostRows * shape.inputs)
  const tanh = shape.activation === 'tanh'
  const activate = tanh ? kernel.tanh : kernel.relu
  const through = tanh ? kernel.throughTanh : kernel.throughRelu

  function addGradients(layer: Layer, i: number, rows: number): void {
    const by = slopes[i + 1]!
    const at = layout.gradients + layer.weightsAt * FLOAT_BYTES
    const stride = layer.inputs * FLOAT_BYTES
    const from = activations[i]!
    kernel.product(at, from, by, layer.inputs, rows, layer.outputs, FLOAT_BYTES, stride, true)
    kernel.addColumns(layout.gradients + layer.biasesAt * FLOAT_BYTES, by, rows, layer.outputs)
  }

  function goBack(layer: Layer, i: number, rows: number): void {
    const [to, by] = [slopes[i]!, slopes[i + 1]!]
    const { inputs: inner, outputs: columns } = layer
    kernel.transpose(layout.turned, layout.weights + layer.weightsAt * FLOAT_BYTES, inner, columns)
    const stride = columns * FLOAT_BYTES
    kernel.product(to, by, layout.turned, rows, columns, inner, stride, FLOAT_BYTES, false)
    if (i > 0) through(to, activations[i]!, rows * inner)
  }

  const weightCount = weightCountOf(shape)
  return {
    shape,
    mostRows,
    weights: floats(layout.weights, weightCount),
    gradients: floats(layout.gradients, weightCount),
    adam: adamPart(kernel, layout, weightCount),
    forward(table, rows) {
      checkTable('inputs', table, { rows, columns: shape.inputs, mostRows })
      inputs.set(table.subarray(0, rows * shape.inputs))
      layers.forEach((layer, i) => {
        const to = activations[i + 1]!
        const weights = layout.weights + layer.weightsAt * FLOAT_BYTES
        const stride = layer.inputs * FLOAT_BYTES
        kernel.spread(to, layout.weights + layer.biasesAt * FLOAT_BYTES, rows, layer.outputs)
        const [inner, columns] = [layer.inputs, layer.outputs]
        kernel.product(
          to,
          activations[i]!,
          weights,
          rows,
          inner,
          columns,
          stride,
          FLOAT_BYTES,
          true,
        )
        if (i < last - 1) activate(to, rows * layer.outputs)
      })
      return outputs.subarray(0, rows * shape.outputs)
    },
    backward(table, rows, wanted: Wanted = 'weights') {
      checkTable('outputGradients', table, { rows, columns: shape.outputs, mostRows })
      bySlopes.set(table.subarray(0, rows * shape.outputs))
      for (let i = last - 1; i >= 0; i--) {
        const layer = layers[i]!
        if (wanted !== 'inputs') addGradients(layer, i, rows)
        if (i > 0 || wanted !== 'weights') goBack(layer, i, rows)
      }
      return byInputs.subarray(0, wanted === 'weights' ? 0 : rows * shape.inputs)
    },
  }
}
