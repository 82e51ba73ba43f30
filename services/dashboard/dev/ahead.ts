/** TEST-ONLY: alerts and outlook of the synthetic fleet, in the shapes of the API. */
import type { Alert } from '../../alerts/alert.ts'
import { alert as example } from '../../http/examples-alerts.ts'
import { resourceAdvice } from '../../http/examples-kubernetes.ts'
import { rightSizing as sizes } from '../../http/examples-right-sizing.ts'
import type { AdvisedWorkload, ResourceAdvice } from '../../kubernetes/resources/view.ts'
import type { OutlookView } from '../../outlook/view.ts'
import { sentenceOf, sentencesOf } from '../../outlook/words.ts'
import type { RightSizingView } from '../../right-sizing/view.ts'
import type { World } from './world.ts'

const DAY_MS = 86_400_000
const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]

export function alertsOf({ options: { names, epochMs } }: World): Alert[] {
  const [first = '', second = first] = names
  return [
    {
      ...example,
      id: 'drift',
      key: `forecast-drifting/${second}`,
      kind: 'forecast-drifting',
      severity: 'warning',
      service: second,
      summary: `${second}: its load has kept leaving the forecast for 31 min`,
      openedAtMs: epochMs - 60_000,
      updatedAtMs: epochMs - 60_000,
    },
    {
      ...example,
      id: 'spike',
      key: `anomaly/load/${first}`,
      severity: 'critical',
      service: first,
      summary: `${first}: 131 req/s, where 48.1 was forecast (99 % ≤ 71.9); 4 ready replicas carry 47.2 within the SLO`,
      openedAtMs: epochMs - 120_000,
      updatedAtMs: epochMs - 120_000,
    },
    {
      ...example,
      id: 'silence',
      key: `anomaly/silence/${first}`,
      kind: 'silent',
      severity: 'warning',
      service: first,
      summary: `${first}: no load was measured for 4 min`,
      openedAtMs: epochMs - 400_000,
      updatedAtMs: epochMs - 300_000,
      closedAtMs: epochMs - 300_000,
    },
  ]
}

/** One service on a tier that is too large, and one on the right one. */
export function sizesOf({ options: { names } }: World): RightSizingView {
  const [first = '', second = first] = names
  const [size] = sizes.services
  const right = { ...size!, recommended: size!.tier, savingPerHour: 0, yaml: null }
  const why = 'no other tier would cost less over the next 7 days'
  return {
    ...sizes,
    services: [
      { ...size!, service: first },
      { ...right, service: second, why },
    ],
  }
}

/** Growth of 4 % a day that meets the budget in the course of the week; no history of the last service. */
export function outlookOf({ budget, options: { names } }: World, days: number): OutlookView {
  const computedAtMs = Math.floor(Date.now() / 3_600_000) * 3_600_000
  const fromMs = Math.floor(computedAtMs / DAY_MS) * DAY_MS
  const fan = (of: number) =>
    Array.from({ length: days }, (_, d) =>
      LEVELS.map((_level, i) => of * 1.04 ** d * (1 + (i - 2) * (0.04 + 0.012 * d))),
    )
  const peakCostPerHour = fan(0.9 * budget)
  const risk = peakCostPerHour.map((day) => day.filter((cost) => cost > budget).length / 5)
  const first = risk.findIndex((p) => p >= 0.5)
  const known = {
    bound: 'budget',
    service: names[0] ?? null,
    firstDayMs: fromMs + first * DAY_MS,
    probability: risk[first] ?? 0,
    probabilityByEnd: 0.97,
    lasting: true,
    limit: budget,
    wouldCarry: 1.4 * budget,
  } as const
  const endMs = fromMs + days * DAY_MS
  const risks =
    first < 0 ? [] : [{ ...known, sentence: sentenceOf(known, { dayMs: DAY_MS, endMs }) }]
  const services: OutlookView['services'] = []
  return {
    computedAtMs,
    fromMs,
    dayMs: DAY_MS,
    days,
    levels: LEVELS,
    costBudgetPerHour: budget,
    costBudgetPerDay: 24 * budget,
    fleet: { cost: fan(24 * 0.7 * budget), peakCostPerHour, risk },
    services,
    risks,
    sentences: sentencesOf({ days, risks, services }),
  }
}

export const adviceOf = (service: string): ResourceAdvice => ({
  ...resourceAdvice,
  workload: `shop/Deployment/${service}`,
})

/** Two workloads of a cluster; advice only for those that somebody asked about. */
export function advisedOf({ options: { names } }: World, asked: ReadonlySet<string>) {
  return names.slice(0, 2).map(
    (service): AdvisedWorkload => ({
      service,
      workload: `shop/Deployment/${service}`,
      advice: asked.has(service) ? adviceOf(service) : null,
    }),
  )
}
