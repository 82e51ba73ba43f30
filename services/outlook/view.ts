/** The outlook as it travels over HTTP. */
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'

const Fan = z.array(z.array(z.number())).meta({
  description: '[day][level]: quantiles at `levels`.',
})
const Days = z.array(z.number().min(0).max(1)).meta({ description: 'A probability a day.' })

export const OutlookRisk = z
  .strictObject({
    bound: z.enum(['budget', 'maxReplicas']),
    service: ServiceId.nullable().meta({ description: 'null: all services together.' }),
    firstDayMs: z.number().meta({ description: 'Start of the first day at risk.' }),
    probability: z.number().meta({ description: 'That the bound does not hold on that day.' }),
    probabilityByEnd: z
      .number()
      .meta({ description: 'That it does not hold on some day of the outlook.' }),
    lasting: z
      .boolean()
      .meta({ description: 'Whether at least half of the days from then on are at risk too.' }),
    limit: z.number().meta({ description: 'The bound now: $/hour, or replicas.' }),
    wouldCarry: z
      .number()
      .meta({ description: 'The bound that would hold on all days with probability 0.9.' }),
    sentence: z.string(),
  })
  .meta({ id: 'OutlookRisk' })
export type OutlookRisk = z.infer<typeof OutlookRisk>

export const ServiceOutlookView = z
  .strictObject({
    service: ServiceId,
    historyDays: z.int().meta({ description: 'Days that are known.' }),
    neededDays: z
      .int()
      .meta({ description: 'Days that this outlook needs; with fewer it is null.' }),
    demand: z
      .strictObject({
        peakLoadRps: Fan,
        peakReplicas: Fan,
        replicaHours: Fan,
        cost: Fan,
        budgetRisk: Days.nullable(),
        maxReplicasRisk: Days,
      })
      .nullable(),
  })
  .meta({ id: 'ServiceOutlook' })
export type ServiceOutlookView = z.infer<typeof ServiceOutlookView>

export const OutlookView = z
  .strictObject({
    computedAtMs: z.number(),
    fromMs: z.number().meta({ description: 'Start of the first day of the outlook: today.' }),
    dayMs: z.number(),
    days: z.int(),
    levels: z.array(z.number()),
    costBudgetPerHour: z.number(),
    costBudgetPerDay: z.number(),
    fleet: z
      .strictObject({
        cost: Fan.meta({ description: '$ a day.' }),
        peakCostPerHour: Fan.meta({ description: '$/hour in the dearest hour of the day.' }),
        risk: Days,
      })
      .nullable()
      .meta({
        description: 'null while a service has too few days: no sum without all its parts.',
      }),
    services: z.array(ServiceOutlookView),
    risks: z.array(OutlookRisk).meta({ description: 'The earliest first.' }),
    sentences: z.array(z.string()).meta({ description: 'All of it in words.' }),
  })
  .meta({ id: 'Outlook' })
export type OutlookView = z.infer<typeof OutlookView>
