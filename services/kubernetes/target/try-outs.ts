/**
 * What could not be scaled, found out before a peak needs it: workloads that are enforced are tried by dry run as soon as
 * they are seen, beside the ticks and a few at a time. What is refused is logged, stands in the health, and is tried
 * again from time to time; an order that was carried out ends it.
 */
import type { ServiceId } from '../../../forecaster/series.ts'
import { type WorkloadRef, workloadKey } from '../workload.ts'
import type { Fault } from './dry-run.ts'

const AT_ONCE = 4
/** What failed is tried again after so long. */
const AGAIN_MS = 5 * 60_000

export interface TryOuts {
  /** These are scaled by us from now on. Returns at once. */
  follow(workloads: readonly (readonly [ServiceId, WorkloadRef])[]): void
  scaled(service: ServiceId): void
  /** Of each that would fail a sentence that names the workload. */
  faults(): readonly string[]
  stop(): void
}

export interface TryOutsOptions {
  /** Never rejects. */
  readonly dryRun: (ref: WorkloadRef) => Promise<Fault | undefined>
  readonly nowMs: () => number
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
}

interface Tried {
  readonly key: string
  /** undefined: under way. */
  endedMs?: number
  fault?: Fault | undefined
}

export function createTryOuts({ dryRun, nowMs, log }: TryOutsOptions): TryOuts {
  const tried = new Map<ServiceId, Tried>()
  const waiting: (readonly [ServiceId, WorkloadRef])[] = []
  let running = 0
  let isStopped = false

  const isDue = (service: ServiceId, ref: WorkloadRef): boolean => {
    const last = tried.get(service)
    if (last?.key !== workloadKey(ref)) return true
    const { endedMs, fault } = last
    return fault !== undefined && endedMs !== undefined && nowMs() - endedMs >= AGAIN_MS
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next && !isStopped; next = waiting.shift()) {
      const [service, ref] = next
      const one = tried.get(service)
      const fault = await dryRun(ref)
      // another workload by now, or none
      if (isStopped || !one || tried.get(service) !== one) continue
      tell(service, one, fault)
      Object.assign(one, { fault, endedMs: nowMs() })
    }
  }

  function tell(service: ServiceId, { key, fault: before }: Tried, fault: Fault | undefined): void {
    const about = { service, workload: key }
    if (fault?.isRefused && fault.why !== before?.why)
      log.warn(
        { ...about, problem: fault.why },
        'a workload could not be scaled, as a dry run says',
      )
    if (!fault && before?.isRefused) log.info(about, 'the workload can be scaled now')
  }

  return {
    follow(workloads) {
      const wanted = new Map(workloads)
      for (const service of tried.keys()) if (!wanted.has(service)) tried.delete(service)
      for (const [service, ref] of workloads) {
        if (!isDue(service, ref)) continue
        const fault = tried.get(service)?.fault
        tried.set(service, { key: workloadKey(ref), fault })
        waiting.push([service, ref])
      }
      while (running < AT_ONCE && waiting.length > 0) {
        running++
        void work().finally(() => running--)
      }
    },
    scaled(service) {
      const one = tried.get(service)
      if (one) one.fault = undefined
    },
    faults: () =>
      [...tried.values()].flatMap(({ key, fault }) =>
        fault?.isRefused ? [`${key} could not be scaled: ${fault.why}`] : [],
      ),
    stop() {
      isStopped = true
      waiting.length = 0
    },
  }
}
