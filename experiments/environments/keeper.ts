/** The one thing that an environment remembers: its chance and the episode that is under way. */
import { seededRandom } from '../../datasets/random.ts'
import { EnvironmentError, type ResetOptions } from './environment.ts'
import { type EpisodeState, ended, initial, transition } from './episode.ts'
import type { Prepared } from './prepare.ts'

export interface Keeper {
  /** A new episode. A seed starts the chance anew; without one it goes on. */
  begin(seed?: number, options?: ResetOptions): EpisodeState
  /** The episode under way; throws EnvironmentError before the first reset and after the end. */
  live(): EpisodeState
  advance(requested: readonly number[]): EpisodeState
  /** The last state, ended or not. */
  last(): EpisodeState
}

export function createKeeper(prepared: Prepared, seed = prepared.config.seed): Keeper {
  let random = seededRandom(seed, 'environment')
  let state: EpisodeState | undefined
  const keeper: Keeper = {
    begin(newSeed, options) {
      if (newSeed !== undefined) random = seededRandom(readSeed(newSeed), 'environment')
      state = initial(prepared, random, readStart(prepared, options))
      return state
    },
    last() {
      if (state === undefined) throw new EnvironmentError('step', 'before reset', 'reset first')
      return state
    },
    live() {
      const last = keeper.last()
      if (ended(prepared, last))
        throw new EnvironmentError('step', 'after the end of the episode', 'reset first')
      return last
    },
    advance(requested) {
      state = transition(prepared, keeper.live(), requested)
      return state
    },
  }
  return keeper
}

function readSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed
  throw new EnvironmentError('seed', seed, `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`)
}

function readStart(
  { firstStart, lastStart }: Prepared,
  { start }: ResetOptions = {},
): number | undefined {
  if (start === undefined) return undefined
  if (Number.isInteger(start) && start >= firstStart && start <= lastStart) return start
  throw new EnvironmentError(
    'options.start',
    start,
    `a whole number from ${firstStart} to ${lastStart}`,
  )
}
