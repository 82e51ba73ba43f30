/** Real extra load on the demo: choose how much and how long, see what runs, stop it. Hidden without a demo. */
import { nowOf } from '../data/loader.ts'
import type { SeenSpike } from '../data/spikes.ts'
import type { State } from '../data/state.ts'
import type { Context } from '../ui/context.ts'
import { h, option, place, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

const FACTORS = [2, 3, 5]
const DURATIONS_MS = [15_000, 30_000, 60_000, 120_000]

export function createSpikes(service: string, context: Context) {
  const factor = h(
    'select',
    { 'aria-label': `Spike factor for ${service}` },
    ...FACTORS.map((f) => option(String(f), `×${f}`)),
  )
  const duration = h(
    'select',
    { 'aria-label': `Spike duration for ${service}` },
    ...DURATIONS_MS.map((ms) => option(String(ms), `for ${format.span(ms)}`)),
  )
  factor.value = '3'
  duration.value = '30000'
  const start = h(
    'button.spike',
    { type: 'submit', 'aria-label': `Spike the load of ${service}` },
    '⚡ Spike the load',
  )
  const form = h('form.spike-form', {}, start, factor, duration)
  const running = h('ul.spikes')
  const rows = new Map<string, ReturnType<typeof createRow>>()
  const element = h('div.spike-panel', { hidden: true }, form, running)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void context.act(start, async () => {
      await context.api.startSpike({
        service,
        factor: Number(factor.value),
        durationMs: Number(duration.value),
      })
      await context.refreshDemo()
    })
  })
  return {
    element,
    update(state: State) {
      element.hidden = !state.demo
      const nowMs = nowOf(state)
      const shown = (state.demo?.spikes ?? []).filter((spike) => spike.service === service)
      const items = shown.map((spike) => {
        const row = rows.get(spike.id) ?? createRow(spike.id, service, context)
        rows.set(spike.id, row)
        row.update(
          state.spikes.find((seen) => seen.id === spike.id),
          nowMs,
        )
        return row.element
      })
      for (const id of rows.keys()) if (!shown.some((spike) => spike.id === id)) rows.delete(id)
      place(running, items)
    },
  }
}

function createRow(id: string, service: string, context: Context) {
  const text = h('span.tabular')
  const stop = h(
    'button.quiet',
    { type: 'button', 'aria-label': `Stop the spike on ${service}` },
    'Stop',
  )
  stop.addEventListener('click', () => {
    void context.act(stop, async () => {
      await context.api.stopSpike(id)
      await context.refreshDemo()
    })
  })
  return {
    element: h('li', {}, text, stop),
    update(spike: SeenSpike | undefined, nowMs: number) {
      if (!spike) return
      const left = Math.max(0, Math.round((spike.toMs - nowMs) / 1000))
      setText(text, `×${spike.factor} spike, ${left} s left`)
    },
  }
}
