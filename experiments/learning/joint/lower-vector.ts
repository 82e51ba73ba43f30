/**
 * All services of all copies as one vector of environments, a row a service: whatever learns from a vector then trains one
 * policy for all of them at once. Two ways to see it:
 *
 *   own   a row is what its service's agent sees. Independent learning with shared parameters (IPPO: de Witt et al. 2020,
 *         arXiv:2011.09533).
 *   all   behind that stand the mean and the largest of each number over all services of the copy. A critic that reads the
 *         whole row, with an actor that reads its first `ownSize` numbers, is a centralised one (MAPPO: Yu et al. 2022,
 *         arXiv:2103.01955, §3 and the agent-specific state of §5.2). Pooled, a state is as wide for three services
 *         as for three hundred, and their order does not matter (mean field: Yang et al. 2018, arXiv:1802.05438).
 */
import type { VectorEnvironment, VectorStep } from '../../../agents/learning/environment.ts'
import type { Cluster, ClusterShape, ClusterStep } from './cluster.ts'
import { STRETCH } from './stretch-actions.ts'

export type Sight = 'own' | 'all'

export function lowerWidth({ lowerSize }: ClusterShape, sight: Sight): number {
  return sight === 'own' ? lowerSize : 3 * lowerSize
}

/** `upperActions` [copies][upperActionSize]: what the upper agents say meanwhile, read at every step. */
export function createLowerVector(
  cluster: Cluster,
  sight: Sight,
  upperActions: Float32Array = new Float32Array(cluster.copies * cluster.upperActionSize),
): VectorEnvironment {
  return {
    count: cluster.copies * cluster.services,
    observationSize: lowerWidth(cluster, sight),
    actions: STRETCH,
    reset: (seed) => lowerRows(cluster, sight, cluster.reset(seed).lower),
    step: (actions) => lowerStep(cluster, sight, cluster.step(actions, upperActions)),
  }
}

/** A step of the cluster as the lower agents' learner takes it in. */
export function lowerStep(shape: ClusterShape, sight: Sight, step: ClusterStep): VectorStep {
  const count = shape.copies * shape.services
  return {
    observations: lowerRows(shape, sight, step.lower),
    rewards: step.lowerRewards,
    terminated: new Uint8Array(count),
    truncated: Uint8Array.from(
      { length: count },
      (_, row) => step.truncated[Math.floor(row / shape.services)]!,
    ),
    finalObservations: lowerRows(shape, sight, step.final.lower),
  }
}

/** [copies · services][lowerWidth] of [copies · services][lowerSize]. */
export function lowerRows(
  { copies, services, lowerSize }: ClusterShape,
  sight: Sight,
  lower: Float32Array,
): Float32Array {
  if (sight === 'own') return lower
  const width = 3 * lowerSize
  const rows = new Float32Array(copies * services * width)
  const pooled = new Float32Array(2 * lowerSize)
  for (let copy = 0; copy < copies; copy++) {
    const first = copy * services
    pool(lower.subarray(first * lowerSize, (first + services) * lowerSize), lowerSize, pooled)
    for (let row = first; row < first + services; row++) {
      rows.set(lower.subarray(row * lowerSize, (row + 1) * lowerSize), row * width)
      rows.set(pooled, row * width + lowerSize)
    }
  }
  return rows
}

/** Of each number over all rows the mean, then the largest. */
function pool(rows: Float32Array, width: number, into: Float32Array): void {
  const count = rows.length / width
  for (let i = 0; i < width; i++) {
    let sum = 0
    let most = Number.NEGATIVE_INFINITY
    for (let at = i; at < rows.length; at += width) {
      sum += rows[at]!
      most = Math.max(most, rows[at]!)
    }
    into[i] = sum / count
    into[width + i] = most
  }
}
