/** How an amount for a day or a month stands, as it travels over HTTP. */
import { z } from 'zod'
import { PERIODS } from './period.ts'

export const PacedPeriodView = z
  .strictObject({
    period: z.enum(PERIODS),
    startMs: z.number(),
    endMs: z.number(),
    openedMs: z.number().meta({ description: 'From when spending is known.' }),
    atMs: z.number().meta({ description: 'The tick that these figures are of.' }),
    amount: z.number().meta({ description: '$ for the whole period, as set.' }),
    available: z.number().meta({
      description: '$ since openedMs: of a period that had begun already, the share that was left.',
    }),
    spent: z.number().meta({ description: '$ since openedMs, as observed.' }),
    left: z.number(),
    reserve: z.number().meta({
      description: '$ of it that are kept for reactive need: forecasts cannot draw on them.',
    }),
    price: z.number().meta({
      description:
        'Nothing is bought now that avoids no more weighted requests/s outside the SLO than this for one $/hour; 0 while the money lasts for everything.',
    }),
    reactivePrice: z.number().meta({ description: 'The same for reactive need.' }),
    expectedSpend: z.number().nullable().meta({ description: '$ by the end, as paced.' }),
    unpacedSpend: z.number().nullable().meta({ description: '$ by the end, were it not paced.' }),
    isExhausted: z.boolean(),
  })
  .meta({ id: 'PacedPeriod' })
export type PacedPeriodView = z.infer<typeof PacedPeriodView>
