/**
 * The network in plain TypeScript and double precision, sample by sample: what the kernel is checked against, and what
 * runs where WebAssembly SIMD does not. The cells are in `plain-cells.ts`; gradients are checked by finite differences.
 */
import { ADAM, type Batch, GRADIENT_CLIP, type Gradients, type Network } from './network.ts'
import { cellOf } from './plain-cells.ts'
import { addBack, addOuter, addProduct, sigmoid, softplus } from './plain-matrix.ts'
import { layoutOf, medianOf, type NeuralShape, type ParameterLayout } from './shape.ts'

export interface PlainNetwork extends Network {
  forward(batch: Batch): Float32Array
  /** Loss alone, in double precision. */
  loss(batch: Batch): number
}

export function createPlainNetwork(shape: NeuralShape, lanes: number): PlainNetwork {
  const { count } = layoutOf(shape)
  const parameters = new Float64Array(count)
  const first = new Float64Array(count)
  const second = new Float64Array(count)
  const gradient = new Float64Array(count)
  const sample = createSample(shape, parameters, gradient)
  let steps = 0

  function gradients(batch: Batch): Gradients {
    const share = shareOf(batch, shape)
    gradient.fill(0)
    let loss = 0
    for (let lane = 0; lane < batch.lanes; lane++) {
      if (!knownIn(batch, lane)) continue
      sample.forward(batch, lane)
      loss += sample.backward(batch, lane, share)
    }
    return { loss, gradient: gradient.slice() }
  }

  return {
    shape,
    lanes,
    load(values) {
      parameters.set(values)
      first.fill(0)
      second.fill(0)
      steps = 0
    },
    parameters: () => Float32Array.from(parameters),
    forward(batch) {
      const out = new Float32Array(shape.knots.length * shape.levels.length * batch.lanes)
      for (let lane = 0; lane < batch.lanes; lane++) {
        const quantiles = sample.forward(batch, lane)
        for (let i = 0; i < quantiles.length; i++) out[i * batch.lanes + lane] = quantiles[i]!
      }
      return out
    },
    loss(batch) {
      const share = shareOf(batch, shape)
      let loss = 0
      for (let lane = 0; lane < batch.lanes; lane++) {
        if (!knownIn(batch, lane)) continue
        sample.forward(batch, lane)
        loss += sample.loss(batch, lane, share)
      }
      return loss
    },
    gradients,
    train(batch, rate) {
      const { loss } = gradients(batch)
      steps++
      adam(parameters, gradient, first, second, rate, steps)
      return loss
    },
    dispose: () => {},
  }
}

function shareOf(batch: Batch, shape: NeuralShape): number {
  const known = batch.weight.reduce((sum, w) => sum + w, 0)
  return known > 0 ? 1 / (known * shape.levels.length) : 0
}

function knownIn({ weight, lanes }: Batch, lane: number): boolean {
  for (let i = lane; i < weight.length; i += lanes) if (weight[i]! > 0) return true
  return false
}

function adam(
  parameters: Float64Array,
  gradient: Float64Array,
  first: Float64Array,
  second: Float64Array,
  rate: number,
  steps: number,
): void {
  let squares = 0
  for (const g of gradient) squares += g * g
  const scale = Math.min(1, GRADIENT_CLIP / Math.sqrt(squares))
  const firstShare = 1 - ADAM.first ** steps
  const secondShare = 1 - ADAM.second ** steps
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i]! * scale
    first[i] = ADAM.first * first[i]! + (1 - ADAM.first) * g
    second[i] = ADAM.second * second[i]! + (1 - ADAM.second) * g * g
    const root = Math.sqrt(second[i]! / secondShare) + ADAM.epsilon
    parameters[i]! -= (rate / firstShare) * (first[i]! / root)
  }
}

interface Sample {
  /** Quantiles [knots][levels]. */
  forward(batch: Batch, lane: number): Float64Array
  /** Of the last forward pass. */
  loss(batch: Batch, lane: number, share: number): number
  /** The same, and adds to the gradient. */
  backward(batch: Batch, lane: number, share: number): number
}

/** What one sample's passes write and read: [knots][…] tables. */
interface Tables {
  readonly layout: ParameterLayout
  readonly features: Float64Array
  readonly active: Float64Array
  readonly raw: Float64Array
  readonly quantiles: Float64Array
  /** Gradient by the quantiles, then by the raw outputs, of one knot. */
  readonly dRaw: Float64Array
}

function tablesOf(shape: NeuralShape): Tables {
  const { knots, knotFeatures, headHidden, levels } = shape
  return {
    layout: layoutOf(shape),
    features: new Float64Array(knots.length * knotFeatures),
    active: new Float64Array(knots.length * headHidden),
    raw: new Float64Array(knots.length * levels.length),
    quantiles: new Float64Array(knots.length * levels.length),
    dRaw: new Float64Array(levels.length),
  }
}

