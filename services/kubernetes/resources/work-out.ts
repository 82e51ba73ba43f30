/** From a Prometheus to advice, in one call. */
import type { PrometheusServer } from '../../stores/config.ts'
import type { WorkloadRef } from '../workload.ts'
import { adviceOf } from './advise.ts'
import { type ResourcesConfig, ruleOf } from './config.ts'
import { readUsage } from './history.ts'
import type { ResourceAdvice } from './view.ts'

export interface WorkOut {
  readonly workload: WorkloadRef
  readonly server: PrometheusServer
  readonly config: ResourcesConfig
  readonly nowMs: number
}

/** Rejects as readUsage does. */
export async function workOut({
  workload,
  server,
  config,
  nowMs,
}: WorkOut): Promise<ResourceAdvice> {
  const rule = ruleOf(config, 1)
  const seen = await readUsage({ server, workload, config, rule, nowMs })
  return adviceOf(workload, seen, config, nowMs)
}
