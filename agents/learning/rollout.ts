/** What on-policy learning gathers between two updates: columns [steps][count], step by step, in tables of its own. */
import { z } from 'zod'
import { readFloats, StoredFloats, storeFloats } from './numbers.ts'

const COLUMNS = {
  observations: StoredFloats,
  actions: StoredFloats,
  logLikelihoods: StoredFloats,
  values: StoredFloats,
  rewards: StoredFloats,
  endValues: StoredFloats,
  ended: StoredFloats,
}
type Column = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as Column[]

export const SavedRollout = z.strictObject({ filled: z.int().min(0), ...COLUMNS })
export type SavedRollout = z.infer<typeof SavedRollout>

export interface Rollout extends Readonly<Record<Column, Float32Array>> {
  readonly steps: number
  readonly count: number
  /** Steps that it holds. */
  filled(): number
  /** Takes one step in: each column's rows of all environments. Throws a RangeError when it is full. */
  add(rows: Readonly<Record<Column, ArrayLike<number>>>): void
  clear(): void
  save(): SavedRollout
  restore(saved: SavedRollout): void
}

export interface RolloutSize {
  readonly steps: number
  readonly count: number
  readonly observationSize: number
  readonly actionWidth: number
}

export function createRollout({
  steps,
  count,
  observationSize,
  actionWidth,
}: RolloutSize): Rollout {
  const columnsOf = (name: Column): number => {
    if (name === 'observations') return observationSize
    return name === 'actions' ? actionWidth : 1
  }
  const tables = Object.fromEntries(
    NAMES.map((name) => [name, new Float32Array(steps * count * columnsOf(name))]),
  ) as Record<Column, Float32Array>
  let filled = 0
  return {
    ...tables,
    steps,
    count,
    filled: () => filled,
    add(rows) {
      if (filled === steps) throw new RangeError(`the rollout holds ${steps} steps, and is full`)
      for (const name of NAMES) {
        const columns = columnsOf(name)
        const from = rows[name]
        const to = tables[name]
        const at = filled * count * columns
        for (let i = 0; i < count * columns; i++) to[at + i] = from[i]!
      }
      filled++
    },
    clear() {
      filled = 0
    },
    save: () => ({
      filled,
      ...(Object.fromEntries(
        NAMES.map((name) => [
          name,
          storeFloats(tables[name].subarray(0, filled * count * columnsOf(name))),
        ]),
      ) as Record<Column, StoredFloats>),
    }),
    restore(saved) {
      if (saved.filled > steps)
        throw new RangeError(`the rollout has ${saved.filled} steps, must have at most ${steps}`)
      const read = NAMES.map((name) =>
        readFloats(saved[name], saved.filled * count * columnsOf(name)),
      )
      NAMES.forEach((name, i) => {
        tables[name].set(read[i]!)
      })
      filled = saved.filled
    },
  }
}
