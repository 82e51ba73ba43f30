/** The coming days: what will not hold, in sentences, and what a day will cost beside the budget. */
import type { OutlookView } from '../../outlook/view.ts'
import { fanChart, type When } from '../charts/outlook-charts.ts'
import type { State } from '../data/state.ts'
import { type Choices, type Context, demoDay, type Panel } from '../ui/context.ts'
import { h, option, place, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

const SENTENCES_MAX = 6

export interface OutlookPanel extends Panel {
  /** Asks for it again; one that does not come leaves the last one. */
  refresh(): Promise<void>
  repaint(): void
}

export function createOutlook(context: Context): OutlookPanel {
  const days = h(
    'select',
    { 'aria-label': 'Days ahead' },
    option('7', 'a week'),
    option('30', '30 days'),
  )
  const sentences = h('ul.sentences', { 'aria-live': 'polite' })
  const daily = fanChart('Cost a day', (value) =>
    value === null ? format.count(null) : `$${value.toFixed(2)}`,
  )
  const dearest = fanChart('Cost in the dearest hour of the day', format.perHour)
  const charts = h('div.fleet-charts', { hidden: true }, daily.chart.element, dearest.chart.element)
  const element = h(
    'section.card.outlook',
    { 'aria-labelledby': 'outlook-title' },
    h('div.log-head', {}, h('h2', { id: 'outlook-title' }, 'Outlook'), days),
    sentences,
    charts,
  )
  let view: OutlookView | undefined
  let when: When | undefined

  function draw(): void {
    if (!view || !when) return
    place(sentences, rowsOf(view))
    const { fleet } = view
    charts.hidden = fleet === null
    if (!fleet) return
    daily.update(fleet.cost, view.costBudgetPerDay, view, when)
    dearest.update(fleet.peakCostPerHour, view.costBudgetPerHour, view, when)
  }
  async function refresh(): Promise<void> {
    try {
      const next = await context.api.outlook(Number(days.value))
      if (next.days !== Number(days.value)) return
      view = next
      draw()
    } catch {
      if (!view) place(sentences, [h('li.muted', {}, 'The outlook is not known yet.')])
    }
  }
  days.addEventListener('change', () => void refresh())
  return {
    element,
    refresh,
    update(state: State, { clock }: Choices) {
      const demo = demoDay(state)
      const isSame = when?.clock === clock && when.demo?.epochMs === demo?.epochMs
      when = { clock, demo }
      if (!isSame) draw()
    },
    repaint() {
      daily.chart.repaint()
      dearest.chart.repaint()
    },
  }
}

function rowsOf({ sentences, risks }: OutlookView): HTMLElement[] {
  if (sentences.length === 0)
    return [h('li.is-fine', {}, '✓ Every bound holds on every day, as far as can be foreseen.')]
  const shown = sentences.slice(0, SENTENCES_MAX).map((text) => {
    const isRisk = risks.some((risk) => risk.sentence === text)
    return h(isRisk ? 'li.is-risk' : 'li', {}, `${isRisk ? '▲ ' : ''}${capital(text)}.`)
  })
  const more = sentences.length - shown.length
  if (more > 0) {
    const rest = h('li.muted')
    setText(rest, `and ${more} more`)
    shown.push(rest)
  }
  return shown
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
