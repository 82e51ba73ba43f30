/**
 * How good a policy is on loads that it did not learn from: every load at every objective, greedily, beside what the
 * predictive policy makes of the same, and beside the best that it makes of it at any objective of its own sweep: who is
 * better than that is beyond the predictive policy's frontier of cost against violations, and not only elsewhere on it.
 */

import type { Tapes } from '../../controllers/forescale/models.ts'
import { OBJECTIVES } from '../../controllers/forescale/params.ts'
import type { TrainingConfig } from './config.ts'
import type { TrainingLoad } from './loads.ts'
import { createServiceRun } from './service-run.ts'
import { stretchOf } from './services.ts'
import { tickValue, type Worth, worthOf } from './value.ts'

/** Actions [rows] for observations [rows][features]. */
export type Act = (observations: Float32Array, rows: number) => Float32Array

/** Means over ticks; `plain`: of the predictive policy. */
export interface Judged {
  readonly load: string
  readonly objective: number
  /** As the learner is paid: by how much better than plain. */
  readonly reward: number
  /** By how much its cost and violations together, priced, are less than those of the best plain point; a share of that. */
  readonly gain: number
  /** The same of the predictive policy at this objective: 0 where that is its own best. */
  readonly plainGain: number
  readonly own: Worth
  readonly plain: Worth
}

export interface Judgement {
  readonly each: readonly Judged[]
  /** Means over `each`. */
  readonly reward: number
  readonly gain: number
  readonly plainGain: number
  /** Cost beside the predictive policy's, geometric mean. */
  readonly costRatio: number
  /** Share of violating requests, and the predictive policy's. */
  readonly violations: number
  readonly plainViolations: number
}

export interface Judge {
  judge(act: Act): Judgement
}

export interface JudgeDeps {
  readonly config: TrainingConfig
  readonly loads: readonly TrainingLoad[]
  readonly tapes: Tapes
}

export function createJudge({ config, loads, tapes }: JudgeDeps): Judge {
  const { features, objectives, actions } = config
  const cases = loads.flatMap((load) => objectives.map((objective) => ({ load, objective })))
  const play = (act: Act): Worth[] => {
    const rows = cases.map((one) => ({ ...one, run: createServiceRun({ config, ...one, tapes }) }))
    const sums = cases.map(() => ({ cost: 0, violations: 0 }))
    const observations = new Float32Array(rows.length * features.length)
    const ticks = Math.min(...rows.map(({ run }) => run.ticks))
    for (let tick = 0; tick < ticks; tick++) {
      rows.forEach(({ run }, i) => {
        run.write(features, observations, i * features.length)
      })
      const chosen = act(observations, rows.length)
      rows.forEach(({ run, load }, i) => {
        const worth = worthOf(load, run.advance(stretchOf(actions, chosen[i]!)))
        sums[i]!.cost += worth.cost / ticks
        sums[i]!.violations += worth.violations / ticks
      })
    }
    return sums
  }
  const swept = [...new Set([...objectives, ...OBJECTIVES])]
  let plain: ReadonlyMap<TrainingLoad, ReadonlyMap<number, Worth>> | undefined
  return {
    judge(act) {
      plain ??= new Map(loads.map((load) => [load, playPlain({ config, load, tapes }, swept)]))
      const own = play(act)
      const each = cases.map(({ load, objective }, i): Judged => {
        const front = plain!.get(load)!
        const at = front.get(objective)!
        const value = tickValue(config, objective, own[i]!)
        const plainValue = tickValue(config, objective, at)
        const best = Math.max(...swept.map((o) => tickValue(config, objective, front.get(o)!)))
        return {
          ...{ load: load.name, objective, own: own[i]!, plain: at },
          reward: shareBetter(value, plainValue),
          plainGain: shareBetter(plainValue, best),
          gain: shareBetter(value, best),
        }
      })
      return { each, ...meansOf(each) }
    },
  }
}

/** Values are below 0. */
const shareBetter = (value: number, than: number): number => (value - than) / -than

type PlainInput = Omit<JudgeDeps, 'loads'> & { readonly load: TrainingLoad }

/** The predictive policy's means, by objective. */
function playPlain(
  { config, load, tapes }: PlainInput,
  objectives: readonly number[],
): Map<number, Worth> {
  const play = (objective: number): Worth => {
    const run = createServiceRun({ config, load, objective, tapes })
    const sum = { cost: 0, violations: 0 }
    while (run.tick() < run.ticks) {
      const worth = worthOf(load, run.advance(1))
      sum.cost += worth.cost / run.ticks
      sum.violations += worth.violations / run.ticks
    }
    return sum
  }
  return new Map(objectives.map((objective) => [objective, play(objective)]))
}

/** Over all, or over those of one objective. */
export function meansOf(each: readonly Judged[]): Omit<Judgement, 'each'> {
  const mean = (figure: (one: Judged) => number) =>
    each.reduce((sum, one) => sum + figure(one), 0) / each.length
  return {
    reward: mean(({ reward }) => reward),
    gain: mean(({ gain }) => gain),
    plainGain: mean(({ plainGain }) => plainGain),
    costRatio: Math.exp(mean(({ own, plain }) => Math.log(own.cost / plain.cost))),
    violations: mean(({ own }) => own.violations),
    plainViolations: mean(({ plain }) => plain.violations),
  }
}
