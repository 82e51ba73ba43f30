/** What is amiss: open alerts first, the gravest on top, each with its sentence and a way to say that it was seen. */
import type { Alert, AlertKind, Severity } from '../../alerts/alert.ts'
import { type Choices, type Context, demoDay, type Panel } from '../ui/context.ts'
import { h, place, setAttribute, setText } from '../ui/dom.ts'
import { type DemoDay, fullTimeText, timeText } from '../ui/time.ts'

const ROWS_MAX = 40

/** A mark never stands by colour alone. */
const SEVERITIES: Readonly<Record<Severity, { readonly mark: string; readonly text: string }>> = {
  critical: { mark: '▲', text: 'critical' },
  warning: { mark: '◆', text: 'warning' },
  info: { mark: '○', text: 'info' },
}

const KINDS: Readonly<Record<AlertKind, string>> = {
  spike: 'spike',
  drop: 'drop',
  'level-shift': 'level shift',
  silent: 'silent',
  stuck: 'stuck',
  'budget-infeasible': 'budget infeasible',
  'forecast-drifting': 'forecast drifts',
  'forecast-coverage': 'forecast coverage',
  'outlook-budget': 'outlook: budget',
  'outlook-max-replicas': 'outlook: maxReplicas',
  'scaling-conflict': 'scaled by others too',
  'rollout-rolled-back': 'rollout: taken back',
  'rollout-promoted': 'rollout: acts now',
}

export function createAlerts(context: Context): Panel {
  const count = h('span.muted')
  const list = h('ol.alerts-list', { tabindex: 0, 'aria-label': 'Alerts, open ones first' })
  const empty = h('p.muted', {}, 'Nothing is amiss, and nothing was lately.')
  const rows = new Map<string, ReturnType<typeof createRow>>()
  const element = h(
    'section.card.alerts',
    { 'aria-labelledby': 'alerts-title' },
    h('div.log-head', {}, h('h2', { id: 'alerts-title' }, 'Alerts'), count),
    list,
    empty,
  )
  return {
    element,
    update(state, choices) {
      const shown = state.alerts.slice(0, ROWS_MAX)
      for (const id of rows.keys()) if (!shown.some((alert) => alert.id === id)) rows.delete(id)
      place(
        list,
        shown.map((alert) => {
          const row = rows.get(alert.id) ?? createRow(alert.id, context)
          rows.set(alert.id, row)
          row.update(alert, choices, demoDay(state))
          return row.element
        }),
      )
      const open = state.alerts.filter((alert) => alert.closedAtMs === null).length
      setText(count, open === 0 ? 'none open' : `${open} open`)
      list.hidden = shown.length === 0
      empty.hidden = shown.length > 0
    },
  }
}

function createRow(id: string, context: Context) {
  const severity = h('span.severity')
  const kind = h('span.chip')
  const time = h('time.tabular')
  const summary = h('span.why')
  const state = h('span.settled')
  const button = h('button.acknowledge', { type: 'button' }, 'Acknowledge')
  button.addEventListener('click', () => context.act(button, () => context.acknowledge(id)))
  const element = h(
    'li',
    { 'data-alert': id },
    h('span.line', {}, severity, kind, time, state),
    summary,
    button,
  )
  return {
    element,
    update(alert: Alert, choices: Choices, day: DemoDay | null) {
      const { mark, text } = SEVERITIES[alert.severity]
      const isOpen = alert.closedAtMs === null
      setText(severity, `${mark} ${text}`)
      setAttribute(element, 'data-severity', isOpen ? alert.severity : 'over')
      setText(kind, KINDS[alert.kind])
      setText(time, timeText(alert.openedAtMs, choices.clock, day))
      setAttribute(time, 'datetime', new Date(alert.openedAtMs).toISOString())
      setAttribute(time, 'title', fullTimeText(alert.openedAtMs, choices.clock))
      setText(summary, alert.summary)
      setText(state, isOpen ? (alert.acknowledgedBy === null ? 'open' : '✓ seen') : 'over')
      button.hidden = !isOpen || alert.acknowledgedBy !== null
      setAttribute(button, 'aria-label', `Acknowledge: ${alert.summary}`)
    },
  }
}
