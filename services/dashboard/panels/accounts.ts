/** Money over time and who earns it: what must last for a day or a month, savings, strategies by what they would have lost. */
import type { PacedPeriodView } from '../../budget/view.ts'
import type { AccountView, Scoreboard, ServiceScore } from '../../selection/view.ts'
import type { State } from '../data/state.ts'
import type { Context } from '../ui/context.ts'
import { h, place, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

export interface AccountsPanel {
  readonly element: HTMLElement
  /** Asks for the scores again; ones that do not come leave the last ones. */
  refresh(): Promise<void>
  update(state: State): void
}

export function createAccounts(context: Context): AccountsPanel {
  const periods = h('div.figures', {})
  const sums = h('ul.sums', {})
  const body = h('tbody')
  const heads = [
    'service',
    'acts',
    'loss a round: who would have lost what',
    'regret',
    'efficiency',
  ]
  const table = h(
    'table.scores',
    {},
    h('caption.muted', {}, 'Strategies, judged in the shadow by the load that came'),
    h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
    body,
  )
  const element = h(
    'section.card.accounts',
    { 'aria-labelledby': 'accounts-title' },
    h('h2', { id: 'accounts-title' }, 'Accounts'),
    periods,
    sums,
    h(
      'div.scores-frame',
      { tabindex: 0, role: 'region', 'aria-label': 'Strategies by service' },
      table,
    ),
  )
  return {
    element,
    async refresh() {
      try {
        const view = await context.api.scoreboard()
        place(sums, sentencesOf(view))
        place(body, view.services.map(rowOf))
      } catch {
        if (!sums.hasChildNodes()) place(sums, [h('li.muted', {}, 'No scores are known yet.')])
      }
    },
    update({ budget }) {
      place(periods, (budget?.periods ?? []).map(periodOf))
    },
  }
}

const dollars = (value: number | null): string =>
  value === null ? '–' : `$${value.toFixed(value < 10 ? 2 : 0)}`

function periodOf(row: PacedPeriodView): HTMLElement {
  const share = Math.min(1, Math.max(0, row.spent / row.available))
  const bar = h('div.fill')
  bar.style.width = `${share * 100}%`
  const meter = h(
    'div.meter',
    {
      role: 'meter',
      'aria-label': `Spent of the ${row.period}'s amount`,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': (share * 100).toFixed(0),
    },
    bar,
  )
  const ahead = h('small')
  setText(
    ahead,
    `by its end ${dollars(row.expectedSpend)}, unpaced ${dollars(row.unpacedSpend)}; ` +
      (row.price > 0 ? `bought now: above ${format.price(row.price)}` : 'enough for everything'),
  )
  return h(
    'div',
    {},
    h('div', {}, `this ${row.period}`),
    h('strong.big', {}, dollars(row.spent)),
    h('span.muted', {}, ` of ${dollars(row.available)}`),
    meter,
    ahead,
  )
}

function sentencesOf({ enabled, fleet }: Scoreboard): HTMLElement[] {
  const beside = (name: string, { saved, savedShare, violationsAvoided }: AccountView['hpa']) =>
    h(
      'li',
      {},
      `Beside ${name}: ${dollars(Math.abs(saved))} ${saved < 0 ? 'more' : 'less'} (${format.percent(savedShare === null ? null : Math.abs(savedShare))}), ` +
        `${format.figure(Math.abs(violationsAvoided))} requests ${violationsAvoided < 0 ? 'more' : 'fewer'} outside the SLO.`,
    )
  return [
    h(
      'li',
      {},
      `In ${format.figure(fleet.hours)} h: ${dollars(fleet.cost)}, efficiency ${format.percent(fleet.efficiency)}.`,
    ),
    beside('HPA', fleet.hpa),
    beside('static thresholds', fleet.staticThresholds),
    h('li.muted', {}, enabled ? 'The selection chooses who acts.' : 'Strategies are only scored.'),
  ]
}

function rowOf({ service, acting, strategies, regret, account }: ServiceScore): HTMLElement {
  const losses = strategies.map(({ policy, meanLoss }) => `${policy} ${format.figure(meanLoss)}`)
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, service),
    h('td', {}, acting),
    h('td', {}, losses.join(' · ')),
    h('td', {}, format.figure(regret)),
    h('td', {}, format.percent(account.efficiency)),
  )
}
