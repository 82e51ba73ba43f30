/** The three charts of a service: load against its forecast, replicas, latency against the SLO. */
import { bandOf, coverageOf } from '../data/hindsight.ts'
import { lastValue, lowerBound } from '../data/points.ts'
import type { ServiceState } from '../data/state.ts'
import * as format from '../ui/format.ts'
import { align, column } from './table-of.ts'
import { createTimeChart, type Line, type TimeChart, type TimeView } from './time-chart.ts'

export interface ServiceChart {
  readonly chart: TimeChart
  update(service: ServiceState, view: TimeView): void
}

/** The median and the 5–95 % range of the band whose lines begin at `first`, requests/s. */
function bandText(at: (line: number) => number | null, first: number): string {
  const [low, median, high] = [at(first), at(first + 2), at(first + 4)]
  if (low === null || median === null || high === null) return ''
  return `${format.figure(median)} (${format.figure(low)}–${format.figure(high)})`
}

/** Columns of a band: five levels, then it stands at `first` … `first + 4`. */
function bandLines(role: Line['role']): Line[] {
  const edge: Line = { role, kind: 'edge' }
  return [edge, edge, { role, kind: 'line', width: 1.5, dash: [4, 3] }, edge, edge]
}

export function loadChart(service: string): ServiceChart {
  let ahead = ''
  let misses = ''
  const chart = createTimeChart({
    title: 'Load, req/s',
    heightPx: 158,
    service,
    lines: [
      ...bandLines('forecast'),
      ...bandLines('forecast'),
      { role: 'load', kind: 'line', width: 1.75 },
      { role: 'miss', kind: 'dots' },
    ],
    bands: [
      { upper: 4, lower: 0, fill: 'past-wide' },
      { upper: 3, lower: 1, fill: 'past-narrow' },
      { upper: 9, lower: 5, fill: 'band-wide' },
      { upper: 8, lower: 6, fill: 'band-narrow' },
    ],
    entries: [
      { label: 'came', role: 'load', shape: 'line', text: (at) => format.figure(at(10)) },
      {
        label: 'was forecast',
        role: 'past-narrow',
        shape: 'area',
        text: (at) => bandText(at, 0),
      },
      {
        label: 'forecast',
        role: 'band-narrow',
        shape: 'area',
        text: (at) => bandText(at, 5),
        idle: () => ahead,
      },
      {
        label: 'outside 5–95 %',
        role: 'miss',
        shape: 'dot',
        text: (at) => (at(11) === null || at(11) !== at(10) ? '' : format.figure(at(11))),
        idle: () => misses,
      },
    ],
    tick: format.tick,
    softMax: () => 1,
  })
  return {
    chart,
    update({ tracks, hindsight, forecast, status }, view) {
      const load = tracks.requests_per_second
      const past = hindsight.slice(0, lowerBound(hindsight, view.nowMs + 1))
      const future = forecast === null ? [] : bandOf(forecast)
      const { outside, steps, inside } = coverageOf(load, past, view.fromMs)
      ahead =
        future.length === 0
          ? 'none'
          : `up to ${format.figure(Math.max(...future.map((row) => row.q[4]!)))}`
      misses = steps === 0 ? '' : `${steps - inside} of ${steps}`
      const levels = [0, 1, 2, 3, 4]
      const data = align(
        [
          ...levels.map((level) => column(past, (row) => row.q[level]!)),
          ...levels.map((level) => column(future, (row) => row.q[level]!)),
          column(load, (point) => point.v),
          column(outside, (point) => point.v),
        ],
        view.fromMs,
        view.toMs,
      )
      const held = steps === 0 ? '' : `${inside} of ${steps} steps inside the 5–95 % band.`
      chart.update(data, view, `${status.service}: now ${format.rps(status.loadRps)}. ${held}`)
    },
  }
}

