/**
 * Transitions as columns, and a ring of them in which each new one takes the place of the oldest (Lin 1992, "Self-improving
 * reactive agents based on reinforcement learning, planning and teaching"). What ends because time ran out goes on in the
 * world, so only `terminated` says that nothing follows (Pardo et al. 2018, "Time Limits in Reinforcement Learning").
 */
import assert from 'node:assert/strict'
import { z } from 'zod'
import { actionWidth, type EnvironmentShape } from './environment.ts'
import type { Experience } from './learner.ts'
import { checkFinite, readFloats, StoredFloats, storeFloats } from './numbers.ts'

/** Columns of `rows` transitions. */
export interface Transitions {
  readonly rows: number
  /** [rows][observationSize] */
  readonly observations: Float32Array
  /** [rows][actionWidth] */
  readonly actions: Float32Array
  readonly rewards: Float32Array
  /** [rows][observationSize]; at an episode's end its last one, not the first of the next. */
  readonly nextObservations: Float32Array
  /** 1: nothing follows; else 0. */
  readonly terminated: Float32Array
}

export const SavedRing = z.strictObject({
  observations: StoredFloats,
  actions: StoredFloats,
  rewards: StoredFloats,
  nextObservations: StoredFloats,
  terminated: StoredFloats,
  /** Transitions held. */
  size: z.int().min(0),
  /** Where the next one goes. */
  next: z.int().min(0),
})
export type SavedRing = z.infer<typeof SavedRing>

export interface Ring {
  readonly capacity: number
  /** Transitions held. */
  size(): number
  /** Place of the transition that is added next. */
  next(): number
  add(transitions: Transitions): void
  /** Copies the transitions at `indices` into `out`, of as many rows. */
  read(indices: Int32Array, out: Transitions): void
  save(): SavedRing
  /** Throws a RangeError, and stays as it was, when `saved` is not of a ring like this. */
  restore(saved: SavedRing): void
}

const COLUMNS = ['observations', 'actions', 'rewards', 'nextObservations', 'terminated'] as const
type Column = (typeof COLUMNS)[number]

export function emptyTransitions(shape: EnvironmentShape, rows: number): Transitions {
  const widths = widthsOf(shape)
  return {
    rows,
    observations: new Float32Array(rows * widths.observations),
    actions: new Float32Array(rows * widths.actions),
    rewards: new Float32Array(rows),
    nextObservations: new Float32Array(rows * widths.nextObservations),
    terminated: new Float32Array(rows),
  }
}

/**
 * What all environments went through in one step, written into `out`. Throws a RangeError for a number that is not
 * finite: what has learned from one such is lost for good.
 */
export function readExperience(
  { observations, actions, step }: Experience,
  shape: EnvironmentShape,
  out: Transitions,
): void {
  const size = shape.observationSize
  out.observations.set(observations.subarray(0, out.observations.length))
  out.actions.set(actions.subarray(0, out.actions.length))
  for (let row = 0; row < out.rows; row++) {
    const over = step.terminated[row] === 1 || step.truncated[row] === 1
    const next = over ? step.finalObservations : step.observations
    copy(next, row, out.nextObservations, row, size)
    out.rewards[row] = step.rewards[row]!
    out.terminated[row] = step.terminated[row]!
  }
  for (const name of COLUMNS) checkFinite(name, out[name])
  if (shape.actions.kind === 'discrete') checkDiscrete(out.actions, shape.actions.count)
}

function checkDiscrete(actions: Float32Array, count: number): void {
  const wrong = actions.findIndex((a) => !(Number.isInteger(a) && a >= 0 && a < count))
  if (wrong >= 0)
    throw new RangeError(
      `actions[${wrong}] is ${actions[wrong]}, must be a whole number from 0 to ${count - 1}`,
    )
}

/** Of finite transitions; `capacity` of them. */
export function createRing(shape: EnvironmentShape, capacity: number): Ring {
  assert(Number.isInteger(capacity) && capacity >= 1, `capacity ${capacity}, must be 1 or more`)
  const widths = widthsOf(shape)
  const held = emptyTransitions(shape, capacity)
  let size = 0
  let next = 0
  return {
    capacity,
    size: () => size,
    next: () => next,
    add(transitions) {
      for (let row = 0; row < transitions.rows; row++) {
        for (const name of COLUMNS) copy(transitions[name], row, held[name], next, widths[name])
        next = (next + 1) % capacity
        size = Math.min(size + 1, capacity)
      }
    },
    read(indices, out) {
      for (const name of COLUMNS)
        for (let row = 0; row < out.rows; row++)
          copy(held[name], indices[row]!, out[name], row, widths[name])
    },
    save() {
      const part = (name: Column) => storeFloats(held[name].subarray(0, size * widths[name]))
      return {
        observations: part('observations'),
        actions: part('actions'),
        rewards: part('rewards'),
        nextObservations: part('nextObservations'),
        terminated: part('terminated'),
        size,
        next,
      }
    },
    restore(saved) {
      const full = saved.size === capacity && saved.next < capacity
      if (!full && !(saved.size < capacity && saved.next === saved.size))
        throw new RangeError(`next is ${saved.next}, with ${saved.size} of ${capacity} held`)
      const columns = COLUMNS.map((name) => readFloats(saved[name], saved.size * widths[name]))
      COLUMNS.forEach((name, i) => {
        checkFinite(name, columns[i]!)
      })
      COLUMNS.forEach((name, i) => {
        held[name].set(columns[i]!)
      })
      size = saved.size
      next = saved.next
    },
  }
}

function widthsOf(shape: EnvironmentShape): Readonly<Record<Column, number>> {
  return {
    observations: shape.observationSize,
    actions: actionWidth(shape.actions),
    rewards: 1,
    nextObservations: shape.observationSize,
    terminated: 1,
  }
}

function copy(
  from: Float32Array,
  fromRow: number,
  to: Float32Array,
  toRow: number,
  width: number,
): void {
  const start = fromRow * width
  const end = toRow * width
  for (let i = 0; i < width; i++) to[end + i] = from[start + i]!
}
