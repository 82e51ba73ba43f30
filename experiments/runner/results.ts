/** What a finished experiment says: every run as a cost–violation pair, frontiers, comparisons; the same bytes each time. */
import { z } from 'zod'
import { seededRandom } from '../../datasets/random.ts'
import {
  type Block,
  compareFrontiers,
  type FrontierComparison,
  type Setting as FrontierSetting,
  pointOf,
} from '../frontier/compare-frontiers.ts'
import { type FrontierPoint, paretoFront } from '../frontier/frontier.ts'
import type { Summary } from '../simulator/summary.ts'
import { armName } from './config.ts'
import type { Experiment } from './config-file.ts'
import type { Course } from './course.ts'
import type { Provenance } from './datasets.ts'
import { hashOf, type Job, type JobResult } from './jobs.ts'

export const FORMAT = 'forescale-experiment/1'

export interface Run {
  readonly dataset: string
  readonly arm: string
  readonly kind: string
  /** Of the arm, from 0. */
  readonly setting: number
  readonly params: unknown
  readonly seed: number
  readonly seesFuture: boolean
  readonly total: Summary
  readonly services: Readonly<Record<string, Summary>>
  readonly blocks: readonly Block[]
}

/** All settings of an arm over one data set, its seeds together. */
export interface Frontier {
  readonly arm: string
  readonly seesFuture: boolean
  readonly points: readonly (FrontierPoint & {
    readonly setting: number
    readonly onFront: boolean
  })[]
  /** Cheapest at the violations that count, else the one that violates least. */
  readonly best: number
}

export interface DatasetResults {
  readonly dataset: string
  readonly synthetic: boolean
  readonly costBudgetPerHour: number
  readonly data: readonly Provenance[]
  /** Of what was simulated, controllers aside: results of the same hash can be paired. */
  readonly scenarioHash: string
  readonly frontiers: readonly Frontier[]
  readonly comparisons: readonly (FrontierComparison & {
    readonly ours: string
    readonly theirs: string
  })[]
}

export interface Results {
  readonly format: typeof FORMAT
  readonly name: string
  readonly description: string
  readonly configHash: string
  readonly provenance: Readonly<Record<string, string | null>>
  readonly atViolation: number
  readonly draws: number
  readonly level: number
  readonly reference: string
  readonly datasets: readonly DatasetResults[]
  readonly runs: readonly Run[]
}

/** Courses of the best settings, for plots: `courses[dataset][arm]`, first seed. */
export type Courses = Readonly<Record<string, Readonly<Record<string, Course>>>>

interface Done {
  readonly run: Run
  readonly result: JobResult
  readonly job: Job
}

export function resultsOf(
  { config, arms }: Experiment,
  done: readonly (readonly [Job, JobResult])[],
  provenance: Results['provenance'],
): { results: Results; courses: Courses } {
  const { name, description, atViolation, draws, level } = config
  const reference = config.reference ?? armName(config.controllers[0]!)
  const indexOf = new Map(
    arms.map((setting) => [setting, arms.filter((s) => s.arm === setting.arm).indexOf(setting)]),
  )
  const all = done.map(([job, result]): Done => {
    const { arm, kind, params, seesFuture } = job.setting
    const { total, services, blocks } = result
    const own = { dataset: job.plan.name, arm, kind, setting: indexOf.get(job.setting) ?? 0 }
    const run = { ...own, params, seed: job.seed, seesFuture, total, services, blocks }
    return { run, result, job }
  })
  const courses: Record<string, Record<string, Course>> = {}
  const datasets = [...Map.groupBy(all, ({ run }) => run.dataset)].map(([dataset, own]) => {
    const frontiers = frontiersOf(own, atViolation)
    courses[dataset] = coursesOf(own, frontiers)
    const random = seededRandom('bootstrap', name, dataset)
    const byArm = settingsByArm(own.map(({ run }) => run))
    const ours = byArm.get(reference) ?? []
    const comparisons = [...byArm]
      .filter(([arm]) => arm !== reference)
      .map(([arm, theirs]) => ({
        ours: reference,
        theirs: arm,
        ...compareFrontiers(ours, theirs, random, { atViolation, draws, level }),
      }))
    const { synthetic, costBudgetPerHour, provenance: data } = own[0]!.result
    const scenarioHash = scenarioHashOf(own)
    return { dataset, synthetic, costBudgetPerHour, data, scenarioHash, frontiers, comparisons }
  })
  const results: Results = {
    ...{ format: FORMAT, name, description, configHash: hashOf({ config, arms }), provenance },
    ...{ atViolation, draws, level, reference, datasets, runs: all.map(({ run }) => run) },
  }
  return { results, courses }
}

/** The blocks of all seeds side by side: the bootstrap draws over time and seeds at once. */
export function settingsByArm(runs: readonly Run[]): Map<string, FrontierSetting[]> {
  const byArm = Map.groupBy(runs, ({ arm }) => arm)
  return new Map(
    [...byArm].map(([arm, own]) => {
      const bySetting = Map.groupBy(own, ({ setting }) => setting)
      const settings = [...bySetting].map(([setting, seeds]) => ({
        label: `${arm} #${setting}`,
        blocks: seeds.toSorted((a, b) => a.seed - b.seed).flatMap(({ blocks }) => blocks),
      }))
      return [arm, settings]
    }),
  )
}

function frontiersOf(own: readonly Done[], atViolation: number): Frontier[] {
  const runs = own.map(({ run }) => run)
  return [...settingsByArm(runs)].map(([arm, settings]) => {
    const points = settings.map(({ blocks }, setting) => ({ ...pointOf(blocks), setting }))
    const front = new Set(paretoFront(points))
    const good = points.filter(({ violationRatio }) => violationRatio <= atViolation)
    const cheapest = good.toSorted((a, b) => a.cost - b.cost)[0]
    const safest = points.toSorted(
      (a, b) => a.violationRatio - b.violationRatio || a.cost - b.cost,
    )[0]
    return {
      arm,
      seesFuture: runs.some((run) => run.arm === arm && run.seesFuture),
      points: points.map((point) => ({ ...point, onFront: front.has(point) })),
      best: (cheapest ?? safest)!.setting,
    }
  })
}

function coursesOf(own: readonly Done[], frontiers: readonly Frontier[]): Record<string, Course> {
  return Object.fromEntries(
    frontiers.flatMap(({ arm, best }) => {
      const found = own.find(({ run }) => run.arm === arm && run.setting === best)
      return found ? [[arm, found.result.course]] : []
    }),
  )
}

function scenarioHashOf(own: readonly Done[]): string {
  const { plan, blockHours } = own[0]!.job
  const seeds = [...new Set(own.map(({ job }) => job.seed))].sort((a, b) => a - b)
  const sums = own[0]!.result.provenance.map(({ sha256 }) => sha256 ?? null)
  return hashOf({ plan, blockHours, seeds, sums })
}

/** JSON has no infinity, and a cost that is never reached is one. */
export function toJson(results: unknown): string {
  const shown = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
  return `${JSON.stringify(results, shown, 1)}\n`
}

const Head = z.looseObject({ format: z.literal(FORMAT), name: z.string() })

/** Throws a ZodError for a file of another format, a SyntaxError for none at all. */
export function fromJson(text: string): Results {
  const unshown = (_: string, value: unknown) =>
    value === 'Infinity' || value === 'NaN' ? Number(value) : value
  const value: unknown = JSON.parse(text, unshown)
  Head.parse(value)
  return value as Results
}
