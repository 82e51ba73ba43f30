/**
 * The same wave for a week or two, then another world: the level jumps and the peak moves to another hour, as after a
 * launch, a moved customer or a new caller. Low and high regimes take turns. Synthetic.
 */
import { hashUnit } from '../random.ts'
import { type DayShape, smoothStep, wander } from './shape.ts'

export const REGIME_DAYS = 10
/** A change is done in half an hour. */
const CHANGE = 0.02
const LOW = { least: 0.2, more: 0.1 }
const HIGH = { least: 0.6, more: 0.15 }
const SWING = 0.35

/** The day, counted from day 0, at which regime 1 begins: none of the first ten days is lost to a change at once. */
export function firstChange(service: string, seed: number): number {
  return 5 + Math.floor(5 * hashUnit('regime-first', seed, service)) + 0.4
}

export const regimeChange: DayShape = (moment) => {
  const { service, seed, dayIndex, dayFraction } = moment
  const at = (dayIndex + dayFraction - firstChange(service, seed)) / REGIME_DAYS + 1
  const regime = Math.floor(at)
  const levelOf = (k: number): number => {
    const { least, more } = k % 2 === 0 ? LOW : HIGH
    const peakAt = 0.35 + 0.4 * hashUnit('regime-peak', seed, service, k)
    const level = least + more * hashUnit('regime-level', seed, service, k)
    return level * (1 + SWING * Math.cos(2 * Math.PI * (dayFraction - peakAt)))
  }
  const part = smoothStep(((at - regime) * REGIME_DAYS) / CHANGE)
  const level = levelOf(regime - 1) + (levelOf(regime) - levelOf(regime - 1)) * part
  return level * (1 + 0.04 * wander(moment, 'regime-hour', 24))
}
