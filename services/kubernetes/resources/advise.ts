/** What a workload's containers should request, what that saves, and what changes with it that nobody would expect. Pure. */
import type {
  ContainerUsage,
  Estimate,
  SizingRule,
} from '../../../agents/resources/container-usage.ts'
import { type WorkloadRef, workloadKey } from '../workload.ts'
import { type ResourcesConfig, ruleOf } from './config.ts'
import type { Amounts, Autoscaling, WorkloadUsage } from './history.ts'
import { patchOf } from './patch.ts'
import type { AdviceWarning, ContainerAdvice, RequestEstimate, ResourceAdvice } from './view.ts'
import { whyOf } from './words.ts'

const DAY_MS = 86_400_000
const GIB = 1024 ** 3

export function adviceOf(
  workload: WorkloadRef,
  seen: WorkloadUsage,
  config: ResourcesConfig,
  nowMs: number,
): ResourceAdvice {
  const rule = ruleOf(config, Math.max(1, seen.usage.size))
  const containers = [...seen.usage]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([container, usage]) => containerAdvice(container, usage, seen, rule, config))
  const replicas = Number.isNaN(seen.replicas) ? null : seen.replicas
  const saving = savingPerReplicaHour(containers, config)
  const savingPerHour = saving === null || replicas === null ? null : saving * replicas
  const yaml = patchOf(workload, containers)
  return {
    ...{ workload: workloadKey(workload), atMs: nowMs, replicas, containers, savingPerHour, yaml },
    why: whyOf({ containers, savingPerHour, replicas, leastDays: config.leastHistoryMs / DAY_MS }),
    warnings: yaml === null ? [] : warningsOf(containers, seen.autoscalers),
  }
}

function containerAdvice(
  container: string,
  usage: ContainerUsage,
  { requests, limits }: WorkloadUsage,
  rule: SizingRule,
  { leastHistoryMs }: ResourcesConfig,
): ContainerAdvice {
  const historyDays = usage.confidenceDays()
  const isEnough = historyDays * DAY_MS >= leastHistoryMs
  const { cpu, memory } = usage.estimate(rule)
  const { count, lastAtMs } = usage.kills()
  const of = (resource: keyof Amounts, estimate: Estimate | undefined): RequestEstimate | null =>
    isEnough && estimate
      ? {
          ...estimate,
          requested: known(requests.get(container)?.[resource]),
          limit: known(limits.get(container)?.[resource]),
        }
      : null
  return {
    ...{ container, historyDays, oomKills: count, lastOomKillMs: lastAtMs ?? null },
    cpu: of('cpu', cpu),
    memory: of('memory', memory),
  }
}

const known = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value

/** null where something has no request today, or no estimate: a part of the price would say nothing. */
function savingPerReplicaHour(
  containers: readonly ContainerAdvice[],
  { pricePerCoreHour, pricePerGibHour }: ResourcesConfig,
): number | null {
  let saving = 0
  for (const { cpu, memory } of containers) {
    if (cpu?.requested == null || memory?.requested == null) return null
    saving += (cpu.requested - cpu.target) * pricePerCoreHour
    saving += ((memory.requested - memory.target) / GIB) * pricePerGibHour
  }
  return containers.length === 0 ? null : saving
}

function warningsOf(
  containers: readonly ContainerAdvice[],
  autoscalers: readonly Autoscaling[],
): AdviceWarning[] {
  const killed = containers.filter(({ oomKills }) => oomKills > 0)
  return [
    ...autoscalers.map((one) => hpaWarning(one, containers)),
    ...killed.map(({ container, oomKills }) => ({
      id: 'oom-killed' as const,
      why: `${container} was killed ${oomKills === 1 ? 'once' : `${oomKills} times`} for want of memory: how much it wanted was never seen, so its peaks are taken as more than it requested`,
      fix: 'apply it, and look again after a day',
    })),
    {
      id: 'capacity-of-today',
      why: 'replicas are planned by the load that one carries, and that was measured with the requests and limits of today',
      fix: 'after the change let it be learned again (forescale k8s learn), and watch violations for a day',
    },
  ]
}

/** Utilization is usage over requests: with other requests the same target means another load. */
function hpaWarning(
  { autoscaler, metric, targetPercent }: Autoscaling,
  containers: readonly ContainerAdvice[],
): AdviceWarning {
  const percent = keepingPercent(targetPercent, metric, containers)
  return {
    id: 'hpa-utilization',
    why: `HPA ${autoscaler} scales by ${metric} at ${targetPercent} % of the requests: with other requests it scales at another usage`,
    fix:
      percent === null
        ? `set its averageUtilization anew, by how the requests of all containers together change`
        : `averageUtilization: ${percent} keeps the usage at which it scales; or let it follow the load (forescale k8s manifest)`,
  }
}

/** Over all containers, as the HPA adds them up; null where one of them is not known. */
function keepingPercent(
  targetPercent: number,
  metric: string,
  containers: readonly ContainerAdvice[],
): number | null {
  if (metric !== 'cpu' && metric !== 'memory') return null
  const rows = containers.map((one) => one[metric])
  if (rows.some((row) => row?.requested == null)) return null
  const sum = (of: (row: RequestEstimate) => number) =>
    rows.reduce((total, row) => total + (row ? of(row) : 0), 0)
  const percent =
    (targetPercent * sum(({ requested }) => requested ?? 0)) / sum(({ target }) => target)
  return Number.isFinite(percent) ? Math.round(percent) : null
}
