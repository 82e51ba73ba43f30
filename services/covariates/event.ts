/** An event that is known in advance: a campaign, a release, a holiday. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'

const LONGEST_MS = 366 * 24 * 60 * 60 * 1000
const LONGEST_BESIDE_MS = 7 * 24 * 60 * 60 * 1000
const LARGEST_VALUE = 1e6

export const EventName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/,
    'letters a to z, digits, space and . _ -, beginning with a letter or digit, at most 63',
  )
  .meta({
    description: 'Events of one name are taken to act alike.',
    example: 'summer sale',
  })

/** Name of the events that holidays make. */
export const HOLIDAY = 'holiday'

export const eventFields = {
  name: EventName,
  service: ServiceId.nullable()
    .default(null)
    .meta({ description: 'Whose load it acts on; null: of all services.', example: 'search' }),
  value: z
    .number()
    .min(-LARGEST_VALUE)
    .max(LARGEST_VALUE)
    .refine((value) => value !== 0, 'a number other than 0')
    .default(1)
    .meta({ description: 'Its size, beside others of its name (a discount, a reach).' }),
  beforeMs: z
    .int()
    .min(0)
    .max(LONGEST_BESIDE_MS)
    .default(0)
    .meta({ description: 'Time before it in which it acts too, in a way of its own, ms.' }),
  afterMs: z
    .int()
    .min(0)
    .max(LONGEST_BESIDE_MS)
    .default(0)
    .meta({ description: 'The same after it, ms.' }),
} as const

export const CovariateEvent = z
  .strictObject({
    id: z.string().meta({ description: 'Made of name, service and beginning.' }),
    ...eventFields,
    fromMs: z.number(),
    toMs: z.number(),
    source: z
      .enum(['calendar', 'holidays'])
      .meta({ description: 'calendar: stored by the API; holidays: of the configured country.' }),
  })
  .meta({ id: 'CovariateEvent' })
export type CovariateEvent = z.infer<typeof CovariateEvent>

/** Without `id` and `source`, as somebody gives it. */
export type NewEvent = Omit<CovariateEvent, 'id' | 'source'>

export const LONGEST_EVENT_MS = LONGEST_MS

/** The same event given again has the same id, and replaces what was there. */
export function eventId({ name, service, fromMs }: NewEvent): string {
  const text = JSON.stringify([name, service, fromMs])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** What acts of an event: `during`, and before and after it where it has such times. */
export const PHASES = ['during', 'before', 'after'] as const
export type Phase = (typeof PHASES)[number]

export function phaseOf(
  event: Pick<CovariateEvent, 'fromMs' | 'toMs' | 'beforeMs' | 'afterMs'>,
  phase: Phase,
): readonly [fromMs: number, toMs: number] {
  const { fromMs, toMs, beforeMs, afterMs } = event
  if (phase === 'before') return [fromMs - beforeMs, fromMs]
  return phase === 'after' ? [toMs, toMs + afterMs] : [fromMs, toMs]
}

/** `sale`, `sale (before)`: an event's own name has no brackets. */
export const columnName = (name: string, phase: Phase): string =>
  phase === 'during' ? name : `${name} (${phase})`
