/** uPlot's settings for our charts: axes, lines and bands, and what is drawn behind them (recorded past, now, future). */
import uPlot from 'uplot'
import { percent } from '../ui/format.ts'
import { timeAxis } from '../ui/time.ts'
import type { ChartSpec, Line, Moment } from './time-chart.ts'

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
const AXIS_PX = 46
const LABEL_PX = 62
const EDGE_PX = 24

export function chartOptions(
  spec: ChartSpec,
  width: number,
  moment: () => Moment,
  onCursor: (row: number | null) => void,
): uPlot.Options {
  const { palette } = moment()
  return {
    width,
    height: spec.heightPx,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      ...(spec.days ? {} : { sync: { key: 'forescale', scales: ['x', null] } }),
    },
    scales: {
      x: { time: false, range: () => [moment().view.fromMs, moment().view.toMs] },
      y: { range: (_, __, max) => [0, upperEnd(spec, max ?? 0)] },
      // shares stay in the lower half, clear of the line above
      share: { range: (_, __, max) => [0, Math.max(0.1, (max ?? 0) * 2)] },
    },
    axes: axes(spec, moment),
    series: [{}, ...spec.lines.map((line) => series(line, palette))],
    bands: (spec.bands ?? []).map(({ upper, lower, fill }) => ({
      series: [upper + 1, lower + 1],
      fill: palette[fill],
    })),
    hooks: {
      drawClear: [(chart) => drawBehind(chart, spec, moment())],
      draw: [(chart) => drawNow(chart, moment()), (chart) => drawPeak(chart, spec, moment())],
      setCursor: [(chart) => onCursor(chart.cursor.left! < 0 ? null : (chart.cursor.idx ?? null))],
    },
  }
}

/** A little above the largest value, within what the chart wants to show. */
function upperEnd({ softMax, hardMax }: ChartSpec, max: number): number {
  return Math.min(Math.max(softMax(), max * 1.08), hardMax?.() ?? Number.POSITIVE_INFINITY)
}

function axes(spec: ChartSpec, moment: () => Moment): uPlot.Axis[] {
  const { palette } = moment()
  const look = { stroke: palette.muted, font: FONT, ticks: { show: false } }
  const grid = { stroke: palette.grid, width: 1 }
  let labels: readonly string[] = []
  const x: uPlot.Axis = {
    ...look,
    size: 26,
    gap: 6,
    grid: { show: false },
    splits: (chart) => {
      const { view } = moment()
      const most = Math.max(2, Math.floor(chart.bbox.width / devicePixelRatio / LABEL_PX))
      const axis = timeAxis(view.fromMs, view.toMs, most, view.clock, view.demo)
      labels = axis.labels
      return [...axis.splits]
    },
    // a label that the edge would cut is left out
    values: (chart, splits) =>
      splits.map((t, i) =>
        chart.width - chart.valToPos(t, 'x') - AXIS_PX < EDGE_PX ? '' : labels[i]!,
      ),
  }
  const y: uPlot.Axis = {
    ...look,
    scale: 'y',
    size: AXIS_PX,
    gap: 4,
    space: 26,
    grid,
    ...(spec.wholeNumbers ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {}),
    values: (_, splits) => splits.map(spec.tick),
  }
  return [x, y]
}

function series(line: Line, palette: Record<string, string>): uPlot.Series {
  const base: uPlot.Series = {
    scale: line.share ? 'share' : 'y',
    stroke: palette[line.role]!,
    width: line.width ?? 1.5,
    points: { show: false },
    ...(line.dash ? { dash: [...line.dash] } : {}),
    ...(line.fill ? { fill: palette[line.fill]! } : {}),
  }
  switch (line.kind) {
    case 'step':
      return { ...base, paths: uPlot.paths.stepped!({ align: 1 }) }
    case 'edge':
      // the border of a band: it shapes the fill and is not seen itself
      return { ...base, width: 0 }
    case 'dots':
      return {
        ...base,
        paths: () => null,
        points: {
          show: true,
          size: 6,
          width: 1.5,
          stroke: palette[line.role]!,
          fill: palette.surface!,
        },
      }
    default:
      return base
  }
}

function drawBehind(chart: uPlot, spec: ChartSpec, { view, palette }: Moment): void {
  const { ctx, bbox } = chart
  const x = (t: number) => {
    const at = chart.valToPos(t, 'x', true)
    return Math.min(Math.max(at, bbox.left), bbox.left + bbox.width)
  }
  const shade = (fromMs: number, toMs: number, color: string) => {
    ctx.fillStyle = color
    ctx.fillRect(x(fromMs), bbox.top, Math.max(0, x(toMs) - x(fromMs)), bbox.height)
  }
  ctx.save()
  if (view.recordedUntilMs !== null) shade(view.fromMs, view.recordedUntilMs, palette.recorded)
  shade(view.nowMs, view.toMs, palette.future)
  const write = (text: string, leftPx: number) => {
    ctx.fillStyle = palette.muted
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`
    ctx.textBaseline = 'top'
    ctx.textAlign = 'left'
    ctx.fillText(text, leftPx + 4 * devicePixelRatio, bbox.top + 2 * devicePixelRatio)
  }
  for (const { service, factor, fromMs, toMs } of view.spikes) {
    if (service !== spec.service || toMs < view.fromMs || fromMs > view.toMs) continue
    shade(fromMs, toMs, palette.spike)
    write(`spike ×${factor}`, x(fromMs))
  }
  const endPx = view.recordedUntilMs === null ? bbox.left : x(view.recordedUntilMs)
  const hasRoom = endPx - bbox.left > 60 * devicePixelRatio
  if (spec.service !== undefined && hasRoom) write('recorded', bbox.left)
  ctx.restore()
}

function drawNow(chart: uPlot, { view, palette }: Moment): void {
  const { ctx, bbox } = chart
  const at = Math.round(chart.valToPos(view.nowMs, 'x', true)) + 0.5
  if (at < bbox.left || at > bbox.left + bbox.width) return
  ctx.save()
  ctx.strokeStyle = palette.muted
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(at, bbox.top)
  ctx.lineTo(at, bbox.top + bbox.height)
  ctx.stroke()
  ctx.restore()
}

/** Writes the largest share in view beside its peak: it has no axis of its own. */
function drawPeak(chart: uPlot, spec: ChartSpec, { view, palette }: Moment): void {
  const line = spec.lines.findIndex(({ share }) => share)
  const values = chart.data[line + 1]
  if (line < 0 || !values) return
  let peak = -1
  chart.data[0].forEach((t, i) => {
    const isHigher = (values[i] ?? 0) > (values[peak] ?? 0.005)
    if (t >= view.fromMs && t <= view.nowMs && isHigher) peak = i
  })
  if (peak < 0) return
  const { ctx, bbox } = chart
  const at = chart.valToPos(chart.data[0][peak]!, 'x', true)
  ctx.save()
  ctx.fillStyle = palette.slo
  ctx.font = `600 ${10 * devicePixelRatio}px system-ui, sans-serif`
  ctx.textAlign = at > bbox.left + bbox.width * 0.85 ? 'right' : 'center'
  const x = Math.max(at, bbox.left + 14 * devicePixelRatio)
  const y = chart.valToPos(values[peak]!, 'share', true) - 3 * devicePixelRatio
  // a halo keeps it legible over the line
  ctx.strokeStyle = palette.surface
  ctx.lineWidth = 4 * devicePixelRatio
  ctx.lineJoin = 'round'
  ctx.strokeText(percent(values[peak]!), x, y)
  ctx.fillText(percent(values[peak]!), x, y)
  ctx.restore()
}
