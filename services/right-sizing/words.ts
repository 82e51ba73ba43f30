/** A recommendation as a person reads it: why, and the lines for the configuration. Pure. */
import type { TierEstimate } from './view.ts'

const dollars = (value: number): string =>
  value >= 1 ? value.toFixed(2) : value.toPrecision(2).replace(/\.?0+$/, '')
const rounded = (value: number): number => Number(value.toPrecision(3))

export interface WhyInput {
  readonly present: TierEstimate | undefined
  readonly best: TierEstimate | undefined
  readonly windowDays: number
  readonly historyDays: number
  readonly neededDays: number
  readonly isDue: boolean
}

export function whyOf(input: WhyInput): string {
  const { present, best, windowDays, historyDays, neededDays, isDue } = input
  if (!present || !best)
    return `${historyDays} of ${neededDays} days of history are there: nothing is said before`
  const days = `over the next ${windowDays} days`
  const range = ({ lower, upper }: TierEstimate) =>
    lower === upper ? `${lower}` : `${lower} to ${upper}`
  if (best.tier === present.tier)
    return `${present.tier} costs least ${days}: ${dollars(present.costPerHour)} $/h with ${range(present)} replicas`
  const saved = present.scorePerHour - best.scorePerHour
  const share = Math.round((100 * saved) / present.scorePerHour)
  const violations =
    best.violationsRps <= present.violationsRps
      ? 'no more violations'
      : `${rounded(best.violationsRps - present.violationsRps)} more violations/s, priced in`
  const when = isDue
    ? 'staying has cost enough for the change'
    : `the change costs ${dollars(best.switchCost)} $; staying has cost ${dollars(best.regret)} $ of the ${dollars(best.dueAt)} $ that are waited for`
  return `${best.tier} would cost ${dollars(best.costPerHour)} $/h instead of ${dollars(present.costPerHour)} ${days} (${share} % less, ${violations}), with ${range(best)} replicas instead of ${range(present)}; ${when}`
}

export interface Bounds {
  readonly minReplicas: number
  readonly maxReplicas: number
}

/** Lines that put the service on the tier for good; bounds are counts, so they are those of that tier. */
export function yamlOf(
  service: string,
  { tier, capacityPerReplica }: TierEstimate,
  { minReplicas, maxReplicas }: Bounds,
): string {
  return [
    'services:',
    `  ${service}:`,
    `    tier: ${tier}`,
    `    capacityPerReplica: ${rounded(capacityPerReplica)}`,
    `    minReplicas: ${minReplicas}`,
    `    maxReplicas: ${maxReplicas}`,
    '',
  ].join('\n')
}
