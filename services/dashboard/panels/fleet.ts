/** The whole at a glance: spend under the budget, its price, what binds, and one line per service. */
import { priceChart, spendChart } from '../charts/fleet-charts.ts'
import type { TimeView } from '../charts/time-chart.ts'
import type { ServiceState, State } from '../data/state.ts'
import type { Context } from '../ui/context.ts'
import { h, place, setAttribute, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'
import { bindingSentence, healthOf } from './words.ts'

export interface FleetPanel {
  readonly element: HTMLElement
  update(state: State, view: TimeView): void
  repaint(): void
}

export function createFleet(context: Context): FleetPanel {
  const spend = spendChart()
  const price = priceChart()
  const alarm = h('p.alarm', { role: 'alert', hidden: true })
  const sentence = h('p.sentence')
  const figures = createFigures()
  const budget = createBudgetForm(context)
  const glance = createGlance()
  const element = h(
    'section.fleet.card',
    { 'aria-labelledby': 'fleet-title' },
    h(
      'div.fleet-head',
      {},
      h('h2', { id: 'fleet-title' }, 'All services under one budget'),
      sentence,
    ),
    alarm,
    h('div.fleet-now', {}, figures.element, budget.element),
    h('div.fleet-charts', {}, spend.chart.element, price.chart.element),
    glance.element,
  )
  return {
    element,
    update(state, view) {
      const feasible = state.fleet.at(-1)?.feasible ?? state.budget?.feasible ?? true
      alarm.hidden = feasible
      setText(alarm, feasible ? '' : infeasible(state))
      setText(sentence, bindingSentence(state))
      figures.update(state)
      budget.update(state)
      glance.update([...state.services.values()])
      spend.update(state.fleet, view)
      price.update(state.fleet, view)
    },
    repaint() {
      spend.chart.repaint()
      price.chart.repaint()
    },
  }
}

function infeasible({ budget }: State): string {
  return `▲ Budget infeasible: ${format.perHour(budget?.costBudgetPerHour)} is below the ${format.perHour(budget?.minimumCostPerHour)} that the minimum replicas cost. Minimums are kept; raise the budget.`
}

function createFigures() {
  const spend = h('strong.big')
  const of = h('span.muted')
  const bar = h('div.fill')
  const meter = h(
    'div.meter',
    {
      role: 'meter',
      'aria-label': 'Spend as a share of the budget',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
    },
    bar,
  )
  const price = h('strong.big')
  const outside = h('strong.big')
  const running = h('small')
  const element = h(
    'dl.figures',
    {},
    h('div', {}, h('dt', {}, 'spend decided'), h('dd', {}, spend, ' ', of, meter, running)),
    h(
      'div',
      {},
      h('dt', {}, 'shadow price'),
      h('dd', {}, price, ' ', h('span.muted', {}, 'req/s per $/h')),
    ),
    h(
      'div',
      {},
      h('dt', {}, 'outside the SLO now'),
      h('dd', {}, outside, ' ', h('span.muted', {}, 'req/s')),
    ),
  )
  return {
    element,
    update({ budget, services }: State) {
      setText(spend, format.perHour(budget?.spendPerHour))
      setText(of, `of ${format.perHour(budget?.costBudgetPerHour)}`)
      const share = budget ? Math.min(1, budget.spendPerHour / budget.costBudgetPerHour) : 0
      bar.style.width = `${share * 100}%`
      setAttribute(meter, 'aria-valuenow', (share * 100).toFixed(0))
      setAttribute(meter, 'aria-valuetext', `${(share * 100).toFixed(0)} % of the budget`)
      setText(running, `running now costs ${format.perHour(budget?.runningCostPerHour)}`)
      setText(price, format.figure(budget?.shadowPrice))
      const lost = [...services.values()].map(
        ({ status }) => (status.loadRps ?? 0) * (status.violationRatio ?? 0),
      )
      setText(
        outside,
        services.size === 0 ? '–' : format.figure(lost.reduce((sum, value) => sum + value, 0)),
      )
    },
  }
}

function createBudgetForm(context: Context) {
  const input = h('input', {
    id: 'budget',
    type: 'number',
    min: 0.01,
    step: 'any',
    required: true,
    inputmode: 'decimal',
  })
  const button = h('button', { type: 'submit' }, 'Set')
  const hint = h('small.muted', { id: 'budget-hint' })
  input.setAttribute('aria-describedby', 'budget-hint')
  const element = h(
    'form.budget',
    {},
    h('label', { for: 'budget' }, 'Budget, $/h'),
    h('span.row', {}, input, button),
    hint,
  )
  let touched = false
  input.addEventListener('input', () => {
    touched = true
  })
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    touched = false
    void context.act(button, () => context.api.setBudget(input.valueAsNumber))
  })
  return {
    element,
    update({ budget }: State) {
      if (!budget) return
      if (!touched && document.activeElement !== input)
        input.value = String(budget.costBudgetPerHour)
      setText(
        hint,
        `minimums cost ${format.perHour(budget.minimumCostPerHour)}, maximums ${format.perHour(budget.maximumCostPerHour)}`,
      )
    },
  }
}

/** One line per service, however many there are: the way to its card. */
function createGlance() {
  const rows = new Map<string, ReturnType<typeof createRow>>()
  const list = h('ul')
  return {
    element: h('nav.glance', { 'aria-label': 'Services' }, list),
    update(services: readonly ServiceState[]) {
      const items = services.map((service) => {
        const name = service.status.service
        const row = rows.get(name) ?? createRow(name)
        rows.set(name, row)
        row.update(service)
        return row.element
      })
      place(list, items)
    },
  }
}

function createRow(name: string) {
  const mark = h('span.mark', { 'aria-hidden': 'true' })
  const state = h('span.state')
  const detail = h('span.detail')
  const link = h('button.quiet', { type: 'button' }, mark, h('b', {}, name), state, detail)
  link.addEventListener('click', () => {
    const card = document.querySelector<HTMLElement>(`[data-service="${CSS.escape(name)}"]`)
    card?.scrollIntoView({ block: 'start' })
    card?.focus({ preventScroll: true })
  })
  return {
    element: h('li', {}, link),
    update({ status }: ServiceState) {
      const health = healthOf(status)
      setAttribute(link, 'data-health', health.kind)
      setText(mark, health.mark)
      const ready = status.replicas?.ready ?? '–'
      const to = status.decision?.to
      const change = to === undefined || to === ready ? `×${ready}` : `×${ready} → ${to}`
      setText(state, health.text)
      setText(detail, `${format.rps(status.loadRps)} · ${change}`)
    },
  }
}
