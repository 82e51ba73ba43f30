/** Figures and sentences of a report, the same on a terminal and in the page. */
import type { Estimate, Figure } from './compare-days.ts'
import type { Scope, WhatifDocument } from './document.ts'

const TITLES: Readonly<Record<Figure, string>> = {
  cost: 'cost, $ a day',
  'replica-hours': 'replica-hours a day',
  shortage: 'shortage, minutes a day',
  violations: 'outside the SLO, %',
  events: 'scaling events a day',
}

export interface FigureRow {
  readonly title: string
  readonly before: string | null
  readonly present: string
  readonly forescale: string
  /** Forescale against the present rule, in percent where it can be, with its interval. */
  readonly difference: string
  /** The present rule against the baseline. */
  readonly edit: string | null
}

export function rowsOf(scope: Scope): FigureRow[] {
  const { present, forescale, baseline, forescaleVersusPresent, presentVersusBaseline } = scope
  return (Object.keys(TITLES) as Figure[]).map((figure) => {
    const scale = figure === 'violations' ? 100 : 1
    const change = (compared: Scope['forescaleVersusPresent']): string => {
      const ratio = compared.ratio[figure]
      const isRatio = ratio !== null && figure !== 'violations'
      const estimate = isRatio ? ratio : compared.difference[figure]
      return signed(estimate, isRatio ? 100 : scale, isRatio ? ' %' : '')
    }
    return {
      title: TITLES[figure],
      before: baseline && withInterval(baseline[figure], scale),
      present: withInterval(present[figure], scale),
      forescale: withInterval(forescale[figure], scale),
      difference: change(forescaleVersusPresent),
      edit: presentVersusBaseline && change(presentVersusBaseline),
    }
  })
}

function withInterval({ value, low, high }: Estimate, scale = 1): string {
  return `${digits(scale * value)} [${digits(scale * low)}, ${digits(scale * high)}]`
}

function signed({ value, low, high }: Estimate, scale: number, unit: string): string {
  const text = (x: number) => `${x > 0 ? '+' : ''}${digits(scale * x)}`
  return `${text(value)}${unit} [${text(low)}, ${text(high)}]`
}

/** Three digits, and never an exponent that nobody reads. */
export function digits(value: number): string {
  if (value === 0 || Math.abs(value) < 5e-7) return '0'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.001 ? 4 : 6)
}

const percent = (share: number): string => `${digits(100 * share)} %`

export function spanOf({ replay, seed }: WhatifDocument): string {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
  const { fromMs, toMs, replayDays, learningDays, stepMs, tickMs } = replay
  return (
    `${replayDays} days replayed, ${day(fromMs)} to ${day(toMs)} UTC; learned from the ${digits(learningDays)} days before. ` +
    `Simulated: a load every ${stepMs / 1000} s, a decision every ${tickMs / 1000} s, seed ${seed}. ` +
    'In brackets 95 % intervals, by drawing whole days again, the same for both.'
  )
}

/** Where the difference comes from: another target anybody can have; only what is beyond it is Forescale's. */
export function savingLines({ service, saving }: Scope): string[] {
  const { targets, isAsGood, byTarget, beyondTarget, isConstantLoad } = saving
  const tuned = [...new Set(targets)].join(', ').replace('present rule', 'the targets that it has')
  const dollars = ({ difference }: Scope['forescaleVersusPresent']) =>
    signed(difference.cost, 1, ' $ a day')
  return [
    ...(isConstantLoad
      ? ['Constant load: there is nothing to foresee; a difference of cost is another target.']
      : []),
    `${service ?? 'In total'}: the best targets for your own rule (${tuned}; ${isAsGood ? 'no more violations than under Forescale' : 'which still violate more than Forescale'}, chosen knowing these days) make ${dollars(byTarget)}.`,
    `Forescale beyond that: ${dollars(beyondTarget)}.`,
  ]
}

