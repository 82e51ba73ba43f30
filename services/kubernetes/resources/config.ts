/** How requests of CPU and memory are worked out: where the usage comes from, how far back, and what must stay free. */
import { z } from 'zod'
import type { SizingRule } from '../../../agents/resources/container-usage.ts'
import { PrometheusServer } from '../../stores/config.ts'
import { DEFAULT_QUERIES, faultOfQuery } from './queries.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const MIB = 1024 * 1024

const promql = (query: string, description: string) =>
  z
    .string()
    .min(1)
    .max(4000)
    .default(query)
    .superRefine((text, context) => {
      const fault = faultOfQuery(text)
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
    .meta({ description })

export const ResourceQueries = z
  .strictObject({
    cpu: promql(DEFAULT_QUERIES.cpu, 'Cores in use, by pod and container.'),
    memory: promql(DEFAULT_QUERIES.memory, 'Bytes held at most in a step, by pod and container.'),
    oomKills: promql(
      DEFAULT_QUERIES.oomKills,
      'Above 0 in each step in which a container was killed for want of memory, by pod and container.',
    ),
    killedRequests: promql(
      DEFAULT_QUERIES.killedRequests,
      'Bytes requested, by pod and container; asked of days with kills.',
    ),
    requests: promql(
      DEFAULT_QUERIES.requests,
      'What is requested, by container and `resource`: cores of cpu, bytes of memory.',
    ),
    limits: promql(DEFAULT_QUERIES.limits, 'What is the limit, by container and `resource`.'),
    containers: promql(
      DEFAULT_QUERIES.containers,
      'One series for each container of the template. None at all: those whose usage was seen.',
    ),
    autoscalers: promql(
      DEFAULT_QUERIES.autoscalers,
      'Target in % of each HPA that follows the workload by usage over requests, by horizontalpodautoscaler and metric_name.',
    ),
  })
  .meta({
    description:
      'PromQL over what cAdvisor and kube-state-metrics tell. "$namespace", "$name" and "$kind" are the workload\'s, =~"$pods" its pods; $step is one step.',
  })
export type ResourceQueries = z.infer<typeof ResourceQueries>

const share = (value: number) => z.number().gt(0).max(1).default(value)

export const ResourcesConfig = z
  .strictObject({
    server: PrometheusServer.optional().meta({
      description: 'The Prometheus that knows; left out: `default` of store.servers.',
    }),
    queries: ResourceQueries.prefault({}),
    historyMs: z
      .int()
      .min(HOUR_MS)
      .max(60 * DAY_MS)
      .default(8 * DAY_MS)
      .meta({ description: 'How far back usage is read.' }),
    stepMs: z
      .int()
      .min(15_000)
      .max(HOUR_MS)
      .default(5 * MINUTE_MS)
      .meta({ description: 'Time that one sample speaks for.' }),
    leastHistoryMs: z.int().min(0).default(DAY_MS).meta({
      description: 'Nothing is recommended on less: a day has its own peaks.',
    }),
    halfLifeMs: z.int().min(HOUR_MS).default(DAY_MS).meta({
      description: 'Age at which usage counts half.',
    }),
    levels: z
      .strictObject({ lower: share(0.5), target: share(0.9), upper: share(0.95) })
      .refine((c) => c.lower <= c.target && c.target <= c.upper, {
        error: 'must rise: lower ≤ target ≤ upper',
        path: ['target'],
      })
      .prefault({})
      .meta({ description: 'Shares of the usage that the bounds and the target cover.' }),
    margin: z.number().min(0).max(10).default(0.15).meta({
      description: 'Added to what is used, as a fraction of it.',
    }),
    leastPodCores: z.number().min(0).default(0.025).meta({
      description: 'Least CPU of a pod, shared evenly by its containers.',
    }),
    leastPodMib: z.number().min(0).default(250).meta({
      description: 'Least memory of a pod, MiB, shared evenly by its containers.',
    }),
    oomBumpRatio: z.number().min(1).default(1.2).meta({
      description: 'More memory after a kill for want of it, as a factor.',
    }),
    oomLeastBumpMib: z.number().min(0).default(100).meta({
      description: 'The same, MiB at least.',
    }),
    skipContainers: z.array(z.string().min(1)).default(['istio-proxy', 'linkerd-proxy']).meta({
      description: 'Containers that something puts into pods: the template has none of them.',
    }),
    pricePerCoreHour: z.number().min(0).default(0.031611).meta({
      description: 'Of a requested core, $/hour; OpenCost’s default for custom prices.',
    }),
    pricePerGibHour: z.number().min(0).default(0.004237).meta({
      description: 'Of a requested GiB of memory, $/hour; likewise.',
    }),
    timeoutMs: z
      .int()
      .min(1000)
      .max(10 * MINUTE_MS)
      .default(MINUTE_MS)
      .meta({
        description: 'Longest wait for one answer of the Prometheus.',
      }),
    mostSeries: z.int().min(1).default(10_000).meta({
      description: 'An answer of more series is refused.',
    }),
    keepMs: z
      .int()
      .min(0)
      .default(10 * MINUTE_MS)
      .meta({
        description: 'How long an answer is given again before the Prometheus is asked anew.',
      }),
  })
  .meta({ id: 'KubernetesResourcesConfig' })
export type ResourcesConfig = z.infer<typeof ResourcesConfig>

/** The rule for one of so many containers of a pod. */
export function ruleOf(config: ResourcesConfig, containers: number): SizingRule {
  const { levels, margin, halfLifeMs } = config
  const { leastPodCores, leastPodMib, oomBumpRatio, oomLeastBumpMib } = config
  return {
    ...{ levels, margin, halfLifeMs },
    oom: { ratio: oomBumpRatio, leastBytes: oomLeastBumpMib * MIB },
    least: { cores: leastPodCores / containers, bytes: (leastPodMib * MIB) / containers },
  }
}
