/** What a service's forecast is made of, step by step, and what it hangs on; opened on demand. */
import type {
  CovariateVerdict,
  FeatureImportance,
  ForecastExplanation,
  ForecastPart,
} from '../../explanations/view.ts'
import { partWords, spanWords } from '../../explanations/words.ts'
import type { ServiceState } from '../data/state.ts'
import type { Context } from '../ui/context.ts'
import { h, place, setAttribute, setText, svg } from '../ui/dom.ts'
import * as format from '../ui/format.ts'
import { MODELS } from './words.ts'

const BAR_WIDTH = 100
const BAR_HEIGHT = 10
const ASK_AGAIN_MS = 1000
const MOST_ASKED = 120

export function createParts(service: string, context: Context) {
  const step = h('input', {
    type: 'range',
    min: 0,
    max: 0,
    value: 0,
    'aria-label': `Step ahead of ${service} that is taken apart`,
  })
  const ahead = h('output.tabular')
  const body = h('tbody')
  const table = h(
    'table.parts-table',
    {},
    h('caption.hidden', {}, `What the forecast of ${service} is made of`),
    h(
      'thead.hidden',
      {},
      h('tr', {}, ...['part', 'load', 'share'].map((text) => h('th', { scope: 'col' }, text))),
    ),
    body,
  )
  const models = h('p.muted')
  const covariates = h('ul.parts-covariates', { 'aria-label': `Covariates of ${service}` })
  const note = h('p.muted', { role: 'status', hidden: true })
  const importance = createImportance(service, context)
  const element = h(
    'details.parts',
    {},
    h('summary', {}, 'What this forecast is made of'),
    h('label.row', {}, step, ahead),
    table,
    models,
    covariates,
    note,
    importance.element,
  )
  let shown: ForecastExplanation | undefined
  let loadedFor = Number.NaN
  let issuedAtMs = Number.NaN

  async function load(): Promise<void> {
    if (!element.open || loadedFor === issuedAtMs) return
    const asked = issuedAtMs
    loadedFor = asked
    try {
      const answer = await context.api.forecastExplanation(service)
      // a newer one was asked for meanwhile
      if (loadedFor !== asked) return
      shown = answer
      note.hidden = true
      draw()
    } catch (error) {
      note.hidden = false
      setText(note, error instanceof Error ? error.message : String(error))
    }
  }
  function draw(): void {
    if (!shown) return
    const { point, parts, stepMs, members } = shown
    setAttribute(step, 'max', String(Math.max(0, point.length - 1)))
    const k = Math.min(Number(step.value), point.length - 1)
    setText(ahead, `in ${format.span((k + 1) * stepMs)}`)
    const most = Math.max(point[k]!, ...parts.map(({ values }) => Math.abs(values[k]!)), 1e-9)
    place(body, [
      ...parts.map((part, i) => partRow(part, k, most, i === 0)),
      row('forecast', format.rps(point[k]!), bar(point[k]!, most), 'total'),
    ])
    const shares = members.map(({ kind, weights }) => shareText(kind, weights[k] ?? 0))
    setText(models, shares.length > 1 ? `Models: ${shares.join(', ')}` : '')
    place(covariates, shown.covariates.map(covariateRow))
  }
  element.addEventListener('toggle', () => void load())
  step.addEventListener('input', draw)
  return {
    element,
    update({ forecast }: ServiceState) {
      issuedAtMs = forecast?.issuedAtMs ?? 0
      void load()
    },
  }
}

const shareText = (kind: string, weight: number): string =>
  `${MODELS[kind] ?? kind} ${format.percent(weight)}`

function partRow(part: ForecastPart, k: number, most: number, isFirst: boolean): HTMLElement {
  const value = part.values[k]!
  const sign = value > 0 && !isFirst ? '+' : ''
  const words =
    part.model === null ? partWords(part) : `all that ${MODELS[part.model] ?? part.model} says`
  return row(words, `${sign}${format.rps(value)}`, bar(value, most), part.name)
}

function row(name: string, value: string, picture: Element, kind: string): HTMLElement {
  return h(
    'tr',
    { 'data-part': kind },
    h('th', { scope: 'row' }, name),
    h('td.tabular', {}, value),
    h('td', {}, picture),
  )
}

/** From the middle to the right what is added, to the left what is taken away. */
function bar(value: number, most: number): Element {
  const half = BAR_WIDTH / 2
  const width = (half * Math.min(Math.abs(value), most)) / most
  return svg(
    'svg',
    { viewBox: `0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`, class: 'part-bar', 'aria-hidden': 'true' },
    svg('line', { x1: half, x2: half, y1: 0, y2: BAR_HEIGHT }),
    svg('rect', {
      x: value < 0 ? half - width : half,
      y: 1,
      width,
      height: BAR_HEIGHT - 2,
      class: value < 0 ? 'taken' : 'added',
    }),
  )
}

function covariateRow({ name, used, effect, form, note }: CovariateVerdict): HTMLElement {
  const does = form === 'additive' ? `adds ${format.rps(effect)}` : `×${format.figure(effect)}`
  return h('li', {}, h('b', {}, name), used ? ` ${does}` : ` is not used: ${note}`)
}

function createImportance(service: string, context: Context) {
  const button = h(
    'button',
    { type: 'button', 'aria-label': `What do they hang on? Forecasts of ${service}` },
    'What do they hang on?',
  )
  const list = h('ol.parts-inputs', { 'aria-label': `What the forecasts of ${service} hang on` })
  const note = h('p.muted', { role: 'status', hidden: true })
  button.addEventListener('click', () => {
    void context.act(button, async () => {
      const found = await asked(() => context.api.importance(service))
      place(list, rowsOf(found))
      note.hidden = false
      setText(note, noteOf(found))
    })
  })
  return { element: h('div.importance', {}, button, list, note) }
}

/** Asks until it is worked out. */
async function asked(ask: () => Promise<FeatureImportance>): Promise<FeatureImportance> {
  let found = await ask()
  for (let i = 0; i < MOST_ASKED && found.state === 'computing'; i++) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    found = await ask()
  }
  return found
}

function rowsOf({ inputs, neural }: FeatureImportance): HTMLElement[] {
  return [
    ...inputs.map(({ input, seasonMs, lossRatio }) =>
      h('li', {}, inputText(input, seasonMs), h('b.tabular', {}, ` ×${format.figure(lossRatio)}`)),
    ),
    ...neural.flatMap(({ model, groups }) =>
      groups.map(({ name, newest }) => {
        const value = `${newest > 0 ? '+' : ''}${format.rps(newest)}`
        return h('li', {}, `${MODELS[model] ?? model}: ${name}`, h('b.tabular', {}, ` ${value}`))
      }),
    ),
  ]
}

function inputText(input: FeatureImportance['inputs'][number]['input'], seasonMs: number | null) {
  if (input === 'season') return `season of ${spanWords(seasonMs ?? 0)}`
  return input === 'recent' ? 'newest steps' : 'covariates'
}

function noteOf({ state, issueTimes }: FeatureImportance): string {
  if (state === 'computing') return 'Still being worked out: ask again later.'
  if (state === 'not-possible') return 'The history is too short to say.'
  return `× times as much is lost when it is permuted, over ${issueTimes} issue times.`
}
