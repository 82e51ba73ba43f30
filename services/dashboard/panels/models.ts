/** A service's models: which version forecasts, which challenges it, which came before; opened on demand. */
import type { ModelStatus, ModelVersion, TrainingReason } from '../../models/model-version.ts'
import type { TimeView } from '../charts/time-chart.ts'
import type { ServiceState } from '../data/state.ts'
import type { Choices, Context } from '../ui/context.ts'
import { h, place, setAttribute, setText } from '../ui/dom.ts'
import { type DemoDay, fullTimeText, timeText } from '../ui/time.ts'
import { MODELS } from './words.ts'

const ROWS_MAX = 12

const STATUSES: Record<ModelStatus, { readonly mark: string; readonly text: string }> = {
  champion: { mark: '●', text: 'forecasts' },
  challenger: { mark: '◐', text: 'in the shadow' },
  retired: { mark: '○', text: 'retired' },
}

const REASONS: Record<TrainingReason, string> = {
  first: 'the first',
  grown: 'more history',
  scheduled: 'on schedule',
  drift: 'the load left its forecast',
  changepoint: 'its errors changed',
  config: 'other settings',
  manual: 'asked for',
  rollback: 'taken back',
  import: 'imported',
}

export function createModels(service: string, context: Context) {
  const summary = h('summary', {}, 'Models')
  const list = h('ol.models-list', { 'aria-label': `Versions of the model of ${service}` })
  const note = h('p.muted', { role: 'status', hidden: true })
  const retrain = h(
    'button',
    { type: 'button', 'aria-label': `Retrain the model of ${service}` },
    'Retrain',
  )
  const element = h('details.models', {}, summary, list, note, h('div.row', {}, retrain))
  const rows = new Map<number, ReturnType<typeof createRow>>()
  let loadedFor = -1
  let latest: { changes: number; clock: Choices['clock']; day: DemoDay | null } | undefined

  async function load(): Promise<void> {
    if (!latest || !element.open || loadedFor === latest.changes) return
    const { changes, clock, day } = latest
    loadedFor = changes
    try {
      const { items } = await context.api.models({ service, limit: ROWS_MAX })
      note.hidden = items.length > 0
      setText(note, 'No model was fitted yet.')
      draw(items, clock, day)
    } catch (error) {
      loadedFor = -1
      note.hidden = false
      setText(note, error instanceof Error ? error.message : String(error))
    }
  }
  function draw(
    items: readonly ModelVersion[],
    clock: Choices['clock'],
    day: DemoDay | null,
  ): void {
    for (const number of rows.keys())
      if (!items.some((model) => model.number === number)) rows.delete(number)
    place(
      list,
      items.map((model) => {
        const row = rows.get(model.number) ?? createRow(service, context)
        rows.set(model.number, row)
        row.update(model, clock, day)
        return row.element
      }),
    )
  }
  element.addEventListener('toggle', () => void load())
  retrain.addEventListener('click', () => {
    void context.act(retrain, async () => {
      await context.api.retrain(service)
      note.hidden = false
      setText(note, 'It will be fitted at the next tick.')
    })
  })
  return {
    element,
    update(
      { modelChanges, forecast }: ServiceState,
      { clock, demo }: Pick<TimeView, 'clock' | 'demo'>,
    ) {
      latest = { changes: modelChanges, clock, day: demo }
      setText(summary, forecast ? `Models: ${nameOf(forecast.model.kind)} forecasts` : 'Models')
      void load()
    },
  }
}

const nameOf = (kind: string): string => MODELS[kind] ?? kind

function createRow(service: string, context: Context) {
  const status = h('span.model-status')
  const name = h('b')
  const time = h('time.tabular')
  const reason = h('span.chip')
  const score = h('span.tabular')
  const why = h('span.why')
  const button = h('button', { type: 'button' })
  const element = h('li', {}, h('span.line', {}, status, name, time, reason, score), why, button)
  let act: (() => Promise<unknown>) | undefined
  button.addEventListener('click', () => void (act && context.act(button, act)))
  return {
    element,
    update(model: ModelVersion, clock: Choices['clock'], day: DemoDay | null) {
      const { number, kind, fittedAtMs, quality } = model
      const { mark, text } = STATUSES[model.status]
      setAttribute(element, 'data-status', model.status)
      setText(status, `${mark} ${text}`)
      setText(name, `${number} ${nameOf(kind)}`)
      setText(time, timeText(fittedAtMs, clock, day))
      setAttribute(time, 'datetime', new Date(fittedAtMs).toISOString())
      setAttribute(time, 'title', fullTimeText(fittedAtMs, clock))
      setText(reason, REASONS[model.reason])
      setText(
        score,
        quality.scaledPinball === null ? 'not scored' : `loss ${quality.scaledPinball.toFixed(3)}`,
      )
      setText(why, standingOf(model))
      act = undefined
      if (model.status === 'challenger') {
        setText(button, 'Promote')
        act = () => context.api.promote(service, number)
      } else if (model.status === 'retired' && model.hasArtifact) {
        setText(button, 'Roll back')
        act = () => context.api.rollBack(service, number)
      }
      button.hidden = act === undefined
      setAttribute(button, 'aria-label', `${button.textContent} to version ${number} of ${service}`)
    },
  }
}

/** Why it stands where it stands. */
function standingOf(model: ModelVersion): string {
  if (model.status === 'retired') return model.retiredWhy ?? ''
  const parts = [model.detail, model.status === 'champion' ? (model.promotedWhy ?? '') : '']
  return parts.filter(Boolean).join('; ')
}
