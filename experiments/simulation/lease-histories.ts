/** Elections among two and three controllers under faults of clocks, machines and network: each seed a history, checked whole. */
import type { FaultKind } from './faults.ts'
import { failureText } from './report.ts'
import { type RunChoice, simulate } from './simulate.ts'

/** What can bring two to lead at once: clocks that are set and drift, machines that stand still, answers that are lost. */
const KINDS: readonly FaultKind[] = [
  ...(['moved', 'moved', 'clock-jump', 'clock-drift', 'partition', 'partition', 'freeze'] as const),
  ...(['crash', 'power-cut', 'late-requests', 'bad-link', 'swizzle'] as const),
  ...(['server-down', 'server-slow', 'server-fails'] as const),
]
const SKEW_MS = 5 * 60_000
/** Short ticks and many faults: the lead changes often. */
const DENSE = { tickMs: 60_000, faultsAnHour: 12 }

export interface HistoriesReport {
  readonly histories: number
  /** Reads and swaps of the lease's row. */
  readonly requests: number
  /** Times that the lead passed to another, or to another run. */
  readonly leaders: number
  readonly failures: readonly string[]
}

export async function leaseHistories(
  seeds: readonly number[],
  lengthMs: number,
): Promise<HistoriesReport> {
  const failures: string[] = []
  let [requests, leaders] = [0, 0]
  for (const seed of seeds) {
    const controllers = 2 + (seed % 2)
    const choice: RunChoice = {
      seed,
      controllers,
      lengthMs,
      kinds: KINDS,
      skewMs: SKEW_MS,
      ...DENSE,
    }
    const verdict = await simulate(choice)
    requests += verdict.leaseRequests
    leaders += verdict.leaders
    if (verdict.violations.length > 0) failures.push(failureText(choice, verdict))
  }
  return { histories: seeds.length, requests, leaders, failures }
}
