/** What was decided, newest first: from→to, the sentence, what bound it, and what became of it. */
import type { LoggedDecision } from '../data/log.ts'
import type { State } from '../data/state.ts'
import { type Choices, type Context, demoDay, type Panel } from '../ui/context.ts'
import { h, option, place, setAttribute, setText } from '../ui/dom.ts'
import { type DemoDay, fullTimeText, timeText } from '../ui/time.ts'
import { BOUNDS, REASONS, SETTLEMENTS } from './words.ts'

const ROWS_MAX = 120

export function createDecisionLog(context: Context): Panel {
  const service = h('select', { 'aria-label': 'Decisions of' }, option('', 'all services'))
  const changes = h('input', { type: 'checkbox', checked: true })
  const list = h('ol.log', { tabindex: 0, 'aria-label': 'Decisions, newest first' })
  const empty = h('p.muted', { hidden: true })
  const fresh = h('button.fresh', { type: 'button', hidden: true })
  const rows = new Map<string, ReturnType<typeof createRow>>()
  let latest: (() => void) | undefined
  const element = h(
    'section.card.decisions',
    { 'aria-labelledby': 'log-title' },
    h(
      'div.log-head',
      {},
      h('h2', { id: 'log-title' }, 'Decisions'),
      service,
      h('label', {}, changes, ' changes only'),
    ),
    fresh,
    list,
    empty,
  )
  const refilter = () => {
    list.scrollTop = 0
    latest?.()
  }
  for (const control of [service, changes]) control.addEventListener('change', refilter)
  list.addEventListener('scroll', () => list.scrollTop < 8 && latest?.())
  fresh.addEventListener('click', () => {
    list.scrollTop = 0
    latest?.()
    list.focus()
  })
  return {
    element,
    update(state, choices) {
      offerServices(service, state)
      latest = () => {
        const shown = state.log
          .filter(
            (row) =>
              (service.value === '' || row.service === service.value) &&
              (!changes.checked || row.from !== row.to),
          )
          .slice(0, ROWS_MAX)
        const reading = list.scrollTop >= 8
        const added = shown.filter(({ id }) => !rows.has(id)).length
        // who has scrolled down is reading: rows must not move under the eye
        fresh.hidden = !(reading && added > 0)
        setText(fresh, `↑ ${added} newer`)
        if (reading && added > 0) return
        for (const id of rows.keys()) if (!shown.some((row) => row.id === id)) rows.delete(id)
        const items = shown.map((decision) => {
          const row = rows.get(decision.id) ?? createRow(decision.id, context)
          rows.set(decision.id, row)
          row.update(decision, choices, demoDay(state))
          return row.element
        })
        place(list, items)
        empty.hidden = items.length > 0
        setText(
          empty,
          changes.checked ? 'No replica count was changed in this time.' : 'No decisions yet.',
        )
      }
      latest()
    },
  }
}

function offerServices(select: HTMLSelectElement, { services }: State): void {
  const names = [...services.keys()]
  if (select.options.length === names.length + 1) return
  const chosen = select.value
  select.replaceChildren(option('', 'all services'), ...names.map((name) => option(name)))
  select.value = names.includes(chosen) ? chosen : ''
}

function createRow(id: string, context: Context) {
  const time = h('time.tabular')
  const name = h('b')
  const change = h('span.change.tabular')
  const settled = h('span.settled')
  const rationale = h('span.why')
  const reason = h('span.chip')
  const bound = h('span.chip.bound')
  const button = h(
    'button.entry',
    { type: 'button', 'data-decision': id },
    h('span.line', {}, time, name, change),
    rationale,
    h('span.line', {}, reason, bound, settled),
  )
  button.addEventListener('click', () => context.explain(id))
  return {
    element: h('li', {}, button),
    update(decision: LoggedDecision, choices: Choices, day: DemoDay | null) {
      const { from, to, atMs } = decision
      setText(time, timeText(atMs, choices.clock, day))
      setAttribute(time, 'datetime', new Date(atMs).toISOString())
      setAttribute(time, 'title', fullTimeText(atMs, choices.clock))
      setText(name, decision.service)
      setText(change, from === to ? `= ${to}` : `${to > from ? '▲' : '▼'} ${from}→${to}`)
      setAttribute(change, 'data-way', from === to ? 'same' : to > from ? 'up' : 'down')
      const { mark, text } = SETTLEMENTS[decision.settlement]
      setText(settled, `${mark} ${text}`)
      setAttribute(settled, 'data-settlement', decision.settlement)
      setText(rationale, withoutPrefix(decision))
      setText(reason, REASONS[decision.reason])
      const { chip } = BOUNDS[decision.boundBy]
      bound.hidden = chip === ''
      setText(bound, `bound by ${chip}`)
    },
  }
}

/** The sentence begins with "service 4→6:", which the row has said already. */
function withoutPrefix({ rationale, service }: LoggedDecision): string {
  const colon = rationale.indexOf(': ')
  return rationale.startsWith(service) && colon > 0 ? rationale.slice(colon + 2) : rationale
}
