/** The top line: what this is, whether it acts, whether the page is live, and what time it is in the demo. */
import type { Mode } from '../../../agents/service-spec.ts'
import { nowOf } from '../data/loader.ts'
import type { State } from '../data/state.ts'
import { type Choices, type Context, demoDay, type Panel } from '../ui/context.ts'
import { h, option, setAttribute, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'
import { shownTheme, toggleTheme } from '../ui/theme.ts'
import { type Clock, demoTime, fullTimeText, timeText } from '../ui/time.ts'

const MODES: readonly Mode[] = ['off', 'recommend', 'enforce']

export interface HeaderOptions {
  readonly context: Context
  choose(change: Partial<{ clock: Clock; windowMs: number }>): void
  themeChanged(): void
}

export interface Header extends Panel {
  /** Below the line: what kind of data this is. */
  readonly about: HTMLElement
}

export function createHeader({ context, choose, themeChanged }: HeaderOptions): Header {
  const mode = h('select', { 'aria-label': 'Global mode' }, ...MODES.map((m) => option(m)))
  const pause = h('button.pause', { type: 'button' }, 'Pause')
  const connection = h('span.connection', { role: 'status' })
  const leader = h('span.leader')
  const demo = createDemoLine()
  const clock = h(
    'select',
    { 'aria-label': 'Times shown as' },
    option('local', 'local time'),
    option('utc', 'UTC'),
  )
  const windows = h('select', { 'aria-label': 'Time shown in charts' })
  const theme = h('button.quiet', { type: 'button' })
  let paused = false
  const showTheme = () => {
    const other = shownTheme() === 'dark' ? 'light' : 'dark'
    setText(theme, other === 'dark' ? '◐ dark' : '◑ light')
    theme.setAttribute('aria-label', `Switch to ${other} colours`)
  }
  mode.addEventListener('change', () => {
    const wanted = MODES[mode.selectedIndex]!
    void context.act(mode, () => context.api.setMode(wanted))
  })
  pause.addEventListener('click', () => {
    void context.act(pause, () => (paused ? context.api.resume() : context.api.pause()))
  })
  clock.addEventListener('change', () => choose({ clock: clock.value as Clock }))
  windows.addEventListener('change', () => choose({ windowMs: Number(windows.value) }))
  theme.addEventListener('click', () => {
    toggleTheme()
    showTheme()
    themeChanged()
  })
  showTheme()
  const element = h(
    'header.top',
    {},
    h('div.brand', {}, h('h1', {}, 'Forescale'), connection, leader),
    demo.element,
    h('div.controls', {}, h('label.mode', {}, 'mode ', mode), pause),
    h('div.controls.view', {}, windows, clock, theme),
  )
  return {
    element,
    about: demo.about,
    update(state, choices) {
      paused = state.paused
      showMode(mode, state)
      setText(pause, paused ? 'Paused: resume' : 'Pause writes')
      element.classList.toggle('is-paused', paused)
      setText(connection, connectionText(state))
      setAttribute(connection, 'data-kind', connectionKind(state))
      setText(leader, leaderText(state))
      offerWindows(windows, state, choices)
      const hasDay = demoDay(state) !== null
      if (hasDay && clock.options.length < 3) clock.append(option('demo', 'demo clock'))
      clock.value = choices.clock === 'demo' && !hasDay ? 'local' : choices.clock
      demo.update(state, choices)
    },
  }
}

/** Nothing where this controller is the only one. */
function leaderText({ leadership, budget }: State): string {
  const shard = budget?.shards ? `shard ${budget.shards.shard}` : ''
  if (leadership === null) return shard
  const { leads, leader, url } = leadership
  const where = url === '' ? '' : `, ${url}`
  const who = leads ? '★ leads' : `☆ follows ${leader ?? 'nobody yet'}${where}`
  return shard === '' ? who : `${who} · ${shard}`
}

function showMode(select: HTMLSelectElement, state: State): void {
  if (document.activeElement !== select && state.mode !== null) select.value = state.mode
  setAttribute(select, 'data-mode', state.mode)
}

/** No news for this long is worth saying. */
const quietMs = (state: State): number => Math.max(8000, 3 * state.tickMs)

function connectionKind(state: State): string {
  if (state.connection.kind !== 'live') return state.connection.kind
  return nowOf(state) - state.atMs > quietMs(state) ? 'quiet' : 'live'
}

function connectionText(state: State): string {
  switch (connectionKind(state)) {
    case 'live':
      return '● live'
    case 'quiet':
      return '◌ no recent news'
    case 'connecting':
      return '◌ connecting…'
    default:
      return '✕ disconnected, trying again'
  }
}

function offerWindows(select: HTMLSelectElement, state: State, choices: Choices): void {
  const { demo } = state
  const lengths = demo
    ? [0.25, 0.5, 1, 2].map((days) => days * demo.dayMs)
    : [600_000, 3_600_000, 21_600_000]
  const labels = demo
    ? ['last ¼ day', 'last ½ day', 'last day', 'last 2 days']
    : ['last 10 min', 'last hour', 'last 6 h']
  if (select.dataset.lengths !== lengths.join()) {
    select.dataset.lengths = lengths.join()
    select.replaceChildren(...lengths.map((ms, i) => option(String(ms), labels[i])))
  }
  select.value = String(choices.windowMs)
}

function createDemoLine(): Header {
  const clock = h('strong.tabular')
  const wall = h('span.muted.tabular')
  const workload = h('span')
  const recording = h('span.recorded')
  return {
    element: h('div.clocks', {}, clock, wall),
    about: h('p.about', {}, workload, recording),
    update(state, choices) {
      const day = demoDay(state)
      const nowMs = nowOf(state)
      clock.hidden = day === null
      if (day) {
        const { day: n, time } = demoTime(nowMs, day)
        setText(clock, `day ${n}, ${time}`)
        setAttribute(clock, 'title', `Compressed clock: a day lasts ${format.span(day.dayMs)}`)
      }
      setText(wall, state.atMs === 0 ? '' : wallText(nowMs, choices.clock))
      setAttribute(wall, 'title', fullTimeText(nowMs, choices.clock))
      workload.hidden = !state.demo
      setText(workload, `synthetic workload: ${state.demo?.workload ?? ''}`)
      const source = state.demo?.recording?.source
      recording.hidden = source === undefined
      setText(recording, 'history of earlier days: recorded demo load')
      setAttribute(recording, 'title', source ?? null)
    },
  }
}

/** The hour of the wall clock; the date stands in the title. */
function wallText(nowMs: number, clock: Clock): string {
  const zone = clock === 'utc' ? 'utc' : 'local'
  return `${timeText(nowMs, zone, null)} ${zone === 'utc' ? 'UTC' : 'local'}`
}
