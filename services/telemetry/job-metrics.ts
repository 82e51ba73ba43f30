/** Jobs by kind and state, and whether the queue answers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { JOB_STATES } from '../jobs/job.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Scrape } from './scrape.ts'

/** A scrape waits no longer for Redis. */
const LIMIT_MS = 1000

export async function jobMetrics(
  scrape: Scrape,
  kind: JobQueue['kind'] | undefined,
  countsOf: JobQueue['counts'],
): Promise<void> {
  const counts = await Promise.race([
    countsOf().catch(() => undefined),
    sleep(LIMIT_MS, undefined, { ref: false }),
  ])
  if (kind === 'bullmq')
    scrape.gauge('forescale_jobs_up', '0 while Redis with the jobs does not answer.', [
      { value: counts ? 1 : 0 },
    ])
  const rows = Object.entries(counts ?? {}).flatMap(([of, states]) =>
    JOB_STATES.map((state) => ({ labels: { kind: of, state }, value: states[state] })),
  )
  scrape.gauge('forescale_jobs', 'Jobs by what they are and how they stand.', rows)
}
