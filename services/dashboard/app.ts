/** The page put together: one state, one way in for news, one drawing per frame while the page is seen. */

import type { TimeView } from './charts/time-chart.ts'
import { api } from './data/api.ts'
import { createLoader } from './data/loader.ts'
import { INITIAL, type News, reduce, type State } from './data/state.ts'
import { openStream } from './data/stream.ts'
import { createDecisionLog } from './panels/decision-log.ts'
import { createFleet } from './panels/fleet.ts'
import { createHeader } from './panels/header.ts'
import { createServiceCard, type ServiceCard } from './panels/service-card.ts'
import { createToasts } from './panels/toasts.ts'
import { createWhyPanel } from './panels/why.ts'
import { type Choices, type Context, demoDay } from './ui/context.ts'
import { h, place } from './ui/dom.ts'
import { recall, store } from './ui/preferences.ts'
import { onSystemTheme } from './ui/theme.ts'
import type { Clock } from './ui/time.ts'

const REDRAW_MS = 1000
const DEMO_EVERY_MS = 4000
const TAIL_EVERY_MS = 8000
/** The part of the charts that lies ahead of now, at most. */
const AHEAD_SHARE = 0.25

export function startApp(root: HTMLElement): void {
  let state: State = INITIAL
  let choices = recallChoices()
  let isDrawing = false
  const tell = (news: News) => {
    state = reduce(state, news)
    draw()
  }
  const loader = createLoader(api, () => state, tell)
  const toasts = createToasts()
  const why = createWhyPanel(api, () => choices.clock)
  const context: Context = {
    api,
    act: toasts.act,
    refreshDemo: loader.demo,
    explain: (id) => void why.open(id),
  }
  const view = createView(context, {
    choose(change) {
      choices = { ...choices, ...change }
      for (const [key, value] of Object.entries(change)) store(key, String(value))
      draw()
    },
    redraw: () => draw(),
  })
  root.replaceChildren(view.element, why.element, toasts.element)

  function draw(): void {
    if (isDrawing || document.hidden) return
    isDrawing = true
    requestAnimationFrame(() => {
      isDrawing = false
      view.update(state, shownChoices(choices, state))
    })
  }
  const present = (again: boolean) => {
    const fromMs = again ? state.atMs - 2 * state.tickMs : undefined
    loader
      .snapshot()
      .then(() => loader.history(fromMs))
      // the stream goes on; the next opening asks again
      .catch(() => undefined)
  }
  openStream({
    url: '/v1/events',
    onEvent: (event) => tell({ kind: 'event', event, heardAtMs: Date.now() }),
    onConnection: (connection) => tell({ kind: 'connection', connection }),
    onOpen: present,
    quietMs: () => Math.max(15_000, 5 * state.tickMs),
  })
  setInterval(draw, REDRAW_MS)
  setInterval(() => void (state.connection.kind === 'live' && loader.demo()), DEMO_EVERY_MS)
  setInterval(() => {
    if (state.connection.kind === 'live' && !document.hidden) void loader.tail(view.seen())
  }, TAIL_EVERY_MS)
  document.addEventListener('visibilitychange', draw)
  onSystemTheme(() => view.repaint())
  draw()
}

function recallChoices(): Choices {
  const clock = recall('clock')
  const isClock = (text: string | null): text is Clock => text === 'utc' || text === 'demo'
  return { clock: isClock(clock) ? clock : 'local', windowMs: Number(recall('windowMs')) || 0 }
}

/** The window that was chosen, or the default one of this kind of installation. */
function shownChoices(choices: Choices, { demo }: State): Choices {
  const offered = demo
    ? [1, 0.25, 0.5, 2].map((days) => days * demo.dayMs)
    : [3_600_000, 600_000, 21_600_000]
  return offered.includes(choices.windowMs) ? choices : { ...choices, windowMs: offered[0]! }
}

interface ViewHandlers {
  choose(change: Partial<Choices>): void
  redraw(): void
}

function createView(context: Context, handlers: ViewHandlers) {
  const cards = new Map<string, ServiceCard>()
  const fleet = createFleet(context)
  const repaint = () => {
    fleet.repaint()
    for (const card of cards.values()) card.repaint()
  }
  const header = createHeader({ context, choose: handlers.choose, themeChanged: repaint })
  const log = createDecisionLog(context)
  const services = h('section.services', { 'aria-label': 'Services in detail' })
  const waiting = h('p.waiting.muted', { role: 'status' }, 'Waiting for the controller…')
  const element = h(
    'div.page',
    {},
    header.element,
    header.about,
    waiting,
    h('main', {}, fleet.element, services, log.element),
  )
  return {
    element,
    repaint,
    seen: () => [...cards].filter(([, card]) => card.visible()).map(([name]) => name),
    update(state: State, choices: Choices) {
      header.update(state, choices)
      waiting.hidden = state.services.size > 0
      element.classList.toggle('is-empty', state.services.size === 0)
      if (state.services.size === 0) return
      const view = timeView(state, choices)
      fleet.update(state, view)
      for (const [name, card] of cards) {
        if (state.services.has(name)) continue
        card.destroy()
        cards.delete(name)
      }
      for (const name of state.services.keys()) {
        if (!cards.has(name)) cards.set(name, createServiceCard(name, context))
      }
      place(
        services,
        [...state.services.keys()].map((name) => cards.get(name)!.element),
      )
      for (const [name, service] of state.services) cards.get(name)!.update(service, state, view)
      log.update(state, choices)
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
