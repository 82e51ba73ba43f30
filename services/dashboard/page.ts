/** The page's parts and what each is given at every drawing: header, the whole, one card per service, the log. */
import type { TimeView } from './charts/time-chart.ts'
import { INITIAL, type State } from './data/state.ts'
import { createAccounts } from './panels/accounts.ts'
import { createAlerts } from './panels/alerts.ts'
import { createDecisionLog } from './panels/decision-log.ts'
import { createFleet } from './panels/fleet.ts'
import { createHeader } from './panels/header.ts'
import { createOutlook } from './panels/outlook.ts'
import { createRequests } from './panels/requests.ts'
import { createRollouts } from './panels/rollouts.ts'
import { createServiceCard, type ServiceCard } from './panels/service-card.ts'
import { createSizes } from './panels/sizes.ts'
import { createTrainings } from './panels/trainings.ts'
import { type Choices, type Context, demoDay } from './ui/context.ts'
import { h, place } from './ui/dom.ts'

/** The part of the charts that lies ahead of now, at most. */
const AHEAD_SHARE = 0.25

export interface Page {
  readonly element: HTMLElement
  update(state: State, choices: Choices): void
  /** After a change of theme. */
  repaint(): void
  /** Asks again for what no event carries: outlook, accounts, sizes, requests. */
  refresh(): Promise<void>
  /** Services whose cards are in view. */
  seen(): string[]
}

export function createPage(context: Context, choose: (change: Partial<Choices>) => void): Page {
  const fleet = createFleet(context)
  const cards = createCards(context)
  const log = createDecisionLog(context)
  const alerts = createAlerts(context)
  const outlook = createOutlook(context)
  const accounts = createAccounts(context)
  const rollouts = createRollouts(context)
  const sizes = createSizes(context)
  const requests = createRequests(context)
  const trainings = createTrainings(context)
  const repaint = () => {
    fleet.repaint()
    outlook.repaint()
    cards.repaint()
    trainings.repaint()
  }
  const header = createHeader({ context, choose, themeChanged: repaint })
  const waiting = h('p.waiting.muted', { role: 'status' }, 'Waiting for the controller…')
  const ahead = h('div.ahead', {}, alerts.element, outlook.element)
  const books = h('div.books', {}, accounts.element, rollouts.element)
  const now = h('div.now', {}, cards.element, log.element)
  const parts = [
    fleet.element,
    ahead,
    now,
    books,
    sizes.element,
    requests.element,
    trainings.element,
  ]
  const main = h('main', { hidden: true }, ...parts)
  let drawn: State = INITIAL
  let drawnFor = ''
  return {
    element: h('div.page', {}, header.element, header.about, waiting, main),
    repaint,
    async refresh() {
      const asked = [outlook, accounts, sizes, requests]
      await Promise.all(asked.map((panel) => panel.refresh()))
    },
    seen: cards.seen,
    update(state, choices) {
      header.update(state, choices)
      const chosen = JSON.stringify(choices)
      if (state === drawn && chosen === drawnFor) return cards.countDown(state)
      drawn = state
      drawnFor = chosen
      waiting.hidden = state.services.size > 0
      main.hidden = state.services.size === 0
      if (main.hidden) return
      const view = timeView(state, choices)
      fleet.update(state, view)
      cards.update(state, view)
      log.update(state, choices)
      alerts.update(state, choices)
      outlook.update(state, choices)
      accounts.update(state)
      rollouts.update(state)
      trainings.update(state)
    },
  }
}

/** One card per service, in the controller's order. */
function createCards(context: Context) {
  const cards = new Map<string, ServiceCard>()
  const element = h('section.services', { 'aria-label': 'Services in detail' })
  const sync = ({ services }: State) => {
    for (const [name, card] of cards) {
      if (services.has(name)) continue
      card.destroy()
      cards.delete(name)
    }
    for (const name of services.keys()) {
      if (!cards.has(name)) cards.set(name, createServiceCard(name, context))
    }
    place(
      element,
      [...services.keys()].map((name) => cards.get(name)!.element),
    )
  }
  return {
    element,
    seen: () => [...cards].filter(([, card]) => card.visible()).map(([name]) => name),
    countDown(state: State) {
      for (const card of cards.values()) card.countDown(state)
    },
    repaint() {
      for (const card of cards.values()) card.repaint()
    },
    update(state: State, view: TimeView) {
      sync(state)
      for (const [name, service] of state.services) cards.get(name)!.update(service, state, view)
    },
  }
}

function timeView(state: State, { clock, windowMs }: Choices): TimeView {
  // the newest news is "now": between ticks nothing is known
  const nowMs = state.atMs
  const ends = [...state.services.values()].map(({ forecast }) =>
    forecast ? forecast.issuedAtMs + forecast.stepMs * (forecast.quantiles[0]?.length ?? 0) : nowMs,
  )
  const aheadMs = Math.min(windowMs * AHEAD_SHARE, Math.max(0, Math.max(...ends) - nowMs))
  return {
    fromMs: nowMs - windowMs,
    toMs: nowMs + aheadMs,
    nowMs,
    recordedUntilMs: state.demo?.recording?.toMs ?? null,
    spikes: state.spikes,
    clock,
    demo: demoDay(state),
  }
}
