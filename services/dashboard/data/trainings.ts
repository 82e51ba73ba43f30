/** Trainings as the page knows them: whole ones as they were asked for, and rounds as the stream brings them. */
import type { TrainingChange, TrainingView } from '../../trainings/training.ts'

/** Ones that are shown. */
export const TRAININGS_MAX = 3

export interface SeenTrainings {
  /** Newest first. */
  readonly shown: readonly TrainingView[]
  /** How often something was told that only asking again makes whole. */
  readonly gaps: number
}

export const NO_TRAININGS: SeenTrainings = { shown: [], gaps: 0 }

export function layInTrainings(
  { gaps }: SeenTrainings,
  items: readonly TrainingView[],
): SeenTrainings {
  return { shown: items.slice(0, TRAININGS_MAX), gaps }
}

export function withChange(
  { shown, gaps }: SeenTrainings,
  { training, round }: TrainingChange,
): SeenTrainings {
  const known = shown.find(({ number }) => number === training.number)
  if (!known) return { shown, gaps: gaps + 1 }
  let isWhole = true
  const curves = known.curves.map((curve) => {
    if (round === null || curve.folder !== round.folder) return curve
    if (curve.rounds.some((one) => one.round === round.round.round)) return curve
    isWhole &&= round.round.round === curve.rounds.length + 1
    return { ...curve, rounds: [...curve.rounds, round.round] }
  })
  const next = { ...known, ...training, curves }
  return {
    shown: shown.map((one) => (one === known ? next : one)),
    gaps: isWhole ? gaps : gaps + 1,
  }
}
