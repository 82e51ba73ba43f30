/** One of a few actions; the network puts out logits. */
import { largest } from './acting.ts'
import type { Distribution } from './distribution.ts'

export function createCategorical(count: number): Distribution {
  // of the row at hand
  const logs = new Float64Array(count)
  return {
    outputs: count,
    width: 1,
    parameters: { weights: new Float32Array(0), gradients: new Float32Array(0) },
    draw(outputs, rows, chance, { actions, logLikelihoods }) {
      for (let row = 0; row < rows; row++) {
        logSoftmax(outputs, row * count, logs)
        let left = chance.uniform()
        let chosen = 0
        // rounding may leave a little beyond the last
        while (chosen < count - 1 && left >= Math.exp(logs[chosen]!))
          left -= Math.exp(logs[chosen++]!)
        actions[row] = chosen
        logLikelihoods[row] = logs[chosen]!
      }
    },
    evaluate(outputs, actions, rows, { logLikelihoods, entropies }) {
      for (let row = 0; row < rows; row++) {
        logSoftmax(outputs, row * count, logs)
        logLikelihoods[row] = logs[actions[row]!]!
        entropies[row] = entropyOf(logs)
      }
    },
    slopes(outputs, actions, rows, by, to) {
      for (let row = 0; row < rows; row++) {
        logSoftmax(outputs, row * count, logs)
        const entropy = by.entropy === 0 ? 0 : entropyOf(logs)
        const slope = by.logLikelihoods[row]!
        for (let j = 0; j < count; j++) {
          const p = Math.exp(logs[j]!)
          const own = actions[row] === j ? 1 : 0
          to[row * count + j] = slope * (own - p) - by.entropy * p * (logs[j]! + entropy)
        }
      }
    },
    allowed: (actions, rows) => actions.slice(0, rows),
    likeliest: (outputs, rows) => largest(outputs, rows, count),
    rule: (network, normalization) => ({ kind: 'categorical', normalization, network }),
  }
}

function logSoftmax(logits: Float32Array, at: number, to: Float64Array): void {
  let most = Number.NEGATIVE_INFINITY
  for (let j = 0; j < to.length; j++) most = Math.max(most, logits[at + j]!)
  let sum = 0
  for (let j = 0; j < to.length; j++) sum += Math.exp(logits[at + j]! - most)
  const whole = most + Math.log(sum)
  for (let j = 0; j < to.length; j++) to[j] = logits[at + j]! - whole
}

function entropyOf(logs: Float64Array): number {
  let entropy = 0
  for (let j = 0; j < logs.length; j++) entropy -= Math.exp(logs[j]!) * logs[j]!
  return entropy
}
