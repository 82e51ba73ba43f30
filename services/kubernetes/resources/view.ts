/** Requests of CPU and memory for a workload, as they travel over HTTP and are printed. */
import { z } from 'zod'
import { ServiceId } from '../../../forecaster/series.ts'

const amount = z.number().min(0)

const RequestEstimate = z
  .strictObject({
    requested: amount.nullable().meta({ description: 'Today; null: nothing, or not known.' }),
    limit: amount.nullable(),
    lower: amount.meta({ description: 'Less would surely be too little.' }),
    target: amount.meta({ description: 'What to request.' }),
    upper: amount.meta({ description: 'More would surely be wasted.' }),
    isLeast: z.boolean().meta({ description: 'The target is the configured minimum.' }),
  })
  .meta({ id: 'RequestEstimate', description: 'Cores of CPU, bytes of memory.' })
export type RequestEstimate = z.infer<typeof RequestEstimate>

export const ContainerAdvice = z
  .strictObject({
    container: z.string(),
    cpu: RequestEstimate.nullable().meta({ description: 'Cores; null: too little is known.' }),
    memory: RequestEstimate.nullable().meta({ description: 'Bytes; null: too little is known.' }),
    historyDays: z.number().meta({
      description: 'What the history is worth: the shorter, the wider the bounds.',
    }),
    oomKills: z.int().meta({ description: 'Kills for want of memory that were seen.' }),
    lastOomKillMs: z.number().nullable(),
  })
  .meta({ id: 'ContainerAdvice' })
export type ContainerAdvice = z.infer<typeof ContainerAdvice>

export const ADVICE_WARNINGS = ['hpa-utilization', 'capacity-of-today', 'oom-killed'] as const
export const AdviceWarning = z
  .strictObject({ id: z.enum(ADVICE_WARNINGS), why: z.string(), fix: z.string() })
  .meta({ id: 'AdviceWarning' })
export type AdviceWarning = z.infer<typeof AdviceWarning>

export const ResourceAdvice = z
  .strictObject({
    workload: z.string().meta({ description: 'namespace/kind/name.' }),
    atMs: z.number().meta({ description: 'When it was worked out.' }),
    replicas: z.number().nullable().meta({ description: 'Mean of the last day.' }),
    containers: z.array(ContainerAdvice),
    savingPerHour: z.number().nullable().meta({
      description:
        '$/hour of all replicas together at the target; below 0: it costs more. null: what is requested today is not known.',
    }),
    why: z.string(),
    warnings: z.array(AdviceWarning),
    yaml: z.string().nullable().meta({
      description:
        'A strategic-merge patch of the workload, fit for server-side apply too; null: too little is known.',
    }),
  })
  .meta({ id: 'ResourceAdvice', description: 'Requests of CPU and memory for a workload.' })
export type ResourceAdvice = z.infer<typeof ResourceAdvice>

export const AdvisedWorkload = z
  .strictObject({
    service: ServiceId,
    workload: z.string(),
    advice: ResourceAdvice.nullable().meta({
      description: 'The last that was worked out; null: nobody asked yet.',
    }),
  })
  .meta({ id: 'AdvisedWorkload' })
export type AdvisedWorkload = z.infer<typeof AdvisedWorkload>
