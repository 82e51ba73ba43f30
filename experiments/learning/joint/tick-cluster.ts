/**
 * Copies of one budgeted episode under Forescale's own tick (tick-run.ts) as a cluster: what was learned here acts in the
 * product as it is, by the same features and the same stretch of the demand. Nobody is above the services but the arbiter,
 * whose shadow price settles who gets the money.
 */
import { stretchBy } from '../../../agents/policies/learned/act.ts'
import { seededRandom } from '../../../datasets/random.ts'
import { createTapes } from '../../controllers/forescale/models.ts'
import { ForescaleParams } from '../../controllers/forescale/params.ts'
import type { Prepared } from '../../environments/prepare.ts'
import {
  type Cluster,
  type ClusterOptions,
  type ClusterSeen,
  type ClusterShape,
  drawStart,
} from './cluster.ts'
import { REACH } from './stretch-actions.ts'
import { createTickRun, TICK_FEATURES, type TickRun } from './tick-run.ts'

export interface TickSetting {
  /** Share of requests that must be good, of all services; their own is not looked at. */
  readonly objective: number
  /** Models that forecast; the forecaster's default when absent. */
  readonly models?: ForescaleParams['models']
}

export interface TickClusterOptions extends ClusterOptions, TickSetting {
  /** So many starts and no more, evenly apart: forecasts are fitted once a start. Absent: any. */
  readonly starts?: number
}

/** Kept for the whole process: whoever comes later to the same start finds its forecasts. */
const TAPES = createTapes(Number.POSITIVE_INFINITY)

interface Copy {
  run: TickRun
  twin: TickRun | undefined
}

/** As `createCluster`, of environments without an upper agent. */
export function createTickCluster(
  variants: readonly Prepared[],
  options: TickClusterOptions,
): Cluster {
  const { copies, objective, models, isPaired = false, scales = [] } = options
  const params = ForescaleParams.parse({ policy: 'learned', objective, models })
  const services = variants[0]!.services.length
  const shape: ClusterShape = {
    ...{ copies, services, lowerSize: TICK_FEATURES },
    ...{ upperSize: 0, upperActionSize: 0, everyTicks: 0 },
  }
  const width = services * TICK_FEATURES
  const plain = new Float64Array(services).fill(1)
  let starts: (() => number)[] = []
  let chances: (() => number)[] = []
  let all: Copy[] = []

  const begin = (i: number): Copy => {
    const prepared = variants[i % variants.length]!
    const start = startOf(prepared, options, starts[i]!)
    const chance = chances[i]!
    const drawn = chance()
    // the twin has the same chance
    const create = () =>
      createTickRun({ prepared, start, random: () => drawn, params, tapes: TAPES })
    return { run: create(), twin: isPaired ? create() : undefined }
  }
  const see = (): ClusterSeen => {
    const lower = new Float32Array(copies * width)
    all.forEach(({ run }, i) => {
      run.write(lower, i * width)
    })
    return { lower, upper: new Float32Array(0) }
  }

  return {
    ...shape,
    reset(seed) {
      const indices = Array.from({ length: copies }, (_, i) => i)
      starts = indices.map((i) => seededRandom(seed, 'cluster', i))
      chances = indices.map((i) => seededRandom(seed + i, 'environment'))
      all = indices.map(begin)
      return see()
    },
    step(lowerActions) {
      const lowerRewards = new Float64Array(copies * services)
      const truncated = new Uint8Array(copies)
      const final = new Float32Array(copies * width)
      const infos = all.map(({ run, twin }, i) => {
        const said = lowerActions.subarray(i * services, (i + 1) * services)
        const paid = run.advance(Float64Array.from(said, stretchOf))
        const besides = twin?.advance(plain).rewards
        const scale = scales[i % variants.length] ?? 1
        paid.rewards.forEach((reward, s) => {
          lowerRewards[i * services + s] = (reward - (besides?.[s] ?? 0)) / scale
        })
        if (run.isOver()) {
          truncated[i] = 1
          run.write(final, i * width)
          all[i] = begin(i)
        }
        return paid.infos
      })
      const upperRewards = new Float64Array(copies)
      const none = new Float32Array(0)
      return {
        ...see(),
        ...{ lowerRewards, upperRewards, truncated, infos },
        final: { lower: final, upper: none },
      }
    },
  }
}

const stretchOf = (action: number): number =>
  stretchBy({ kind: 'continuous', reach: REACH }, action)

function startOf(
  prepared: Prepared,
  { part, starts }: TickClusterOptions,
  random: () => number,
): number {
  if (starts === undefined) return drawStart(prepared, part, random)
  const place = Math.floor(random() * starts)
  return drawStart(prepared, part, () => place / starts)
}
