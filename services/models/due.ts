/**
 * When a series is fitted anew, and why: at once when it has no model, when somebody asks, or when the forecast settings
 * changed; as soon as the load keeps leaving its forecast or its errors change, but not more often than a quarter of its
 * season; while its history is young each time it has grown by a quarter; later every `refitMs`. One contest at a time: a
 * challenger finishes before the next is fitted, unless it learned before the load changed.
 */
import { createHash } from 'node:crypto'
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { Contenders } from './contenders.ts'
import type { TrainingReason } from './model-version.ts'

const GROWTH = 0.25
const FIRST_STEPS = 5
/** Without a season, a series whose load changed rests so many steps between refits. */
const REST_STEPS = 20
const HASH_LENGTH = 12

export interface Due {
  readonly reason: TrainingReason
  readonly detail: string
}

/** `loadAtMs`: end of the newest step with a load, NaN before any. */
export function refitDue(
  contenders: Contenders,
  loadAtMs: number,
  nowMs: number,
  config: ForecastConfig,
  stepMs: number,
): Due | undefined {
  if (Number.isNaN(loadAtMs)) return undefined
  const { champion, challenger, lastFit, retrain } = contenders
  if (retrain) return { reason: 'manual', detail: `${retrain.actor}: ${retrain.why}` }
  if (!champion || !lastFit) return { reason: 'first', detail: '' }
  if (lastFit.configHash !== fitConfigHash(config, stepMs)) return { reason: 'config', detail: '' }
  const ageMs = nowMs - lastFit.atMs
  const season = champion.state.seasons[0]
  const restMs = (season === undefined ? REST_STEPS : season / 4) * stepMs
  const changed = changeOf(contenders)
  if (changed) return ageMs >= restMs ? changed : undefined
  if (challenger) return undefined
  const grownMs = Math.max(GROWTH * lastFit.spanMs, FIRST_STEPS * stepMs)
  if (ageMs < Math.min(config.refitMs, grownMs)) return undefined
  return { reason: grownMs < config.refitMs ? 'grown' : 'scheduled', detail: '' }
}

/** What changed that no contender has learned from. */
function changeOf({ champion, challenger, changepoint }: Contenders): Due | undefined {
  const learned = challenger?.version.reason
  if (learned === 'drift' || learned === 'changepoint') return undefined
  if (champion?.state.drifting)
    return { reason: 'drift', detail: 'the load keeps leaving the 99 % band' }
  if (!changepoint) return undefined
  const at = new Date(changepoint.atMs).toISOString()
  return { reason: 'changepoint', detail: `${CHANGE_WORDS[changepoint.change]} since ${at}` }
}

const CHANGE_WORDS = {
  'level-up': 'more load than was foreseen',
  'level-down': 'less load than was foreseen',
  spread: 'larger errors than before',
} as const

/** Asked at every tick for every service, of a configuration that seldom changes. */
const known = new WeakMap<ForecastConfig, Map<number, string>>()

/** Of the settings that a fit depends on. */
export function fitConfigHash(config: ForecastConfig, stepMs: number): string {
  const byStep = known.get(config) ?? new Map<number, string>()
  known.set(config, byStep)
  const hash = byStep.get(stepMs) ?? hashOf(config, stepMs)
  byStep.set(stepMs, hash)
  return hash
}

function hashOf(config: ForecastConfig, stepMs: number): string {
  const { lifecycle: _, refitMs: __, expirySteps: ___, ...fitted } = config
  const text = JSON.stringify([stepMs, fitted])
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH)
}