export function replicaChart(): ServiceChart {
  let maxReplicas = 10
  const chart = createTimeChart({
    title: 'Replicas',
    heightPx: 92,
    wholeNumbers: true,
    lines: [
      { role: 'starting-fill', kind: 'step', width: 0 },
      { role: 'ready', kind: 'step', width: 0, fill: 'ready-fill' },
      { role: 'decided', kind: 'step', width: 2 },
      { role: 'wanted', kind: 'step', width: 1.75, dash: [4, 3] },
    ],
    bands: [{ upper: 0, lower: 1, fill: 'starting-fill' }],
    entries: [
      { label: 'wanted', role: 'wanted', shape: 'dash', text: (at) => format.count(at(3)) },
      { label: 'decided', role: 'decided', shape: 'line', text: (at) => format.count(at(2)) },
      { label: 'running', role: 'ready', shape: 'area', text: (at) => format.count(at(1)) },
      {
        label: 'starting',
        role: 'starting-fill',
        shape: 'area',
        text: (at) => {
          const all = at(0)
          const ready = at(1)
          return all === null || ready === null ? '–' : format.count(Math.max(0, all - ready))
        },
      },
    ],
    tick: format.count,
    softMax: () => 3,
    // an agent may want more than it may have: that leaves the picture, the legend says how much
    hardMax: () => maxReplicas * 1.1,
  })
  return {
    chart,
    update({ tracks, decided, status }, view) {
      const { ready_replicas: ready, starting_replicas: starting } = tracks
      maxReplicas = status.maxReplicas
      const startingAt = new Map(starting.map((point) => [point.t, point.v]))
      const last = decided.at(-1)
      const line = last && last.t < view.nowMs ? [...decided, { ...last, t: view.nowMs }] : decided
      const data = align(
        [
          column(ready, ({ t, v }) => (v === null ? null : v + (startingAt.get(t) ?? 0))),
          column(ready, (point) => point.v),
          column(line, (point) => point.to),
          column(line, (point) => point.wanted),
        ],
        view.fromMs,
        view.toMs,
      )
      const counts = status.replicas
      const summary = counts ? `${counts.ready} running, ${counts.starting} starting` : 'unknown'
      chart.update(
        data,
        view,
        `${status.service}: ${summary}, decided ${last?.to ?? 'nothing yet'}.`,
      )
    },
  }
}

export function latencyChart(): ServiceChart {
  let sloSeconds = 1
  let allowed = 0.01
  const chart = createTimeChart({
    title: 'Latency p95, share outside SLO',
    heightPx: 100,
    lines: [
      { role: 'slo', kind: 'step', share: true, width: 0, fill: 'violation-fill' },
      { role: 'latency', kind: 'line', width: 1.75 },
      { role: 'slo', kind: 'line', width: 1.5, dash: [6, 4] },
    ],
    entries: [
      { label: 'p95', role: 'latency', shape: 'line', text: (at) => format.seconds(at(1)) },
      { label: 'SLO', role: 'slo', shape: 'dash', text: () => format.seconds(sloSeconds) },
      {
        label: 'outside SLO',
        role: 'violation-fill',
        shape: 'area',
        text: (at) => `${format.percent(at(0))} (allowed ${format.percent(allowed)})`,
      },
    ],
    tick: format.secondsTick,
    softMax: () => sloSeconds * 1.6,
  })
  return {
    chart,
    update({ tracks, status }, view) {
      sloSeconds = status.sloLatencySeconds
      allowed = 1 - status.objective
      const edges = [{ t: view.fromMs }, { t: view.toMs }]
      const data = align(
        [
          column(tracks.violation_ratio, (point) => point.v),
          column(tracks.latency_p95_seconds, (point) => point.v),
          column(edges, () => sloSeconds),
        ],
        view.fromMs,
        view.toMs,
      )
      const p95 = format.seconds(lastValue(tracks.latency_p95_seconds))
      chart.update(data, view, `${status.service}: p95 ${p95}, SLO ${format.seconds(sloSeconds)}.`)
    },
  }
}
