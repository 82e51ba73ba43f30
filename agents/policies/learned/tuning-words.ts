/** The parts of a tuning, and the words for them; the dashboard loads nothing else of tunings. */
import type { Tuning } from './tuning.ts'

export const TUNING_PARTS = [
  'weighing',
  'stretch',
  'spread',
  'recent',
  'standingRps',
  'holdLeads',
] as const satisfies readonly (keyof Tuning)[]
export type TuningPart = (typeof TUNING_PARTS)[number]

export const TUNING_WORDS: Readonly<Record<TuningPart, string>> = {
  weighing: 'how violations are weighed against cost',
  stretch: 'the forecast, taken for more or less',
  spread: 'its band, taken for wider or narrower',
  recent: 'the newest load as the least to come',
  standingRps: 'room that is always kept',
  holdLeads: 'how long a wish is held',
}
