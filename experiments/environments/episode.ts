/**
 * What all environments have in common, as Gymnasium's functional interface has it (gymnasium/experimental/functional.py):
 * `initial`, `transition`, `observe`, `rewardParts`, `ended`. A state is a value and is not written to, but for its
 * plant, which goes one way: after `transition` only the new state may be used.
 */
import { seededRandom } from '../../datasets/random.ts'
import type { Scraped } from '../controllers/controller.ts'
import type { Measured, Plant } from '../simulator/plant.ts'
import { createScrape, type ScrapeOf } from '../simulator/scrape.ts'
import type { Info } from './environment.ts'
import { type Prepared, scenarioAt } from './prepare.ts'

const SEEDS = 2 ** 32

export interface EpisodeState {
  /** Step of the load at which the episode began, and ticks since then. */
  readonly start: number
  readonly tick: number
  /** Last asked for, one count a service. */
  readonly requested: readonly number[]
  /** Of the last interval; undefined at the beginning. */
  readonly measured: readonly Measured[] | undefined
  readonly scraped: readonly Scraped[]
  /** $ since the beginning. */
  readonly spent: number
  readonly plant: Plant
  readonly scrape: ScrapeOf
}

/** An episode at `start`, or where chance will have it. */
export function initial(prepared: Prepared, random: () => number, start?: number): EpisodeState {
  const { firstStart, lastStart } = prepared
  const begins = start ?? firstStart + Math.floor(random() * (lastStart - firstStart + 1))
  const seed = Math.floor(random() * SEEDS)
  const scenario = scenarioAt(prepared, begins, seed)
  const plant = prepared.createPlant(scenario, { random: (name) => seededRandom(seed, name) })
  const scrape = createScrape(scenario, seededRandom(seed, 'scrape'))
  const replicas = plant.replicas()
  return {
    start: begins,
    tick: 0,
    requested: replicas.map(({ requested }) => requested),
    measured: undefined,
    scraped: scrape(scenario.startMs, undefined, replicas),
    spent: 0,
    plant,
    scrape,
  }
}

/** One interval later, `requested[i]` replicas having been asked of service i at its beginning. */
export function transition(
  prepared: Prepared,
  state: EpisodeState,
  requested: readonly number[],
): EpisodeState {
  const { plant, scrape } = state
  const measured = plant.advance(requested)
  const tick = state.tick + 1
  let { spent } = state
  for (const { cost } of measured) spent += cost
  const next = { ...state, tick, requested, measured, spent }
  return { ...next, scraped: scrape(atMs(prepared, next), measured, plant.replicas()) }
}

export function atMs(
  { startMs, stepMs, tickMs }: Prepared,
  { start, tick }: Pick<EpisodeState, 'start' | 'tick'>,
): number {
  return startMs + start * stepMs + tick * tickMs
}

/** The step of the load in which the next decision falls. */
export function stepOf(
  { stepMs, tickMs }: Prepared,
  { start, tick }: Pick<EpisodeState, 'start' | 'tick'>,
): number {
  return start + Math.floor((tick * tickMs) / stepMs)
}

export function ended({ config }: Prepared, { tick }: Pick<EpisodeState, 'tick'>): boolean {
  return tick >= config.episodeTicks
}

/** What really happened to service i, where its observation may be late and noisy. All zero before the first interval. */
export function infoOf(prepared: Prepared, state: EpisodeState, i: number): Info {
  const measured = state.measured?.[i]
  const { ready, starting, terminating } = state.plant.replicas()[i]!
  return {
    atMs: atMs(prepared, state),
    start: state.start,
    tick: state.tick,
    requested: state.requested[i]!,
    ready,
    starting,
    terminating,
    arrivals: measured?.arrivals ?? 0,
    violations: measured?.violations ?? 0,
    failures: measured?.failures ?? 0,
    cost: measured?.cost ?? 0,
  }
}
