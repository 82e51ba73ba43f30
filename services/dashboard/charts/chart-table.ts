/** A chart as text: the same figures in a table, made only while it is open, newest first. */
import { h, newId, place } from '../ui/dom.ts'
import { dayText, timeText } from '../ui/time.ts'
import { type Aligned, rowAt, valueBefore } from './table-of.ts'
import type { ChartSpec, TimeView } from './time-chart.ts'

const ROWS_PAST = 40
const ROWS_AHEAD = 10

export interface ChartTable {
  readonly button: HTMLButtonElement
  readonly element: HTMLElement
  update(data: Aligned, view: TimeView): void
}

export function createChartTable(spec: ChartSpec): ChartTable {
  const id = newId('table')
  const body = h('tbody')
  const heads = ['time', ...spec.entries.map((entry) => entry.label)]
  const table = h(
    'table',
    {},
    h('caption.hidden', {}, spec.title),
    h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)))),
    body,
  )
  const element = h(
    'div.scroll',
    { id, hidden: true, tabindex: 0, role: 'region', 'aria-label': `${spec.title}, as a table` },
    table,
  )
  const button = h(
    'button.link.as-table',
    { type: 'button', 'aria-expanded': 'false', 'aria-controls': id },
    'table',
  )
  button.setAttribute('aria-label', `${spec.title} as a table`)
  let fill: (() => void) | undefined
  button.addEventListener('click', () => {
    element.hidden = !element.hidden
    button.setAttribute('aria-expanded', String(!element.hidden))
    fill?.()
  })
  return {
    button,
    element,
    update(data, view) {
      fill = () => {
        if (!element.hidden) place(body, rowsOf(spec, data, view))
      }
      fill()
    },
  }
}

function rowsOf(spec: ChartSpec, data: Aligned, view: TimeView): HTMLElement[] {
  const now = rowAt(data, view.nowMs)
  const rows: HTMLElement[] = []
  const ahead = spec.days ? data.x.length : ROWS_AHEAD
  const text = spec.days ? dayText : timeText
  for (let i = Math.min(data.x.length - 1, now + ahead); i >= 0 && i > now - ROWS_PAST; i--) {
    const at = (line: number) => valueBefore(data.columns[line]!, i, i > now ? 1 : undefined)
    rows.push(
      h(
        'tr',
        { class: i > now ? 'ahead' : undefined },
        h('th', { scope: 'row' }, text(data.x[i]!, view.clock, view.demo)),
        ...spec.entries.map((entry) => h('td', {}, entry.text(at))),
      ),
    )
  }
  return rows
}
