/** Walks of a backtest as jobs: one model through one service's series each. */
import { z } from 'zod'
import type { RollingResult } from '../../forecaster/accuracy/rolling.ts'
import { ModelKind } from '../../forecaster/forecast.ts'
import type { JobRequest } from '../jobs/job.ts'
import type { JobHandler } from '../jobs/job-queue.ts'
import { createLanes } from '../jobs/lanes.ts'
import type { WalkRequest } from './walk-worker.ts'
import { createWalker } from './walker.ts'

const Asked = z.custom<WalkRequest>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    ModelKind.safeParse(Reflect.get(value, 'entrant')).success &&
    ['series', 'config', 'plan'].every((part) => typeof Reflect.get(value, part) === 'object'),
)

export function walkJob(request: WalkRequest): JobRequest {
  const title = `${request.series.service} with ${request.entrant}`
  return { kind: 'backtest', title, payload: request }
}

/** A walk's result as it came from a worker. Throws a ZodError for what is none. */
export const readWalk = (answer: unknown): RollingResult => Walked.parse(answer)

const Walked = z.custom<RollingResult>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    ModelKind.safeParse(Reflect.get(value, 'entrant')).success &&
    Array.isArray(Reflect.get(value, 'scores')),
)

/** A thread for each of `threads` walks side by side, begun when first needed. */
export function openWalkWork(threads: number): {
  readonly handler: JobHandler
  close(): Promise<void>
} {
  const lanes = createLanes(threads, () => createWalker())
  return {
    handler: (payload, { signal }) =>
      lanes.use(signal, (walker) => walker.walk(Asked.parse(payload))),
    close: lanes.close,
  }
}
