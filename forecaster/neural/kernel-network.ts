/** The network in WebAssembly: sources in kernel/assembly, bytes in kernel-bytes.ts. Each network has a memory of its own. */
import { KERNEL_BASE64 } from './kernel-bytes.ts'
import { ADAM, type Batch, GRADIENT_CLIP, type Network } from './network.ts'
import { medianOf, type NeuralShape } from './shape.ts'

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  configure(
    ...sizes: [
      gru: number,
      inputs: number,
      hidden: number,
      window: number,
      knotFeatures: number,
      headHidden: number,
      knots: number,
      levels: number,
      median: number,
      lanes: number,
    ]
  ): void
  parameterCount(): number
  parametersAt(): number
  gradientsAt(): number
  probabilitiesAt(): number
  stateAt(): number
  stateRows(): number
  knotInputAt(): number
  baselineAt(): number
  targetAt(): number
  weightAt(): number
  quantilesAt(): number
  oneInputAt(): number
  oneKnotInputAt(): number
  oneBaselineAt(): number
  oneQuantilesAt(): number
  forward(): void
  gradients(): number
  adam(rate: number, second: number, clip: number): void
  forecastOne(): void
}

interface Module {
  readonly exports?: never
}
/** The little of it that is used; Node's types have no constructors for it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => Module
  readonly Instance: new (module: Module) => { readonly exports: unknown }
}

let compiled: Module | undefined

function instantiate(shape: NeuralShape, lanes: number): Exports {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'))
  const exports = new WebAssembly.Instance(compiled).exports as Exports
  exports.configure(
    shape.cell === 'gru' ? 1 : 0,
    shape.inputs,
    shape.hidden,
    shape.window,
    shape.knotFeatures,
    shape.headHidden,
    shape.knots.length,
    shape.levels.length,
    medianOf(shape),
    lanes,
  )
  floatsAt(exports, exports.probabilitiesAt(), shape.levels.length).set(shape.levels)
  return exports
}

function floatsAt({ memory }: Exports, at: number, count: number): Float32Array {
  return new Float32Array(memory.buffer, at, count)
}

/** The kernel as a network on batches of `lanes` samples (a multiple of 8). */
export function createKernelNetwork(shape: NeuralShape, lanes: number): Network {
  if (lanes < 8 || lanes % 8 !== 0)
    throw new RangeError(`lanes is ${lanes}, must be a positive multiple of 8`)
  const kernel = instantiate(shape, lanes)
  const view = (at: number, count: number): Float32Array => floatsAt(kernel, at, count)
  const knots = shape.knots.length
  const parameters = view(kernel.parametersAt(), kernel.parameterCount())
  const gradient = view(kernel.gradientsAt(), kernel.parameterCount())
  // the two moments follow the gradient, each as far from the one before
  const stride = kernel.gradientsAt() - kernel.parametersAt()
  const moments = view(kernel.gradientsAt() + stride, stride / 2)
  const state = view(kernel.stateAt(), (shape.window + 1) * kernel.stateRows() * lanes)
  const knotInput = view(kernel.knotInputAt(), knots * shape.knotFeatures * lanes)
  const baseline = view(kernel.baselineAt(), knots * lanes)
  const target = view(kernel.targetAt(), knots * lanes)
  const weight = view(kernel.weightAt(), knots * lanes)
  const quantiles = view(kernel.quantilesAt(), knots * shape.levels.length * lanes)
  const stepSize = kernel.stateRows() * lanes
  const inputSize = shape.inputs * lanes
  let steps = 0

  function hand(batch: Batch): void {
    if (batch.lanes !== lanes)
      throw new RangeError(`the batch has ${batch.lanes} lanes, must be ${lanes}`)
    for (let t = 0; t < shape.window; t++)
      state.set(batch.inputs.subarray(t * inputSize, (t + 1) * inputSize), t * stepSize)
    knotInput.set(batch.knotInput)
    baseline.set(batch.baseline)
    target.set(batch.target)
    weight.set(batch.weight)
  }

  return {
    shape,
    lanes,
    load(values) {
      parameters.set(values)
      moments.fill(0)
      steps = 0
    },
    parameters: () => parameters.slice(),
    forward(batch) {
      hand(batch)
      kernel.forward()
      return quantiles.slice()
    },
    gradients(batch) {
      hand(batch)
      return { loss: kernel.gradients(), gradient: gradient.slice() }
    },
    train(batch, rate) {
      hand(batch)
      const loss = kernel.gradients()
      steps++
      const first = 1 - ADAM.first ** steps
      kernel.adam(rate / first, 1 / (1 - ADAM.second ** steps), GRADIENT_CLIP)
      return loss
    },
    dispose: () => {},
  }
}

/** Forecasts one sample at a time, from views that the caller fills: no copies, no allocation. */
export interface SingleForecaster {
  /** [window][inputs] */
  readonly inputs: Float32Array
  /** [knotFeatures][knotLanes] */
  readonly knotInput: Float32Array
  /** [knotLanes] */
  readonly baseline: Float32Array
  /** The number of knots, rounded up to a multiple of 8. */
  readonly knotLanes: number
  /** Quantiles [levels][knotLanes]; overwritten by the next call. */
  forecast(): Float32Array
}

export function createSingleForecaster(
  shape: NeuralShape,
  parameters: Float32Array,
): SingleForecaster {
  const kernel = instantiate(shape, 0)
  floatsAt(kernel, kernel.parametersAt(), kernel.parameterCount()).set(parameters)
  const knotLanes = Math.ceil(shape.knots.length / 8) * 8
  const quantiles = floatsAt(kernel, kernel.oneQuantilesAt(), shape.levels.length * knotLanes)
  return {
    inputs: floatsAt(kernel, kernel.oneInputAt(), shape.window * shape.inputs),
    knotInput: floatsAt(kernel, kernel.oneKnotInputAt(), shape.knotFeatures * knotLanes),
    baseline: floatsAt(kernel, kernel.oneBaselineAt(), knotLanes),
    knotLanes,
    forecast() {
      kernel.forecastOne()
      return quantiles
    },
  }
}
