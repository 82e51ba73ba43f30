/**
 * The networks of forecaster/neural/shape.ts by the TensorFlow API: the same parameters, the same outputs, gradients by
 * TensorFlow's own differentiation, its own Adam. The reference for our kernel, and a backend to train with.
 */
import {
  ADAM,
  type Batch,
  type CreateNetwork,
  GRADIENT_CLIP,
  type Gradients,
  type Network,
} from '../../forecaster/neural/network.ts'
import {
  layoutOf,
  type Matrix,
  medianOf,
  type NeuralShape,
  type ParameterLayout,
  slotsOf,
} from '../../forecaster/neural/shape.ts'
import type { Tf } from './backend.ts'
import { gruForward, lstmForward } from './cells.ts'

type Tensor = ReturnType<Tf['tensor2d']>
type NamedTensor = { name: string; tensor: ReturnType<Tf['tensor']> }
type Variable = ReturnType<Tf['variable']>
type Named = ReturnType<Tf['variableGrads']>['grads']

const MATRICES = ['encoder', 'recurrent', 'context', 'knot', 'output', 'skip'] as const
type Variables = Map<(typeof MATRICES)[number], Variable>

/** Networks on a loaded TensorFlow; what they hold there is freed by `dispose`. */
export function tensorflowNetworks(tf: Tf): CreateNetwork {
  return (shape, lanes) => createNetwork(tf, shape, lanes)
}

function createNetwork(tf: Tf, shape: NeuralShape, lanes: number): Network {
  const layout = layoutOf(shape)
  const variables = variablesOf(tf, layout)
  const list = [...variables.values()]
  let optimizer = tf.train.adam(1e-3, ADAM.first, ADAM.second, ADAM.epsilon)

  const lossOf = (batch: Batch) => pinball(tf, shape, forward(tf, shape, variables, batch), batch)

  function gradients(batch: Batch): Gradients {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => lossOf(batch).asScalar(), list)
      const gradient = new Float32Array(layout.count)
      for (const [name, variable] of variables)
        gradient.set(grads[variable.name]!.dataSync(), layout[name].at)
      return { loss: value.dataSync()[0]!, gradient }
    })
  }

  return {
    shape,
    lanes,
    load(values) {
      for (const [name, variable] of variables) {
        const { at, rows, columns } = layout[name]
        const own = Float32Array.from({ length: rows * columns }, (_, i) => values[at + i]!)
        tf.tidy(() => variable.assign(tf.tensor(own, [rows, columns])))
      }
      optimizer.dispose()
      optimizer = tf.train.adam(1e-3, ADAM.first, ADAM.second, ADAM.epsilon)
    },
    parameters() {
      const out = new Float32Array(layout.count)
      for (const [name, variable] of variables) out.set(variable.dataSync(), layout[name].at)
      return out
    },
    forward: (batch) =>
      tf.tidy(() =>
        Float32Array.from(
          // [knots · lanes, levels] → [knots, levels, lanes]
          forward(tf, shape, variables, batch)
            .reshape([shape.knots.length, batch.lanes, shape.levels.length])
            .transpose([0, 2, 1])
            .dataSync(),
        ),
      ),
    gradients,
    train(batch, rate) {
      Object.assign(optimizer, { learningRate: rate })
      return tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => lossOf(batch).asScalar(), list)
        optimizer.applyGradients(clipped(tf, grads))
        return value.dataSync()[0]!
      })
    },
    dispose() {
      optimizer.dispose()
      for (const variable of list) variable.dispose()
    },
  }
}

function variablesOf(tf: Tf, layout: ParameterLayout): Variables {
  const variables: Variables = new Map()
  for (const name of MATRICES) {
    const { rows, columns }: Matrix = layout[name]
    if (rows > 0)
      variables.set(
        name,
        tf.tidy(() => tf.variable(tf.zeros([rows, columns]))),
      )
  }
  return variables
}

/** All gradients scaled so that together they are at most `GRADIENT_CLIP` long. */
function clipped(tf: Tf, grads: Named): NamedTensor[] {
  const squares = Object.values(grads).map((g) => g.square().sum().asScalar())
  const norm = tf.addN(squares).sqrt()
  const scale = tf.minimum(tf.div(GRADIENT_CLIP, norm), 1)
  return Object.entries(grads).map(([name, g]) => ({ name, tensor: g.mul(scale) }))
}

/** Quantiles [knots · lanes, levels]. */
function forward(tf: Tf, shape: NeuralShape, variables: Variables, batch: Batch): Tensor {
  const { window, inputs, hidden, knotFeatures, knots, levels } = shape
  const { lanes } = batch
  const x = tf.tensor3d(batch.inputs, [window, inputs, lanes])
  const steps = tf.unstack(x).map((step) => step.transpose() as Tensor)
  const encoder = variables.get('encoder')! as unknown as Tensor
  const recurrent = variables.get('recurrent') as unknown as Tensor | undefined
  const size = { lanes, hidden, slots: slotsOf(shape.cell) }
  const last = recurrent
    ? gruForward(tf, steps, encoder, recurrent, size)
    : lstmForward(tf, steps, encoder, size)
  const features = tf
    .tensor3d(batch.knotInput, [knots.length, knotFeatures, lanes])
    .transpose([0, 2, 1])
    .reshape([knots.length * lanes, knotFeatures]) as Tensor
  const matrix = (name: 'context' | 'knot' | 'output' | 'skip') =>
    variables.get(name)! as unknown as Tensor
  const context = tf.tile(tf.matMul(last, matrix('context')), [knots.length, 1])
  const active = tf.tanh(tf.add(context, tf.matMul(features, matrix('knot'))))
  const raw: Tensor = tf.add(
    tf.matMul(active as Tensor, matrix('output')),
    tf.matMul(features, matrix('skip')),
  )
  const base = tf.tensor2d(batch.baseline, [knots.length * lanes, 1])
  return spread(tf, raw, base, medianOf(shape), levels.length)
}

/** The median, and from it outwards each quantile a softplus further. */
function spread(tf: Tf, raw: Tensor, base: Tensor, median: number, levels: number): Tensor {
  const column = (j: number): Tensor => raw.slice([0, j], [-1, 1])
  const columns: Tensor[] = new Array(levels)
  columns[median] = tf.add(base, column(median))
  for (let j = median + 1; j < levels; j++)
    columns[j] = tf.add(columns[j - 1]!, tf.softplus(column(j)))
  for (let j = median - 1; j >= 0; j--) columns[j] = tf.sub(columns[j + 1]!, tf.softplus(column(j)))
  return tf.concat(columns, 1)
}

function pinball(tf: Tf, { levels }: NeuralShape, quantiles: Tensor, batch: Batch): Tensor {
  const rows = batch.target.length
  const target = tf.tensor2d(batch.target, [rows, 1])
  const weight = tf.tensor2d(batch.weight, [rows, 1])
  const error: Tensor = tf.sub(target, quantiles)
  const level = tf.tensor2d([...levels], [1, levels.length])
  const loss = tf.maximum(tf.mul(level, error), tf.mul(tf.sub(level, 1), error))
  const known = tf.maximum(tf.sum(weight), 1).mul(levels.length)
  return tf.div(tf.sum(tf.mul(loss, weight)), known)
}
