/**
 * The pods of one service as the HPA's metrics would show them, from what a scrape says of all of them together.
 *
 * Ready replicas are running pods that share the measured usage evenly; starting ones are pending; those told to go are
 * being deleted. When a pod became ready is remembered, because the HPA does not believe a young pod's CPU before a
 * whole window of readiness was measured. A Deployment takes its youngest pods down first.
 */
import type { Pod, PodSample } from '../../agents/hpa/pods.ts'
import type { Scraped } from './controller.ts'

/** Each pod asks for as much as this, so that usage in milli-units of it is utilization. */
const REQUEST_MILLI = 1000

export interface PodView {
  /** `usage` is that of one ready pod, in units of its request; NaN: no pod has a metric. */
  pods(atMs: number, scraped: Scraped, usage: number): readonly Pod[]
}

export function createPodView(tickMs: number, startupMs: number): PodView {
  let readySince: number[] | undefined
  return {
    pods(atMs, { replicas, measuredAtMs }, usage) {
      // those there at the start have been there for long
      readySince ??= new Array<number>(replicas.ready).fill(Number.NEGATIVE_INFINITY)
      while (readySince.length < replicas.ready) readySince.push(atMs)
      readySince.length = replicas.ready
      const sample: PodSample | undefined = Number.isFinite(usage)
        ? { milli: Math.ceil(usage * REQUEST_MILLI), atMs: measuredAtMs, windowMs: tickMs }
        : undefined
      const running = readySince.map((sinceMs) => readyPod(sinceMs, startupMs, sample))
      return [
        ...running,
        ...new Array<Pod>(replicas.starting).fill(STARTING),
        ...new Array<Pod>(replicas.terminating).fill(TERMINATING),
      ]
    },
  }
}

const BASE = { deleting: false, requestMilli: REQUEST_MILLI } as const
const NO_SAMPLE = { startedAtMs: undefined, ready: undefined, sample: undefined } as const
const STARTING: Pod = { ...BASE, ...NO_SAMPLE, phase: 'Pending' }
const TERMINATING: Pod = { ...BASE, ...NO_SAMPLE, phase: 'Running', deleting: true }

function readyPod(sinceMs: number, startupMs: number, sample: PodSample | undefined): Pod {
  const ready = { status: 'True', sinceMs } as const
  return { ...BASE, phase: 'Running', startedAtMs: sinceMs - startupMs, ready, sample }
}
