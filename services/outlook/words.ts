/** The outlook in sentences, each with its probability; no figure that was not worked out. */
import type { OutlookRisk, OutlookView } from './view.ts'

const REAL_DAY_MS = 86_400_000

/** `Mon 14 Dec`; of compressed days the instant at which one begins. */
export function dayName(startMs: number, dayMs: number): string {
  const at = new Date(startMs)
  if (dayMs < REAL_DAY_MS) return at.toISOString().slice(11, 19)
  return at.toLocaleDateString('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  })
}

export const dollars = (value: number): string => value.toFixed(2)

export function sentenceOf(
  risk: Omit<OutlookRisk, 'sentence'>,
  { dayMs, endMs }: { dayMs: number; endMs: number },
): string {
  const { bound, service, firstDayMs, probability, probabilityByEnd, lasting, limit } = risk
  const when = `${lasting ? 'from' : 'on'} ${dayName(firstDayMs, dayMs)}${lasting ? ' on' : ''}`
  const last = dayName(endMs - dayMs, dayMs)
  const chance = `P = ${probability.toFixed(2)}, ${probabilityByEnd.toFixed(2)} by ${last}`
  if (bound === 'budget') {
    const raise = `${dollars(risk.wouldCarry)} $/h would`
    return `the budget of ${dollars(limit)} $/h will not carry ${service ?? 'all services'} ${when} (${chance}); ${raise}`
  }
  return `maxReplicas ${limit} will not carry ${service} ${when} (${chance}); ${risk.wouldCarry} would`
}

/** All that an outlook has to say: its risks, and of whom nothing can be said yet. */
export function sentencesOf({
  days,
  risks,
  services,
}: Pick<OutlookView, 'days' | 'risks' | 'services'>): string[] {
  return [
    ...risks.map((risk) => risk.sentence),
    ...services
      .filter(({ demand }) => demand === null)
      .map(
        ({ service, historyDays, neededDays }) =>
          `no outlook over ${days} days for ${service} yet: ${historyDays} of ${neededDays} days of history are there`,
      ),
  ]
}
