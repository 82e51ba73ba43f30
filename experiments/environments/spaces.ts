/**
 * Spaces of actions and observations: Gymnasium's Discrete, Box, MultiDiscrete and Dict (gymnasium/spaces of Gymnasium
 * 1.4.0) as plain data, so that a space is sent, stored and compared as it is. A Box here has one axis and finite bounds.
 */
import { z } from 'zod'

export const DiscreteSpace = z.strictObject({
  kind: z.literal('discrete'),
  n: z.int().positive(),
  start: z.int().default(0).meta({ description: 'Members are start … start + n − 1.' }),
})
export type DiscreteSpace = z.infer<typeof DiscreteSpace>

export const BoxSpace = z
  .strictObject({
    kind: z.literal('box'),
    low: z.array(z.number()).min(1),
    high: z.array(z.number()).min(1),
    dtype: z.literal('float32'),
    names: z.array(z.string()).optional().meta({ description: 'What each number is.' }),
  })
  .refine(({ low, high }) => low.length === high.length && low.every((l, i) => l <= high[i]!), {
    error: 'low must be as long as high and nowhere above it',
    path: ['low'],
  })
export type BoxSpace = z.infer<typeof BoxSpace>

export const MultiDiscreteSpace = z.strictObject({
  kind: z.literal('multi-discrete'),
  counts: z.array(z.int().positive()).min(1).meta({ description: 'Number i: 0 … counts[i] − 1.' }),
})
export type MultiDiscreteSpace = z.infer<typeof MultiDiscreteSpace>

export type Space =
  | DiscreteSpace
  | BoxSpace
  | MultiDiscreteSpace
  | { readonly kind: 'dict'; readonly spaces: Readonly<Record<string, Space>> }

/** Reads a space that was sent; throws a ZodError when it is none. */
export const Space: z.ZodType<Space> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    DiscreteSpace,
    BoxSpace,
    MultiDiscreteSpace,
    z.strictObject({ kind: z.literal('dict'), spaces: z.record(z.string(), Space) }),
  ]),
)

/** A member: a number, numbers, or, of a dict, one member a name. */
export type Member = number | Float32Array | Int32Array | { readonly [name: string]: Member }

export const discrete = (n: number, start = 0): DiscreteSpace => ({ kind: 'discrete', n, start })

export const multiDiscrete = (...counts: readonly number[]): MultiDiscreteSpace => ({
  kind: 'multi-discrete',
  counts: [...counts],
})

export interface Bound {
  readonly name: string
  readonly low: number
  readonly high: number
}

/**
 * Bounds become float32, as the values within them are: else a value at its bound could lie outside. −0, which JSON does
 * not know, becomes 0.
 */
export const box = (bounds: readonly Bound[]): BoxSpace => ({
  kind: 'box',
  low: bounds.map(({ low }) => Math.fround(low) + 0),
  high: bounds.map(({ high }) => Math.fround(high) + 0),
  dtype: 'float32',
  names: bounds.map(({ name }) => name),
})

/** Drawn evenly from the whole space. */
export function sample(space: Space, random: () => number): Member {
  switch (space.kind) {
    case 'discrete':
      return space.start + Math.floor(random() * space.n)
    case 'multi-discrete':
      return Int32Array.from(space.counts, (count) => Math.floor(random() * count))
    case 'box':
      return Float32Array.from(space.low, (low, i) => low + random() * (space.high[i]! - low))
    case 'dict':
      return Object.fromEntries(
        Object.entries(space.spaces).map(([name, one]) => [name, sample(one, random)]),
      )
  }
}

/** Whether `value` is a member, of the very type that `sample` gives. */
export function contains(space: Space, value: unknown): value is Member {
  switch (space.kind) {
    case 'discrete':
      return Number.isInteger(value) && inside(value as number, space.start, space.n)
    case 'multi-discrete':
      return (
        value instanceof Int32Array &&
        value.length === space.counts.length &&
        value.every((number, i) => inside(number, 0, space.counts[i]!))
      )
    case 'box':
      return (
        value instanceof Float32Array &&
        value.length === space.low.length &&
        // NaN is in no interval
        value.every((number, i) => number >= space.low[i]! && number <= space.high[i]!)
      )
    case 'dict':
      return (
        isRecord(value) &&
        Object.keys(value).length === Object.keys(space.spaces).length &&
        Object.entries(space.spaces).every(([name, one]) => contains(one, value[name]))
      )
  }
}

/** A member as JSON has it: numbers, lists of numbers, objects. */
export function toJson(member: Member): unknown {
  if (typeof member === 'number') return member
  if (member instanceof Float32Array || member instanceof Int32Array) return Array.from(member)
  return Object.fromEntries(Object.entries(member).map(([name, one]) => [name, toJson(one)]))
}

/** What came as JSON as a member, undefined where it is none. */
export function fromJson(space: Space, value: unknown): Member | undefined {
  const member = typed(space, value)
  return contains(space, member) ? member : undefined
}

function typed(space: Space, value: unknown): unknown {
  if (space.kind === 'discrete') return value
  if (space.kind === 'dict') {
    if (!isRecord(value)) return undefined
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => {
        const inner = Object.hasOwn(space.spaces, name) ? space.spaces[name] : undefined
        return [name, inner && typed(inner, one)]
      }),
    )
  }
  if (!Array.isArray(value) || value.some((number) => typeof number !== 'number')) return undefined
  if (space.kind === 'box') return Float32Array.from(value)
  return value.every(Number.isInteger) ? Int32Array.from(value) : undefined
}

/** What the space allows, in words. */
export function describeSpace(space: Space): string {
  switch (space.kind) {
    case 'discrete':
      return `a whole number from ${space.start} to ${space.start + space.n - 1}`
    case 'multi-discrete':
      return `${space.counts.length} whole numbers from 0, below ${space.counts.join(', ')}`
    case 'box': {
      const most = 6
      const bounds = space.low.slice(0, most).map((low, i) => `${low} to ${space.high[i]}`)
      if (space.low.length > most) bounds.push('…')
      return `${space.low.length} numbers within ${bounds.join(', ')}`
    }
    case 'dict':
      return Object.entries(space.spaces)
        .map(([name, one]) => `${name}: ${describeSpace(one)}`)
        .join('; ')
  }
}

function inside(value: number, start: number, count: number): boolean {
  return value >= start && value < start + count
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}
