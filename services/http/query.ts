/** Building blocks of queries and bodies: texts that are numbers, times, lists. All refuse what they do not know. */
import { z } from '@hono/zod-openapi'

const LAST_TIME_MS = 8.64e15
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/
const TIME_ALLOWED = 'ISO 8601 with a zone (2026-11-21T08:00:00Z) or Unix time in ms'

/** An object that names its own fields when it meets another. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape)
  const allowed = names.length === 0 ? 'no fields' : `only ${names.join(', ')}`
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? allowed : undefined),
  })
}

export const NoQuery = strict({})

function timeFrom(value: string | number): number | undefined {
  const isNumber = typeof value === 'number' || /^-?\d{1,16}$/.test(value)
  const atMs = isNumber ? Number(value) : ISO_TIME.test(value) ? Date.parse(value) : Number.NaN
  return Number.isInteger(atMs) && Math.abs(atMs) <= LAST_TIME_MS ? atMs : undefined
}

function asTime(value: string | number, ctx: z.RefinementCtx): number {
  const atMs = timeFrom(value)
  if (atMs !== undefined) return atMs
  ctx.addIssue({ code: 'custom', message: TIME_ALLOWED })
  return z.NEVER
}

/** A time in a query: ISO 8601 with a zone, or Unix ms. */
export const TimeText = z
  .string()
  .transform(asTime)
  .openapi({ type: 'string', description: `${TIME_ALLOWED}.`, example: '2026-11-21T08:00:00Z' })

/** A time in a body: the same, or a JSON number. */
export const TimeValue = z
  .union([z.string(), z.number()], { error: TIME_ALLOWED })
  .transform(asTime)
  .openapi({
    type: ['string', 'integer'],
    description: `${TIME_ALLOWED}.`,
    example: '2026-11-21T08:00:00Z',
  })

/** A whole number in a query. */
export function integerText(min: number, max: number, description: string, example = min) {
  return z
    .string()
    .transform((text, ctx) => {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
      if (value >= min && value <= max) return value
      ctx.addIssue({ code: 'custom', message: `an integer from ${min} to ${max}` })
      return z.NEVER
    })
    .openapi({ type: 'integer', minimum: min, maximum: max, description, example })
}

export const BooleanText = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .openapi({ type: 'string', enum: ['true', 'false'], example: 'true' })

export const Limit = integerText(1, 500, 'Most rows to return.', 50)
export const Cursor = z
  .string()
  .regex(/^\d{1,16}$/, 'the field next of the page before')
  .openapi({ description: 'The field `next` of the page before.', example: '41' })

/** The body of a command that takes none: absent, or an empty object. */
export const NoBody = {
  required: false,
  content: { 'application/json': { schema: strict({}) } },
} as const
