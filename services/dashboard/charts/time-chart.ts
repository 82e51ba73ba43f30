/**
 * One chart over time: canvas by uPlot, legend and table by us. The legend shows the values at the cursor (mouse,
 * or arrow keys when focused) and otherwise the newest; the table holds the same figures as text.
 */
import uPlot from 'uplot'
import { h, setAttribute, setText } from '../ui/dom.ts'
import { type Palette, type Role, readPalette } from '../ui/theme.ts'
import type { Clock, DemoDay } from '../ui/time.ts'
import { createChartTable } from './chart-table.ts'
import { chartOptions } from './options.ts'
import { type Aligned, rowAt, valueBefore } from './table-of.ts'

/** What all charts share at one moment. */
export interface TimeView {
  readonly fromMs: number
  readonly toMs: number
  readonly nowMs: number
  readonly recordedUntilMs: number | null
  readonly spikes: readonly {
    readonly service: string
    readonly factor: number
    readonly fromMs: number
    readonly toMs: number
  }[]
  readonly clock: Clock
  readonly demo: DemoDay | null
}

export interface Line {
  readonly role: Role
  readonly kind: 'line' | 'step' | 'dots' | 'edge'
  readonly fill?: Role
  readonly dash?: readonly number[]
  readonly width?: number
  /** A share, drawn on a scale of its own in the lower half; its peak is written beside it. */
  readonly share?: boolean
}

/** One entry of the legend and column of the table; `at` reads the value of a line in the row shown. */
export interface Entry {
  readonly label: string
  readonly role: Role
  readonly shape: 'line' | 'dash' | 'area' | 'dot'
  text(at: (line: number) => number | null): string
  /** What the legend says instead while no cursor is in the chart. */
  idle?(): string
}

export interface ChartSpec {
  readonly title: string
  readonly heightPx: number
  readonly lines: readonly Line[]
  readonly bands?: readonly {
    readonly upper: number
    readonly lower: number
    readonly fill: Role
  }[]
  readonly entries: readonly Entry[]
  readonly tick: (value: number) => string
  /** Upper end of the axis that is shown at the least. */
  readonly softMax: () => number
  /** Upper end that is never exceeded; what lies above leaves the picture. */
  readonly hardMax?: () => number
  readonly wholeNumbers?: boolean
  /** One point a day, of days to come: dates instead of times, and no cursor shared with the other charts. */
  readonly days?: boolean
  /** Whose spikes are shaded; none when absent. */
  readonly service?: string
}

export interface TimeChart {
  readonly element: HTMLElement
  update(data: Aligned, view: TimeView, summary: string): void
  /** After a change of theme. */
  repaint(): void
  destroy(): void
}

/** What drawing needs to know of the moment. */
export interface Moment {
  readonly view: TimeView
  readonly palette: Palette
}

export function createTimeChart(spec: ChartSpec): TimeChart {
  const legend = createLegend(spec.entries)
  const table = createChartTable(spec)
  const plot = h('div.plot', { role: 'img', tabindex: 0 })
  plot.style.height = `${spec.heightPx}px`
  const head = h('div.chart-head', {}, h('h4', {}, spec.title), table.button, legend.element)
  const element = h('figure.chart', {}, head, plot, table.element)

  let chart: uPlot | undefined
  let data: Aligned = { x: [], columns: [] }
  let moment: Moment | undefined

  const draw = () => {
    const width = plot.clientWidth
    if (!moment || width < 40) return
    const columns = [data.x, ...data.columns] as uPlot.AlignedData
    if (chart) {
      if (chart.width !== width) chart.setSize({ width, height: spec.heightPx })
      chart.setData(columns)
      return
    }
    const onCursor = (row: number | null) => legend.show(data, row, moment!.view.nowMs)
    chart = new uPlot(
      chartOptions(spec, width, () => moment!, onCursor),
      columns,
      plot,
    )
  }
  const resize = new ResizeObserver(draw)
  resize.observe(plot)
  plot.addEventListener('keydown', (event) => {
    if (chart && moveCursor(chart, data, event.key)) event.preventDefault()
  })
  plot.addEventListener('blur', () => chart?.setCursor({ left: -10, top: -10 }))
  return {
    element,
    update(next, view, summary) {
      data = next
      moment = { view, palette: moment?.palette ?? readPalette() }
      setAttribute(
        plot,
        'aria-label',
        `${spec.title}. ${summary} Arrow keys read values; there is a table too.`,
      )
      draw()
      legend.show(data, 'last', view.nowMs)
      table.update(data, view)
    },
    repaint() {
      chart?.destroy()
      chart = undefined
      if (moment) moment = { ...moment, palette: readPalette() }
      draw()
    },
    destroy() {
      resize.disconnect()
      chart?.destroy()
    },
  }
}

function createLegend(entries: readonly Entry[]) {
  const values = entries.map(() => h('span.value'))
  const element = h(
    'div.legend',
    {},
    ...entries.map((entry, i) =>
      h(
        'span.entry',
        {},
        h('span', { class: `swatch ${entry.shape} role-${entry.role}`, 'aria-hidden': 'true' }),
        h('span.label', {}, entry.label),
        values[i],
      ),
    ),
  )
  let cursor: number | null = null
  return {
    element,
    /** Values of a row; of the newest when there is no cursor. `last` keeps the cursor where it is. */
    show(data: Aligned, row: number | null | 'last', nowMs: number) {
      if (row !== 'last') cursor = row
      const shown = cursor ?? rowAt(data, nowMs)
      entries.forEach((entry, i) => {
        const at = (line: number) => valueBefore(data.columns[line] ?? [], shown)
        setText(values[i]!, cursor === null && entry.idle ? entry.idle() : entry.text(at))
      })
      element.classList.toggle('at-cursor', cursor !== null)
    },
  }
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
}

/** Moves the cursor by rows, within what is shown. */
function moveCursor(chart: uPlot, { x }: Aligned, key: string): boolean {
  const step = STEPS[key]
  if (step === undefined) return false
  const first = x.findIndex((t) => t >= (chart.scales.x?.min ?? t))
  const last = x.findLastIndex((t) => t <= (chart.scales.x?.max ?? t))
  const row = Math.min(Math.max((chart.cursor.idx ?? last) + step, first), last)
  if (row >= 0) chart.setCursor({ left: chart.valToPos(x[row]!, 'x'), top: 5 }, true)
  return true
}
