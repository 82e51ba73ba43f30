/** Policies in training: how far the newest ones are, and the reward curves of the newest as they grow. Hidden while there are none. */
import type { TrainingRound } from '../../trainings/progress.ts'
import type { TrainingState, TrainingView } from '../../trainings/training.ts'
import { type Curve, createCurveChart } from '../charts/curve-chart.ts'
import type { State } from '../data/state.ts'
import { NO_TRAININGS, type SeenTrainings } from '../data/trainings.ts'
import type { Context } from '../ui/context.ts'
import { h, place, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

const STANDS: Readonly<Record<TrainingState, string>> = {
  queued: '◌ waits',
  running: '◔ trains',
  done: '● done',
  cancelled: '○ cancelled',
  failed: '✕ failed',
}

export interface TrainingsPanel {
  readonly element: HTMLElement
  update(state: State): void
  repaint(): void
}

export function createTrainings(context: Context): TrainingsPanel {
  const list = h('ol.models-list', { 'aria-label': 'Trainings, the newest first' })
  const whose = h('p.muted')
  const charts = h('div.training-charts')
  const measures = [
    measureOf('Reward while learning, with its spread over episodes', ({ explored }) => explored, {
      spread: ({ exploredDeviation }) => exploredDeviation,
    }),
    measureOf('Gain of the judged policy', ({ gain }) => gain),
    measureOf('Entropy', statistic('entropy')),
    measureOf('Loss', statistic('valueLoss', 'loss', 'criticLoss')),
  ]
  place(
    charts,
    measures.map(({ chart }) => chart.element),
  )
  const element = h(
    'section.card.trainings',
    { 'aria-labelledby': 'trainings-title', hidden: true },
    h('h2', { id: 'trainings-title' }, 'Trainings'),
    list,
    whose,
    charts,
  )
  let drawn: SeenTrainings = NO_TRAININGS
  return {
    element,
    update({ trainings }) {
      if (trainings === drawn) return
      drawn = trainings
      const { shown } = trainings
      element.hidden = shown.length === 0
      place(
        list,
        shown.map((training) => rowOf(training, context)),
      )
      // what trains now, else the newest
      const plotted = shown.find(({ state }) => state === 'running') ?? shown[0]
      if (!plotted) return
      setText(whose, `Training ${plotted.number} ${plotted.name}, over decisions learned from:`)
      for (const measure of measures) measure.update(plotted)
    },
    repaint() {
      for (const { chart } of measures) chart.repaint()
    },
  }
}

type Read = (round: TrainingRound) => number | undefined

/** The first of these that the learner tells of. */
function statistic(...names: readonly string[]): Read {
  return ({ statistics }) =>
    names.map((name) => statistics[name]).find((value) => value !== undefined)
}

/** One chart; hidden where the learner does not tell of its measure. */
function measureOf(title: string, read: Read, { spread }: { readonly spread?: Read } = {}) {
  const chart = createCurveChart(title)
  return {
    chart,
    update({ curves }: TrainingView): void {
      const lines = curves.map(({ folder, rounds }): Curve => {
        const points = rounds.flatMap((round) => {
          const y = read(round)
          return y === undefined ? [] : [{ x: round.steps, y, spread: spread?.(round) ?? 0 }]
        })
        return { label: folder === '' ? 'the run' : folder, points }
      })
      chart.element.hidden = lines.every(({ points }) => points.length === 0)
      chart.update(lines)
    },
  }
}

function rowOf(training: TrainingView, context: Context): HTMLElement {
  const { number, name, state, steps, stepsDone, etaMs, policy, detail, why } = training
  const left = etaMs === null ? '' : `, ${format.span(etaMs)} left at most`
  const done = format.percent(stepsDone / steps)
  return h(
    'li',
    { 'data-training': number },
    h(
      'span.line',
      {},
      h('span.model-status', {}, STANDS[state]),
      h('b', {}, `${number} ${name}`),
      h('span.chip', {}, `${done}${left}`),
      policy ? h('span.chip', {}, `policy ${policy}`) : null,
    ),
    h('progress', { max: steps, value: stepsDone, 'aria-label': `Training ${number}: ${done}` }),
    h('span.why', {}, detail ?? why),
    stepButton(training, context),
  )
}

/** End one that runs or waits, have one go on that was ended; nothing of one that is done. */
function stepButton({ number, state }: TrainingView, { api, act }: Context): HTMLElement | null {
  if (state === 'done') return null
  const ends = state === 'queued' || state === 'running'
  const words = ends ? 'Cancel' : 'Resume'
  const button = h('button', { type: 'button', 'aria-label': `${words} training ${number}` }, words)
  button.addEventListener('click', () => {
    void act(button, () => (ends ? api.cancelTraining(number) : api.resumeTraining(number)))
  })
  return button
}
