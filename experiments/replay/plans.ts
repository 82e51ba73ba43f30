/** What is replayed, on which shop, with which replicas: all of it follows from the setting. */
import { loadTrace } from '../../datasets/traces/trace.ts'
import { WorkloadName } from '../../datasets/workload.ts'
import type { AppConfig } from '../../services/config.ts'
import { loadConfigFile } from '../../services/config-file.ts'
import { type Curve, seriesCurve, workloadCurve } from '../../services/load/replay/curve.ts'
import { busiestDay, followedCounts, tickMeans } from './counts.ts'
import type { RunPlan } from './real.ts'
import type { Setting } from './reality.ts'

const DEMO = new URL('../../services/shop/demo.yaml', import.meta.url).pathname
export const SERVICE = 'search'
const DAY_MS = 86_400_000
/** As long as the gateway waits for a replica. */
const TIMEOUT_SECONDS = 8
/** A replica is asked to carry this share of its declared capacity. */
const TARGET_UTILIZATION = 0.8

/** The demo with one service, and nobody who decides. */
export function shopConfig(seed: number): AppConfig {
  const demo = loadConfigFile(DEMO, {})
  const shop = { ...demo.shop!, seed, services: { [SERVICE]: demo.shop!.services[SERVICE]! } }
  return { ...demo, seed, services: { [SERVICE]: demo.services[SERVICE]! }, shop }
}

/** A workload's busiest day, a trace's first, each compressed to the duration. Throws for a name that there is not. */
export async function plansOf(setting: Setting, config: AppConfig): Promise<RunPlan[]> {
  const { workloads, traces, seed, peakRps, durationMs } = setting
  const options = { peakRps, compress: DAY_MS / durationMs }
  const curves: Curve[] = workloads.map((name) => {
    const workload = WorkloadName.parse(name)
    const skipMs = busiestDay(workload, seed) * DAY_MS
    return workloadCurve(workload, seed, { ...options, skipMs })
  })
  for (const name of traces) {
    const { series } = await loadTrace(name, { env: process.env })
    curves.push(seriesCurve(name, series, { ...options, skipMs: 0 }))
  }
  return curves.map((curve) => planOf(config, curve, setting))
}

function planOf(config: AppConfig, curve: Curve, { durationMs, seed }: Setting): RunPlan {
  const { tickMs } = config
  const { slo, capacityPerReplica, maxReplicas } = config.services[SERVICE]!
  const ticks = Math.floor(Math.min(durationMs, curve.lengthMs) / tickMs)
  const means = tickMeans(curve, tickMs, ticks)
  const rpsPerReplica = capacityPerReplica! * TARGET_UTILIZATION
  return {
    schedule: { curve, seed, durationMs: ticks * tickMs },
    tickMs,
    counts: followedCounts(means, { rpsPerReplica, most: maxReplicas }),
    sloSeconds: slo.latencySeconds,
    timeoutSeconds: TIMEOUT_SECONDS,
  }
}
