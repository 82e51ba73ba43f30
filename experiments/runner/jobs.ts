/**
 * The jobs of an experiment: one run each of one controller setting over one data set with one seed. A job is known by a
 * hash of everything that decides its result (its data set, setting and seed, the checksums of its data, the code), so a
 * finished one need never be run again.
 */
import { createHash } from 'node:crypto'
import type { LibraryOptions } from '../../datasets/traces/library.ts'
import { findTrace } from '../../datasets/traces/library.ts'
import { canonicalJson } from '../../services/config-file.ts'
import type { Block } from '../frontier/compare-frontiers.ts'
import type { Summary } from '../simulator/summary.ts'
import type { ArmSetting, Experiment } from './config-file.ts'
import type { Course } from './course.ts'
import { type DatasetPlan, type Provenance, plansOf } from './datasets.ts'

export interface Job {
  readonly key: string
  readonly plan: DatasetPlan
  readonly seed: number
  readonly blockHours: number
  readonly setting: ArmSetting
}

/** Jobs that share fitted forecasts or an oracle's tables: for one worker, one after another. */
export interface Batch {
  readonly id: string
  readonly jobs: readonly Job[]
  readonly code: string
}

/** Of one run; the same on any machine. */
export interface JobResult {
  readonly key: string
  readonly total: Summary
  readonly services: Readonly<Record<string, Summary>>
  readonly blocks: readonly Block[]
  readonly course: Course
  readonly synthetic: boolean
  readonly costBudgetPerHour: number
  readonly provenance: readonly Provenance[]
}

/** A job that was run, and how long it took: the latter is no result. */
export interface Finished {
  readonly result: JobResult
  readonly wallMs: number
}

export async function jobsOf(
  { config, arms }: Experiment,
  library: LibraryOptions,
  code: string,
): Promise<Job[]> {
  const { blockHours, seeds } = config
  const plans = await plansOf(config, library)
  const jobs: Job[] = []
  for (const plan of plans) {
    const data = await checksumsOf(plan, library)
    for (const seed of seeds)
      for (const setting of arms) {
        const { kind, params } = setting
        const deciding = { plan, seed, blockHours, kind, params, data, code }
        jobs.push({ key: hashOf(deciding), plan, seed, blockHours, setting })
      }
  }
  return jobs
}

/** By data set, seed and kind of controller, in the order of the jobs. */
export function batchesOf(jobs: readonly Job[], code: string): Batch[] {
  const together = Map.groupBy(
    jobs,
    ({ plan, seed, setting }) => `${plan.name}\n${seed}\n${setting.kind}`,
  )
  return [...together.values()].map((own) => ({
    id: hashOf(own.map(({ key }) => key)),
    jobs: own,
    code,
  }))
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32)
}

async function checksumsOf({ services }: DatasetPlan, library: LibraryOptions): Promise<string[]> {
  const sums: string[] = []
  for (const { load } of services)
    if (load && 'trace' in load) sums.push((await findTrace(load.trace, library)).entry.sha256)
  return sums
}
