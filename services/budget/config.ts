/** The configuration's section `budget`: amounts that must last for a day or a month. */
import { z } from 'zod'

export const BudgetAmount = z.number().positive().max(1e12)

export const BudgetConfig = z
  .strictObject({
    perDay: BudgetAmount.optional().meta({
      description: 'Cost of all replicas in a day (of outlook.dayMs, from midnight UTC), $.',
    }),
    perMonth: BudgetAmount.optional().meta({
      description:
        'Cost of all replicas in a calendar month (UTC), $; of 30 days where outlook.dayMs is not 24 hours.',
    }),
    reactiveShare: z.number().min(0).max(1).default(0.7).meta({
      description:
        'Share of these amounts that reactive need has for itself; forecasts can draw on the rest only, and on what it surely leaves.',
    }),
    reactiveTolerance: z.number().min(0).max(1).default(0.1).meta({
      description:
        'While money has a price, reactive need gives up what draws on no more than this share of the service’s own error budget: headroom that avoids nothing now.',
    }),
  })
  .meta({
    id: 'BudgetConfig',
    description:
      'Paced beside costBudgetPerHour, which stays the most that any hour may cost: spent where it avoids most loss, and never before its time.',
  })
export type BudgetConfig = z.infer<typeof BudgetConfig>
