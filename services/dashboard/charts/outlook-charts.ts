/** Fans over days to come: what a day costs, and its dearest hour, each beside the budget. */
import type { OutlookView } from '../../outlook/view.ts'
import * as format from '../ui/format.ts'
import type { Aligned } from './table-of.ts'
import { createTimeChart, type TimeChart, type TimeView } from './time-chart.ts'

export interface FanChart {
  readonly chart: TimeChart
  /** `fan[day][level]`. */
  update(fan: readonly (readonly number[])[], budget: number, view: OutlookView, at: When): void
}

/** What the reader chose of times. */
export type When = Pick<TimeView, 'clock' | 'demo'>

export function fanChart(title: string, money: (value: number | null) => string): FanChart {
  const chart = createTimeChart({
    title,
    heightPx: 190,
    days: true,
    lines: [
      { role: 'forecast', kind: 'edge' },
      { role: 'forecast', kind: 'edge' },
      { role: 'forecast', kind: 'line', width: 1.75 },
      { role: 'forecast', kind: 'edge' },
      { role: 'forecast', kind: 'edge' },
      { role: 'slo', kind: 'line', width: 1.75, dash: [6, 4] },
    ],
    bands: [
      { upper: 4, lower: 0, fill: 'band-wide' },
      { upper: 3, lower: 1, fill: 'band-narrow' },
    ],
    entries: [
      { label: 'median', role: 'forecast', shape: 'line', text: (at) => money(at(2)) },
      {
        label: '90 of 100',
        role: 'band-wide',
        shape: 'area',
        text: (at) => `${money(at(0))}–${money(at(4))}`,
      },
      { label: 'budget', role: 'slo', shape: 'dash', text: (at) => money(at(5)) },
    ],
    tick: (value) => `$${format.tick(value)}`,
    softMax: () => 0.1,
  })
  return {
    chart,
    update(fan, budget, { fromMs, dayMs, days, computedAtMs }, { clock, demo }) {
      const toMs = fromMs + days * dayMs
      const data: Aligned = {
        x: fan.map((_, day) => fromMs + (day + 0.5) * dayMs),
        columns: [
          ...[0, 1, 2, 3, 4].map((level) => fan.map((day) => day[level] ?? null)),
          fan.map(() => budget),
        ],
      }
      const view: TimeView = {
        fromMs,
        toMs,
        nowMs: computedAtMs,
        recordedUntilMs: null,
        spikes: [],
        clock,
        demo,
      }
      const last = fan.at(-1)?.[2] ?? null
      chart.update(
        data,
        view,
        `On the last day ${money(last)} at the median, budget ${money(budget)}.`,
      )
    },
  }
}
