/**
 * One gradient of DQN: the temporal-difference error of each row of a batch, y − Q(s, a) with
 * y = r + γ·Q_target(s′, argmax Q_target(s′, ·)), or double: argmax Q(s′, ·) (van Hasselt, Guez & Silver 2016, equation
 * 4), and Huber's loss of it, weighted by row.
 */
import type { DqnConfig } from './dqn-config.ts'
import type { ValueHead } from './duelling.ts'
import { bestAction } from './exploration.ts'
import type { Network } from './network.ts'
import { checkFinite } from './numbers.ts'
import type { Batch } from './replay.ts'

export interface DqnParts {
  readonly network: Network
  readonly target: Network
  readonly head: ValueHead
}

export interface DqnUpdate {
  /** Temporal-difference errors of the batch last run, one a row. */
  readonly errors: Float32Array
  /** Mean weighted loss over the batch's rows, leaving its slopes in the network's gradients; mean value of its actions. */
  run(batch: Batch): { readonly loss: number; readonly value: number }
}

export function createDqnUpdate(
  { network, target, head }: DqnParts,
  config: DqnConfig,
  actionCount: number,
): DqnUpdate {
  const rows = config.batchSize
  const errors = new Float32Array(rows)
  const targets = new Float32Array(rows)
  const slopes = new Float32Array(rows)
  const values = new Float32Array(rows * actionCount)
  const chosen = new Int32Array(rows)
  const outputSlopes = new Float32Array(rows * head.outputs)

  function setTargets({ nextObservations, rewards, terminated }: Batch): void {
    const choose = (by: Network) => {
      head.values(by.forward(nextObservations, rows), rows, values)
      for (let row = 0; row < rows; row++)
        chosen[row] = bestAction(values, row * actionCount, actionCount)
    }
    choose(config.double ? network : target)
    if (config.double) head.values(target.forward(nextObservations, rows), rows, values)
    for (let row = 0; row < rows; row++) {
      const follows = (1 - terminated[row]!) * values[row * actionCount + chosen[row]!]!
      targets[row] = rewards[row]! + config.discount * follows
    }
  }

  return {
    errors,
    run(batch) {
      setTargets(batch)
      head.values(network.forward(batch.observations, rows), rows, values)
      let loss = 0
      let value = 0
      for (let row = 0; row < rows; row++) {
        const taken = values[row * actionCount + batch.actions[row]!]!
        const error = targets[row]! - taken
        errors[row] = error
        value += taken
        loss += batch.weights[row]! * huber(error)
        slopes[row] = (-batch.weights[row]! * Math.max(-1, Math.min(error, 1))) / rows
      }
      checkFinite('temporal-difference errors', errors)
      head.slopes(batch.actions, slopes, rows, outputSlopes)
      network.backward(outputSlopes, rows, 'weights')
      return { loss: loss / rows, value: value / rows }
    },
  }
}

/** Quadratic up to 1, straight beyond. */
function huber(error: number): number {
  const size = Math.abs(error)
  return size <= 1 ? (size * size) / 2 : size - 0.5
}
