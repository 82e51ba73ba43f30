/** The page put together: one state, one way in for news, few drawings, and only while the page is seen. */
import { api } from './data/api.ts'
import { createLoader } from './data/loader.ts'
import { INITIAL, type News, reduce, type State } from './data/state.ts'
import { openStream } from './data/stream.ts'
import { createPage } from './page.ts'
import { createToasts } from './panels/toasts.ts'
import { createWhyPanel } from './panels/why.ts'
import type { Choices, Context } from './ui/context.ts'
import { recall, store } from './ui/preferences.ts'
import { onSystemTheme } from './ui/theme.ts'
import type { Clock } from './ui/time.ts'

/** Clocks and countdowns go on between news. */
const CLOCK_MS = 1000
const DRAW_EVERY_MS = 150
const DEMO_EVERY_MS = 4000
const TAIL_EVERY_MS = 12_000
const OUTLOOK_EVERY_MS = 30_000

export function startApp(root: HTMLElement): void {
  let state: State = INITIAL
  let choices = recallChoices()
  let isDrawing = false
  let isStale = false
  const tell = (news: News) => {
    const { gaps } = state.trainings
    state = reduce(state, news)
    // a training that nobody here knows, or a round that was missed
    if (state.trainings.gaps !== gaps) void loader.trainings()
    draw()
  }
  const loader = createLoader(api, () => state, tell)
  const toasts = createToasts()
  const why = createWhyPanel(api, () => choices.clock)
  const context: Context = {
    api,
    act: toasts.act,
    refreshDemo: loader.demo,
    acknowledge: async (id) => tell({ kind: 'alerts', items: [await api.acknowledge(id)] }),
    explain: (id) => void why.open(id),
  }
  const view = createPage(context, (change) => {
    choices = { ...choices, ...change }
    for (const [key, value] of Object.entries(change)) store(key, String(value))
    draw()
  })
  root.replaceChildren(view.element, why.element, toasts.element)

  function draw(): void {
    isStale = true
    if (isDrawing || document.hidden) return
    isDrawing = true
    requestAnimationFrame(() => {
      view.update(state, shownChoices(choices, state))
      // a burst of news is one drawing, not one a frame
      setTimeout(() => {
        isDrawing = false
        if (isStale) draw()
      }, DRAW_EVERY_MS)
      isStale = false
    })
  }
  const present = (again: boolean) => {
    const fromMs = again ? state.atMs - 2 * state.tickMs : undefined
    loader
      .snapshot()
      .then(() => Promise.all([loader.history(fromMs), view.refresh()]))
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
  setInterval(draw, CLOCK_MS)
  setInterval(() => void (state.connection.kind === 'live' && loader.demo()), DEMO_EVERY_MS)
  setInterval(() => {
    if (state.connection.kind === 'live' && !document.hidden) void loader.tail(view.seen())
  }, TAIL_EVERY_MS)
  setInterval(() => {
    if (state.connection.kind === 'live' && !document.hidden) void view.refresh()
  }, OUTLOOK_EVERY_MS)
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