export function sloLine({ missedSlo }: WhatifDocument): string {
  const missed = (who: string, services: readonly string[]) =>
    `${who} ${services.length === 0 ? 'kept every SLO' : `missed the SLO of ${services.join(', ')}`}`
  return `${missed('The present rule', missedSlo.present)}; ${missed('Forescale', missedSlo.forescale)}.`
}

export function budgetLines({ budget }: WhatifDocument): string[] {
  if (budget === null) return []
  const { least, tried, presentPeakPerHour } = budget
  const now = `The present rule spends $${presentPeakPerHour.toFixed(2)}/h at its peak.`
  const top = tried.at(-1)!
  if (least === null)
    return [
      `No budget would have met every SLO: without any limit Forescale spends $${top.perHour.toFixed(2)}/h at its peak and misses ${top.missed.join(', ')}.`,
      now,
    ]
  const below = tried.findLast(({ perHour }) => perHour < least)
  const not =
    below === undefined
      ? ''
      : ` With $${below.perHour.toFixed(2)}/h it missed ${below.missed.join(', ')}.`
  return [`A budget of $${least.toFixed(2)}/h would have met every SLO under Forescale.${not}`, now]
}

export function deadBandLines({ deadBands }: WhatifDocument): string[] {
  return deadBands.flatMap((band) => {
    const { service, toleranceUp, toleranceDown, steps, decisions, forescale } = band
    const both =
      toleranceUp === toleranceDown
        ? percent(toleranceUp)
        : `${percent(toleranceUp)} up, ${percent(toleranceDown)} down`
    const smallest = steps
      .map(({ replicas, up, down }) => `at ${replicas}: +${up}${down === null ? '' : ` −${down}`}`)
      .join(', ')
    const swallowed = band.swallowedUp + band.swallowedDown
    return [
      `${service}: tolerance ${both}. Your rule wanted another count in ${percent(swallowed / Math.max(1, decisions))} of its decisions and the tolerance held it ` +
        `(${band.swallowedUp} up, ${band.swallowedDown} down, ${digits(band.idleReplicaHours)} replica-hours kept).`,
      `${service}: a metric "desired replicas" with target 1 is carried out in steps of at least ${smallest}; ` +
        `of Forescale's ${forescale.changes} changes this HPA would swallow ${forescale.swallowed}, and be short of up to ${forescale.mostMissing} replicas.`,
    ]
  })
}

export const DEAD_BAND_REMEDY =
  'Ways out: behavior.scaleUp/scaleDown.tolerance 0 (feature HPAConfigurableTolerance), publish load instead of replicas, a higher minReplicas, or write /scale.'

export function assumptionLines({ assumptions }: WhatifDocument): string[] {
  return assumptions.flatMap((one) => [
    `${one.service}: ${one.manifest.kind} ${one.manifest.namespace}/${one.manifest.name}, ${one.manifest.minReplicas} to ${one.manifest.maxReplicas} replicas at $${one.pricePerReplicaHour}/h, ` +
      `ready after ${one.startupSeconds} s; a replica serves ${one.concurrency} requests at once, ${digits(one.serviceSeconds)} s each, ${digits(one.capacity)} requests/s at most, ` +
      `${digits(one.capacityWithinSlo)} within the SLO (${percent(one.objective)} within ${one.sloSeconds} s; a load test in the simulator, at most 80 %).`,
    ...one.metrics.map(({ label, target, follows }) => {
      const aim =
        'percent' in target ? `${target.percent} %` : `${target.type} ${target.milli / 1000}`
      const what =
        typeof follows === 'string'
          ? `CPU, ${one.utilizationAtCapacity} % of its request at full load`
          : `${follows.kind}${follows.factor === 1 ? '' : ` × ${follows.factor}`}${follows.guessed ? ', guessed by its name (--signal declares it)' : ''}`
      return `${one.service}: ${label}, target ${aim}, follows ${what}.`
    }),
  ])
}
