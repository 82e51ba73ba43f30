/**
 * Amazon's target tracking on requests per replica: two CloudWatch alarms, of which the upper is quick and the lower
 * slow, and a count in proportion.
 *
 *   desired = ⌈capacity · metric / target⌉; up after 3 datapoints of 60 s above the target, down after 15 below 90 % of it
 *
 * Source: EC2 Auto Scaling User Guide, "Target tracking scaling policies" (scales out fast and in gradually, does not
 * scale in while replicas warm up); numbers of datapoints as in the alarms that the service creates.
 */
import { createDatapoints } from './alarm.ts'
import type { Scraped } from './controller.ts'

export interface TargetTracking {
  /** Share of a replica's capacity to be used. */
  readonly target: number
  readonly capacityPerReplica: number
  readonly tickMs: number
  readonly upDatapoints: number
  readonly downDatapoints: number
  readonly disableScaleIn: boolean
}

const PERIOD_MS = 60_000
/** The lower alarm's share of the target. */
const LOW = 0.9

/** The count wanted at each tick; `requested` while no alarm is on. To be called every tick. */
export function createTargetTracking(policy: TargetTracking): (scraped: Scraped) => number {
  const { target, capacityPerReplica, tickMs, upDatapoints, downDatapoints } = policy
  const points = createDatapoints(PERIOD_MS, tickMs, Math.max(upDatapoints, downDatapoints))
  return ({ measuredAtMs, loadRps, replicas }) => {
    const { requested, ready, starting } = replicas
    // per replica in service: those that warm up are not counted in
    const used = ready > 0 ? loadRps / (ready * capacityPerReplica) : Number.NaN
    if (!points.add(measuredAtMs, used)) return requested
    const isHigh = points.all(upDatapoints, (value) => value > target)
    const isLow = points.all(downDatapoints, (value) => value < LOW * target)
    const wish = Math.ceil((ready * points.newest()) / target - 1e-9)
    if (isHigh) return Math.max(requested, wish)
    if (isLow && starting === 0 && !policy.disableScaleIn) return Math.min(requested, wish)
    return requested
  }
}
