/** Named workloads: the shape of a day per service, as a share of its peak. Synthetic, and labelled so. */
import { z } from 'zod'

export const WorkloadName = z
  .enum(['weekday', 'recurring-peak', 'steady'])
  .meta({ id: 'WorkloadName', description: 'A synthetic day shape.' })
export type WorkloadName = z.infer<typeof WorkloadName>
