/**
 * One measure of a training over decisions learned from: a line a run, with its band where there is one. The legend names each
 * run with its newest value as text; canvas by uPlot.
 */
import uPlot from 'uplot'
import { h, place, setAttribute } from '../ui/dom.ts'
import { figure, tick } from '../ui/format.ts'
import { type Role, readPalette } from '../ui/theme.ts'

export interface CurvePoint {
  readonly x: number
  readonly y: number
  /** How far the band reaches up and down; absent: there is none. */
  readonly spread?: number
}

export interface Curve {
  readonly label: string
  readonly points: readonly CurvePoint[]
}

export interface CurveChart {
  readonly element: HTMLElement
  update(curves: readonly Curve[]): void
  /** After a change of theme. */
  repaint(): void
}

const HEIGHT_PX = 170
const AXIS_PX = 52
/** Lines differ in colour, then in dash. */
const ROLES: readonly Role[] = ['forecast', 'miss', 'ready', 'price', 'wanted']
const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3]]
const roleOf = (i: number): Role => ROLES[i % ROLES.length]!
const dashOf = (i: number): readonly number[] =>
  DASHES[Math.floor(i / ROLES.length) % DASHES.length]!

export function createCurveChart(title: string): CurveChart {
  const legend = h('div.legend')
  const plot = h('div.plot', { role: 'img' })
  plot.style.height = `${HEIGHT_PX}px`
  const element = h(
    'figure.chart',
    {},
    h('div.chart-head', {}, h('h4', {}, title), h('span'), legend),
    plot,
  )
  let curves: readonly Curve[] = []
  let chart: uPlot | undefined
  let drawnFor = ''

  function draw(): void {
    const width = plot.clientWidth
    if (width < 40 || curves.length === 0) return
    const shape = JSON.stringify(curves.map(({ label }) => label))
    if (shape !== drawnFor) {
      chart?.destroy()
      chart = undefined
    }
    drawnFor = shape
    const data = dataOf(curves)
    if (!chart) {
      chart = new uPlot(optionsOf(curves.length, width), data, plot)
      return
    }
    if (chart.width !== width) chart.setSize({ width, height: HEIGHT_PX })
    chart.setData(data)
  }
  new ResizeObserver(draw).observe(plot)
  return {
    element,
    update(next) {
      curves = next
      place(legend, curves.map(entryOf))
      setAttribute(plot, 'aria-label', `${title}: ${curves.map(wordsOf).join(', ')}`)
      draw()
    },
    repaint() {
      drawnFor = ''
      draw()
    },
  }
}

const newest = ({ points }: Curve): string => figure(points.at(-1)?.y)
const wordsOf = (curve: Curve): string => `${curve.label} ${newest(curve)}`

function entryOf(curve: Curve, i: number): HTMLElement {
  const shape = dashOf(i).length > 0 ? 'dash' : 'line'
  return h(
    'span.entry',
    {},
    h('span', { class: `swatch ${shape} role-${roleOf(i)}`, 'aria-hidden': 'true' }),
    h('span.label', {}, curve.label),
    h('span.value', {}, newest(curve)),
  )
}

/** Steps of all runs, then for each run its band's edges and its line. */
function dataOf(curves: readonly Curve[]): uPlot.AlignedData {
  const x = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.x)))]
  x.sort((a, b) => a - b)
  const place = new Map(x.map((at, i) => [at, i]))
  const columns = curves.flatMap(({ points }) => {
    const column = (read: (point: CurvePoint) => number) => {
      const cells = new Array<number | undefined>(x.length).fill(undefined)
      for (const point of points) cells[place.get(point.x)!] = read(point)
      return cells
    }
    return [
      column(({ y, spread = 0 }) => y - spread),
      column(({ y, spread = 0 }) => y + spread),
      column(({ y }) => y),
    ]
  })
  return [x, ...columns] as uPlot.AlignedData
}

function optionsOf(runs: number, width: number): uPlot.Options {
  const palette = readPalette()
  const look = { stroke: palette.muted, ticks: { show: false } }
  const places = Array.from({ length: runs }, (_, i) => i)
  const edge: uPlot.Series = { width: 0, points: { show: false } }
  return {
    ...{ width, height: HEIGHT_PX, padding: [6, 8, 0, 0] },
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false } },
    axes: [
      { ...look, size: 26, grid: { show: false }, values: (_, at) => at.map(thousands) },
      {
        ...look,
        size: AXIS_PX,
        grid: { stroke: palette.grid, width: 1 },
        values: (_, at) => at.map(tick),
      },
    ],
    series: [
      {},
      ...places.flatMap((i): uPlot.Series[] => [
        edge,
        edge,
        {
          stroke: palette[roleOf(i)],
          ...{ width: 1.75, dash: [...dashOf(i)], spanGaps: true },
          points: { show: true, size: 4, fill: palette[roleOf(i)] },
        },
      ]),
    ],
    bands: places.map((i) => ({
      series: [3 * i + 2, 3 * i + 1] as [number, number],
      fill: `color-mix(in srgb, ${palette[roleOf(i)]} 18%, transparent)`,
    })),
  }
}

const thousands = (steps: number): string =>
  steps >= 1000 ? `${tick(steps / 1000)}k` : tick(steps)