/** Row k of a table with rows of `width`. */
function rowOf(table: Float64Array, k: number, width: number): Float64Array {
  return table.subarray(k * width, (k + 1) * width)
}

function createSample(
  shape: NeuralShape,
  parameters: Float64Array,
  gradient: Float64Array,
): Sample {
  const { window, inputs, knotFeatures, headHidden, hidden } = shape
  const knots = shape.knots.length
  const cell = cellOf(shape, parameters, gradient)
  const tables = tablesOf(shape)
  const { layout, features, active, dRaw } = tables
  const x = new Float64Array(window * inputs)
  const context = new Float64Array(headHidden)
  const dActive = new Float64Array(headHidden)
  const dContext = new Float64Array(headHidden)
  const dHidden = new Float64Array(hidden)

  function backwardKnot(k: number): void {
    const g = rowOf(features, k, knotFeatures)
    const a = rowOf(active, k, headHidden)
    addOuter(gradient, a, dRaw, layout.output)
    addOuter(gradient, g, dRaw, layout.skip)
    dActive.fill(0)
    addBack(dActive, dRaw, parameters, layout.output)
    for (let d = 0; d < headHidden; d++) {
      dActive[d]! *= 1 - a[d]! * a[d]!
      dContext[d]! += dActive[d]!
    }
    addOuter(gradient, g, dActive, layout.knot)
  }

  return {
    forward(batch, lane) {
      takeLane(x, batch.inputs, batch.lanes, lane)
      takeLane(features, batch.knotInput, batch.lanes, lane)
      context.fill(0)
      addProduct(context, cell.forward(x), parameters, layout.context)
      for (let k = 0; k < knots; k++) {
        const base = batch.baseline[k * batch.lanes + lane]!
        forwardKnot(shape, parameters, tables, context, k, base)
      }
      return tables.quantiles
    },
    loss(batch, lane, share) {
      let loss = 0
      for (let k = 0; k < knots; k++) loss += pinball(shape, tables, batch, lane, k, share)
      return loss
    },
    backward(batch, lane, share) {
      let loss = 0
      dContext.fill(0)
      for (let k = 0; k < knots; k++) {
        loss += pinball(shape, tables, batch, lane, k, share)
        outward(shape, tables, k)
        backwardKnot(k)
      }
      addOuter(gradient, cell.last(), dContext, layout.context)
      dHidden.fill(0)
      addBack(dHidden, dContext, parameters, layout.context)
      cell.backward(dHidden)
      return loss
    },
  }
}

function forwardKnot(
  shape: NeuralShape,
  parameters: Float64Array,
  tables: Tables,
  context: Float64Array,
  k: number,
  base: number,
): void {
  const { output, skip, knot } = tables.layout
  const count = shape.levels.length
  const median = medianOf(shape)
  const g = rowOf(tables.features, k, shape.knotFeatures)
  const a = rowOf(tables.active, k, shape.headHidden)
  const r = rowOf(tables.raw, k, count)
  const q = rowOf(tables.quantiles, k, count)
  a.set(context)
  addProduct(a, g, parameters, knot)
  for (let d = 0; d < a.length; d++) a[d] = Math.tanh(a[d]!)
  r.fill(0)
  addProduct(r, a, parameters, output)
  addProduct(r, g, parameters, skip)
  q[median] = base + r[median]!
  for (let j = median + 1; j < count; j++) q[j] = q[j - 1]! + softplus(r[j]!)
  for (let j = median - 1; j >= 0; j--) q[j] = q[j + 1]! - softplus(r[j]!)
}

/** Pinball loss of knot k; writes the gradient by its quantiles. */
function pinball(
  { levels }: NeuralShape,
  { quantiles, dRaw }: Tables,
  batch: Batch,
  lane: number,
  k: number,
  share: number,
): number {
  const at = k * batch.lanes + lane
  const weight = share * batch.weight[at]!
  let loss = 0
  for (let j = 0; j < levels.length; j++) {
    const error = batch.target[at]! - quantiles[k * levels.length + j]!
    const slope = error > 0 ? levels[j]! : levels[j]! - 1
    loss += weight * slope * error
    dRaw[j] = -weight * slope
  }
  return loss
}

/** From the gradient by the quantiles to that by the raw outputs they are made of. */
function outward(shape: NeuralShape, { raw, dRaw }: Tables, k: number): void {
  const median = medianOf(shape)
  const r = rowOf(raw, k, dRaw.length)
  let above = 0
  for (let j = dRaw.length - 1; j > median; j--) {
    above += dRaw[j]!
    dRaw[j] = above * sigmoid(r[j]!)
  }
  let below = 0
  for (let j = 0; j < median; j++) {
    below += dRaw[j]!
    dRaw[j] = -below * sigmoid(r[j]!)
  }
  dRaw[median]! += above + below
}

function takeLane(out: Float64Array, table: Float32Array, lanes: number, lane: number): void {
  for (let i = 0; i < out.length; i++) out[i] = table[i * lanes + lane]!
}
