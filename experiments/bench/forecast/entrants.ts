/** Who takes part from our side: the default configuration, each of our models alone, and the naive forecasts. */

import type { TraceEntry } from '../../../datasets/traces/manifest.ts'
import { LEVELS, ModelKind } from '../../../forecaster/forecast.ts'
import type { TrainedNetworks } from '../../../forecaster/neural/weights.ts'
import type { Entrant } from './field.ts'
import { naiveForecast, naiveOffsets } from './naive.ts'
import { runPool } from './pool.ts'
import { type Score, scoreQuantiles } from './score.ts'
import type { Split } from './split.ts'
import type { Trace } from './trace.ts'
import type { Walk } from './walk.ts'
import type { WalkAnswer, WalkTask } from './walk-worker.ts'

export const DEFAULT = 'forescale'
const NAIVES = ['last-value', 'same-time-yesterday', 'same-time-last-week'] as const
export const YESTERDAY = NAIVES[1]

export interface Case {
  readonly entry: TraceEntry
  readonly trace: Trace
  readonly split: Split
}

export interface OursOptions {
  readonly folder: string
  readonly origins: number
  readonly refits: number
  readonly threads: number
  readonly neural: TrainedNetworks
  /** Kinds that also run alone. */
  readonly singles: readonly string[]
  readonly log: (line: string) => void
}

export interface Ours {
  readonly entrants: readonly Entrant[]
  readonly walks: ReadonlyMap<string, ReadonlyMap<string, Walk>>
  readonly errors: readonly string[]
}

export const modelKinds = (): readonly string[] =>
  ModelKind.options.filter((kind) => kind !== 'ensemble')

/** One naive forecast's quantiles at every origin of the split. */
export function naiveQuantiles(
  { trace, split }: Omit<Case, 'entry'>,
  season: number,
): Float32Array {
  const { origins, reach } = split
  const out = new Float32Array(origins.length * LEVELS.length * reach)
  origins.forEach((origin, o) => {
    const offsets = naiveOffsets(trace.values, origin, season, reach)
    const from = o * LEVELS.length * reach
    const part = out.subarray(from, from + LEVELS.length * reach)
    naiveForecast(trace.values, origin, offsets, reach, part)
  })
  return out
}

/** Where the calendar names no season that the training part holds twice, the next shorter one stands in. */
export function naiveEntrants(cases: readonly Case[]): Entrant[] {
  return NAIVES.map((model, seasons) => ({
    model,
    side: 'naive',
    scores: new Map(
      cases.map((one) => {
        const season = [1, ...one.split.seasons].slice(0, seasons + 1).at(-1)!
        const quantiles = naiveQuantiles(one, season)
        return [one.trace.id, scoreQuantiles(quantiles, one.trace.values, one.split)]
      }),
    ),
  }))
}

/** Walks every trace with the default configuration (densely too), and with each single model. */
export async function oursEntrants(cases: readonly Case[], options: OursOptions): Promise<Ours> {
  const models = [DEFAULT, ...options.singles]
  const tasks = models.flatMap((model) =>
    [...cases].sort(byWork).map((one) => ({ model, one, task: taskOf(model, one, options) })),
  )
  const scores = new Map(models.map((model) => [model, new Map<string, readonly Score[]>()]))
  const walks = new Map(models.map((model) => [model, new Map<string, Walk>()]))
  const errors: string[] = []
  await runPool<WalkTask, WalkAnswer>(
    new URL('./walk-worker.ts', import.meta.url),
    tasks.map(({ task }) => task),
    options.threads,
    (answer, task) => {
      const { model, one } = tasks.find((t) => t.task === task)!
      const name = `${model} on ${one.trace.id}`
      if ('error' in answer) {
        errors.push(`${name}: ${answer.error}`)
        options.log(`${name}: FAILED, ${answer.error.split('\n')[0]}`)
        return
      }
      walks.get(model)!.set(one.trace.id, answer.walk)
      const { quantiles, fits, fitMs } = answer.walk
      scores.get(model)!.set(one.trace.id, scoreQuantiles(quantiles, one.trace.values, one.split))
      options.log(`${name}: ${fits} fits, ${(fitMs / fits).toFixed(0)} ms each`)
    },
  )
  const entrants = models.map(
    (model): Entrant => ({
      model: model === DEFAULT ? DEFAULT : `${DEFAULT} ${model}`,
      side: model === DEFAULT ? 'ours' : 'single',
      scores: scores.get(model)!,
    }),
  )
  return { entrants, walks, errors }
}

/** Long traces first, so that the threads end together. */
const byWork = (a: Case, b: Case) => b.trace.values.length - a.trace.values.length

function taskOf(model: string, { entry }: Case, options: OursOptions): WalkTask {
  const { folder, origins, refits, neural } = options
  const config = model === DEFAULT ? {} : { models: [model] }
  return {
    folder,
    trace: entry,
    origins,
    config,
    seed: 1,
    refits,
    neural,
    dense: model === DEFAULT,
  }
}
