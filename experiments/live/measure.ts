/** What an arm cost and lost, in blocks of time: violations as the load generator saw them, replicas as they ran. */
import { z } from 'zod'
import type { AppConfig } from '../../services/config.ts'
import { type Arm, getJson } from './arm.ts'

export interface Block {
  readonly requests: number
  /** Requests that failed, or were answered later than the service's SLO after their intended send time. */
  readonly violations: number
  /** Cost of running, starting and terminating replicas, $/hour. */
  readonly costPerHour: number
}

const Report = z.record(z.string(), z.object({ requests: z.number(), violations: z.number() }))
const SeriesView = z.object({ values: z.array(z.number().nullable()) })

const COUNTS = ['ready_replicas', 'starting_replicas', 'terminating_replicas'] as const

export async function measure(
  arm: Arm,
  config: AppConfig,
  fromMs: number,
  toMs: number,
  blockMs: number,
): Promise<Block[]> {
  const blocks: Block[] = []
  for (let startMs = fromMs; startMs + blockMs <= toMs; startMs += blockMs) {
    const endMs = startMs + blockMs
    const reports = await getJson(`${arm.load}/report?sinceMs=${startMs}&untilMs=${endMs}`, Report)
    const sum = { requests: 0, violations: 0 }
    for (const report of Object.values(reports)) {
      sum.requests += report.requests
      sum.violations += report.violations
    }
    blocks.push({ ...sum, costPerHour: await costOf(arm, config, startMs, endMs) })
  }
  return blocks
}

async function costOf(arm: Arm, config: AppConfig, fromMs: number, toMs: number): Promise<number> {
  let costPerHour = 0
  for (const [service, { pricePerReplicaHour }] of Object.entries(config.services)) {
    for (const metric of COUNTS) {
      const query = `metric=${metric}&from=${fromMs}&to=${toMs}&step=${config.stepMs}`
      const { values } = await getJson(
        `${arm.api}/v1/services/${service}/series?${query}`,
        SeriesView,
      )
      const known = values.filter((v) => v !== null)
      const mean = known.reduce((total, v) => total + v, 0) / Math.max(1, known.length)
      costPerHour += mean * pricePerReplicaHour
    }
  }
  return costPerHour
}
