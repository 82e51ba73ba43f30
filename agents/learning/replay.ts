/**
 * Transitions to learn from again, drawn in one of two ways: *uniformly*, or *prioritised* by the size of the last
 * temporal-difference error (Schaul et al. 2016, "Prioritized Experience Replay", the proportional variant, §3.3–3.4):
 * P(i) = pᵢ^α / Σ p^α, one draw from each of equal slices of the mass, and weights (N·P(i))^−β over the largest of the
 * whole memory, which undo the bias of drawing unevenly.
 */
import { z } from 'zod'
import type { Chance } from './chance.ts'
import type { EnvironmentShape } from './environment.ts'
import { createSumTree } from './sum-tree.ts'
import {
  createRing,
  emptyTransitions,
  type Ring,
  SavedRing,
  type Transitions,
} from './transitions.ts'

/** A draw. The same arrays in every draw of as many rows. */
export interface Batch extends Transitions {
  readonly indices: Int32Array
  /** Of each row's loss, in (0, 1]; all 1 when drawn uniformly. */
  readonly weights: Float32Array
}

export const SavedReplay = z.strictObject({
  ring: SavedRing,
  /** p^α of each transition and the largest p so far; null when drawn uniformly. */
  priorities: z
    .strictObject({ raised: z.array(z.number().positive()), largest: z.number().positive() })
    .nullable(),
})
export type SavedReplay = z.infer<typeof SavedReplay>

export interface Replay {
  readonly capacity: number
  size(): number
  add(transitions: Transitions): void
  /** Throws a RangeError when nothing was added. `correction`: β of the weights, 0 leaves the bias, 1 undoes it. */
  draw(rows: number, correction: number, chance: Chance): Batch
  /** The temporal-difference errors of the batch just drawn, of any sign. */
  judge(batch: Batch, errors: Float32Array): void
  save(): SavedReplay
  /** Throws a RangeError that names what does not fit, and stays as it was. */
  restore(saved: SavedReplay): void
}

export interface ReplayOptions {
  /** Transitions kept. */
  readonly capacity: number
  /** α of the priorities: 0 draws uniformly, 1 in proportion to the error. */
  readonly prioritisation: number
}

export function createReplay(
  shape: EnvironmentShape,
  { capacity, prioritisation }: ReplayOptions,
): Replay {
  const ring = createRing(shape, capacity)
  return prioritisation === 0 ? uniform(shape, ring) : prioritised(shape, ring, prioritisation)
}

function uniform(shape: EnvironmentShape, ring: Ring): Replay {
  const batchOf = batches(shape)
  return {
    capacity: ring.capacity,
    size: ring.size,
    add: ring.add,
    draw(rows, _correction, chance) {
      mustHoldSome(ring)
      const batch = batchOf(rows)
      for (let row = 0; row < rows; row++) batch.indices[row] = chance.below(ring.size())
      batch.weights.fill(1)
      ring.read(batch.indices, batch)
      return batch
    },
    judge() {},
    save: () => ({ ring: ring.save(), priorities: null }),
    restore(saved) {
      if (saved.priorities) throw new RangeError('priorities are given, but draws are uniform here')
      ring.restore(saved.ring)
    },
  }
}

/** A transition whose error is 0 is still drawn now and then: the ε of §3.3. */
const LEAST_PRIORITY = 1e-6

function prioritised(shape: EnvironmentShape, ring: Ring, alpha: number): Replay {
  const tree = createSumTree(ring.capacity)
  const batchOf = batches(shape)
  // a new one comes in with the largest priority seen, so that each is learned from at least once (algorithm 1, line 6)
  let largest = 1
  return {
    capacity: ring.capacity,
    size: ring.size,
    add(transitions) {
      const first = ring.next()
      ring.add(transitions)
      for (let row = 0; row < transitions.rows; row++)
        tree.set((first + row) % ring.capacity, largest ** alpha)
    },
    draw(rows, correction, chance) {
      mustHoldSome(ring)
      const batch = batchOf(rows)
      const slice = tree.total() / rows
      for (let row = 0; row < rows; row++) {
        const index = tree.find((row + chance.uniform()) * slice)
        batch.indices[row] = index
        // (N·P(i))^−β over its largest value: N and the sum of all cancel
        batch.weights[row] = (tree.least() / tree.get(index)) ** correction
      }
      ring.read(batch.indices, batch)
      return batch
    },
    judge(batch, errors) {
      for (let row = 0; row < batch.rows; row++) {
        const priority = Math.abs(errors[row]!) + LEAST_PRIORITY
        if (!Number.isFinite(priority))
          throw new RangeError(`errors[${row}] is ${errors[row]}, must be a finite number`)
        tree.set(batch.indices[row]!, priority ** alpha)
        largest = Math.max(largest, priority)
      }
    },
    save() {
      const raised = Array.from({ length: ring.size() }, (_, index) => tree.get(index))
      return { ring: ring.save(), priorities: { raised, largest } }
    },
    restore({ ring: saved, priorities }) {
      if (priorities?.raised.length !== saved.size)
        throw new RangeError(
          `priorities are ${priorities?.raised.length ?? 'none'}, must be ${saved.size}: one a transition`,
        )
      ring.restore(saved)
      for (let i = 0; i < ring.capacity; i++) tree.set(i, priorities.raised[i] ?? 0)
      largest = priorities.largest
    },
  }
}

function mustHoldSome(ring: Ring): void {
  if (ring.size() === 0) throw new RangeError('nothing to draw from: no transition was added')
}

/** Buffers by size, so that training allocates nothing. */
function batches(shape: EnvironmentShape): (rows: number) => Batch {
  const bySize = new Map<number, Batch>()
  return (rows) => {
    const known = bySize.get(rows)
    if (known) return known
    const batch = {
      ...emptyTransitions(shape, rows),
      indices: new Int32Array(rows),
      weights: new Float32Array(rows),
    }
    bySize.set(rows, batch)
    return batch
  }
}
