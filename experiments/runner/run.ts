/** Runs what is not finished yet, and keeps each job the moment it is. */
import type { LibraryOptions } from '../../datasets/traces/library.ts'
import { codeVersion } from '../../services/jobs/code-version.ts'
import type { Experiment } from './config-file.ts'
import { openJobStore } from './job-store.ts'
import { batchesOf, type Finished, type Job, type JobResult, jobsOf } from './jobs.ts'
import type { Pool } from './pool.ts'

export interface RunOptions {
  readonly out: string
  readonly library: LibraryOptions
  readonly pool: Pool
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly jobs: number
  readonly finished: number
  /** Of the finished, those of an earlier call. */
  readonly reused: number
}

export interface Ran {
  readonly done: readonly (readonly [Job, JobResult])[]
  readonly wallMs: Readonly<Record<string, number>>
  readonly reused: number
  readonly code: string
}

/** Undefined when `signal` aborted it. Rejects with RunFailed when a run throws; what is finished stays finished. */
export async function runJobs(
  experiment: Experiment,
  options: RunOptions,
): Promise<Ran | undefined> {
  const { out, library, pool, signal, onProgress } = options
  const code = codeVersion()
  const jobs = await jobsOf(experiment, library, code)
  const store = openJobStore(out)
  const finished = new Map<string, Finished>()
  for (const job of jobs) {
    const kept = store.get(job)
    if (kept) finished.set(job.key, kept)
  }
  const keys = new Set(jobs.map(({ key }) => key))
  const reused = finished.size
  const tell = () => onProgress?.({ jobs: keys.size, finished: finished.size, reused })
  tell()
  const wanted = new Set(finished.keys())
  const rest = jobs.filter(({ key }) => !wanted.has(key) && wanted.add(key))
  let isOver = false
  const runs = batchesOf(rest, code).map((batch) =>
    pool.run(batch, (one) => {
      if (isOver) return
      store.put(one)
      finished.set(one.result.key, one)
      tell()
    }),
  )
  const all = Promise.all(runs)
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal?.aborted) resolve('aborted')
    signal?.addEventListener('abort', () => resolve('aborted'), { once: true })
  })
  // those still running when one fails or all are stopped have nobody to tell
  for (const run of runs) run.catch(() => undefined)
  try {
    if ((await Promise.race([all, aborted])) === 'aborted') return undefined
  } finally {
    // the folder is the caller's again: what still runs writes nothing into it
    isOver = true
  }
  return {
    done: jobs.map((job) => [job, finished.get(job.key)!.result] as const),
    wallMs: Object.fromEntries([...finished].map(([key, { wallMs }]) => [key, wallMs])),
    reused,
    code,
  }
}
