/** What can move a service's count, and the words for it. */

/** Inputs of the service itself. */
export const OWN_PARTS = [
  'load',
  'forecast',
  'spread',
  'capacity',
  'alarm',
  'running',
  'settings',
] as const
export type OwnPart = (typeof OWN_PARTS)[number]

export const PARTS = [...OWN_PARTS, 'money'] as const
export type Part = (typeof PARTS)[number]

export const PART_WORDS: Readonly<Record<Part, string>> = {
  load: 'the load now',
  forecast: 'the middle of the forecast',
  spread: 'how uncertain the forecast is',
  capacity: 'what one replica carries',
  alarm: 'a load that left its forecast',
  running: 'what runs already, and limits on change',
  settings: 'declaration, mode or policy',
  money: 'the budget and the other services',
}
