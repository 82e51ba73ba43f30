/** The two charts of the whole: spend under its budget, and the shadow price. */
import type { FleetPoint } from '../data/state.ts'
import * as format from '../ui/format.ts'
import { align, column } from './table-of.ts'
import { createTimeChart, type TimeChart, type TimeView } from './time-chart.ts'

export interface FleetChart {
  readonly chart: TimeChart
  update(fleet: readonly FleetPoint[], view: TimeView): void
}

/** The last state goes on until now. */
function untilNow(fleet: readonly FleetPoint[], nowMs: number): readonly FleetPoint[] {
  const last = fleet.at(-1)
  return last && last.t < nowMs ? [...fleet, { ...last, t: nowMs }] : fleet
}

export function spendChart(): FleetChart {
  const chart = createTimeChart({
    title: 'Spend under the budget, $/h',
    heightPx: 168,
    lines: [
      { role: 'spend', kind: 'step', width: 1.75, fill: 'spend-fill' },
      { role: 'slo', kind: 'step', width: 1.75, dash: [6, 4] },
    ],
    entries: [
      { label: 'spend', role: 'spend', shape: 'area', text: (at) => format.perHour(at(0)) },
      { label: 'budget', role: 'slo', shape: 'dash', text: (at) => format.perHour(at(1)) },
    ],
    tick: (value) => `$${format.tick(value)}`,
    softMax: () => 0.1,
  })
  return {
    chart,
    update(fleet, view) {
      const points = untilNow(fleet, view.nowMs)
      const data = align(
        [column(points, (point) => point.spend), column(points, (point) => point.budget)],
        view.fromMs,
        view.toMs,
      )
      const last = fleet.at(-1)
      chart.update(
        data,
        view,
        `Spend ${format.perHour(last?.spend)} of ${format.perHour(last?.budget)}.`,
      )
    },
  }
}

export function priceChart(): FleetChart {
  const chart = createTimeChart({
    title: 'Shadow price, req/s avoided per extra $/h',
    heightPx: 168,
    lines: [{ role: 'price', kind: 'step', width: 1.75, fill: 'price-fill' }],
    entries: [{ label: 'price', role: 'price', shape: 'area', text: (at) => format.figure(at(0)) }],
    tick: format.tick,
    softMax: () => 1,
  })
  return {
    chart,
    update(fleet, view) {
      const points = untilNow(fleet, view.nowMs)
      const data = align([column(points, (point) => point.price)], view.fromMs, view.toMs)
      chart.update(data, view, `Now ${format.price(fleet.at(-1)?.price)}.`)
    },
  }
}
