/** One service: how it does, what was decided and why, its three charts, and its controls. */
import type { Mode, PolicyKind } from '../../../agents/service-spec.ts'
import { latencyChart, loadChart, replicaChart } from '../charts/service-charts.ts'
import type { TimeView } from '../charts/time-chart.ts'
import { coverageOf } from '../data/hindsight.ts'
import type { ServiceState, State } from '../data/state.ts'
import type { Context } from '../ui/context.ts'
import { h, option, setAttribute, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'
import { createModels } from './models.ts'
import { createParts } from './parts.ts'
import { createSpikes } from './spikes.ts'
import { healthOf, MODELS } from './words.ts'

export interface ServiceCard {
  readonly element: HTMLElement
  /** False while scrolled away: then nothing is drawn. */
  readonly visible: () => boolean
  update(service: ServiceState, state: State, view: TimeView): void
  /** Between news only the spikes' time left goes on. */
  countDown(state: State): void
  repaint(): void
  destroy(): void
}

export function createServiceCard(name: string, context: Context): ServiceCard {
  const charts = [loadChart(name), replicaChart(), latencyChart()]
  const head = createHead(name)
  const selects = createSelects(name, context)
  const figures = createFigures()
  const why = createWhy(context)
  const spikes = createSpikes(name, context)
  const parts = createParts(name, context)
  const models = createModels(name, context)
  const element = h(
    'article.card.service',
    { 'data-service': name, tabindex: -1, 'aria-label': `Service ${name}` },
    head.element,
    figures.element,
    why.element,
    ...charts.map(({ chart }) => chart.element),
    h('div.foot', {}, spikes.element, selects.element),
    parts.element,
    models.element,
  )
  let isVisible = true
  let pending: (() => void) | undefined
  const observer = new IntersectionObserver(
    (entries) => {
      isVisible = entries.at(-1)!.isIntersecting
      if (isVisible) pending?.()
    },
    { rootMargin: '300px' },
  )
  observer.observe(element)
  return {
    element,
    visible: () => isVisible,
    update(service, state, view) {
      pending = () => {
        head.update(service.status)
        selects.update(service.status)
        figures.update(service, view)
        why.update(service)
        spikes.update(state)
        parts.update(service)
        models.update(service, view)
        for (const chart of charts) chart.update(service, view)
      }
      if (isVisible) pending()
    },
    countDown: (state) => spikes.update(state),
    repaint() {
      for (const { chart } of charts) chart.repaint()
    },
    destroy() {
      observer.disconnect()
      for (const { chart } of charts) chart.destroy()
    },
  }
}

function createHead(name: string) {
  const health = h('span.health')
  const element = h('div.service-head', {}, h('h3', {}, name), health)
  return {
    element,
    update(status: ServiceState['status']) {
      const { kind, mark, text } = healthOf(status)
      setText(health, `${mark} ${text}`)
      setAttribute(health, 'data-health', kind)
    },
  }
}

function createSelects(name: string, context: Context) {
  const mode = h(
    'select',
    { 'aria-label': `Mode of ${name}` },
    ...['off', 'recommend', 'enforce'].map((value) => option(value)),
  )
  const policy = h(
    'select',
    { 'aria-label': `Policy of ${name}` },
    ...['predictive', 'learned', 'reactive'].map((value) => option(value)),
  )
  mode.addEventListener('change', () => {
    void context.act(mode, () => context.api.setServiceMode(name, mode.value as Mode))
  })
  policy.addEventListener('change', () => {
    void context.act(policy, () => context.api.setPolicy(name, policy.value as PolicyKind))
  })
  return {
    element: h('div.selects', {}, policy, mode),
    update(status: ServiceState['status']) {
      if (document.activeElement !== mode) mode.value = status.mode
      if (document.activeElement !== policy) policy.value = status.policy
    },
  }
}

function createFigures() {
  const load = createFigure('load')
  const replicas = createFigure('running')
  const latency = createFigure('latency p95')
  const held = createFigure('inside band')
  return {
    element: h('dl.figures', {}, load.element, replicas.element, latency.element, held.element),
    update({ status, tracks, hindsight, forecast }: ServiceState, view: TimeView) {
      load.show(
        format.figure(status.loadRps),
        'req/s',
        `${format.tick(status.capacityPerReplica)} a replica`,
      )
      const { replicas: counts, decision, minReplicas, maxReplicas } = status
      const to = decision && decision.to !== counts?.ready ? ` → ${decision.to}` : ''
      const moving = [
        counts?.starting ? `${counts.starting} starting` : '',
        counts?.terminating ? `${counts.terminating} draining` : '',
        `of ${minReplicas}–${maxReplicas}`,
      ]
      replicas.show(`${format.count(counts?.ready)}${to}`, '', moving.filter(Boolean).join(', '))
      latency.show(
        format.seconds(status.latencyP95Seconds),
        '',
        `SLO ${format.seconds(status.sloLatencySeconds)}`,
      )
      const { steps, inside } = coverageOf(tracks.requests_per_second, hindsight, view.fromMs)
      const model = status.fallback ? 'no usable forecast: fallback' : modelText(forecast)
      held.show(steps === 0 ? '–' : format.percent(inside / steps), '', model)
    },
  }
}

function modelText(forecast: ServiceState['forecast']): string {
  if (!forecast) return 'forecast not seen yet'
  return `${MODELS[forecast.model.kind] ?? forecast.model.kind}${forecast.drifting ? ', drifting' : ''}`
}

function createFigure(label: string) {
  const value = h('strong')
  const unit = h('span.muted')
  const note = h('small.muted')
  return {
    element: h('div', {}, h('dt', {}, label), h('dd', {}, value, ' ', unit, note)),
    show(text: string, unitText: string, noteText: string) {
      setText(value, text)
      setText(unit, unitText)
      setText(note, noteText)
    },
  }
}

function createWhy(context: Context) {
  const text = h('span')
  const button = h('button.link', { type: 'button' }, 'why?')
  const element = h('p.rationale', {}, text, ' ', button)
  let id = ''
  button.addEventListener('click', () => context.explain(id))
  return {
    element,
    update({ status: { decision, service } }: ServiceState) {
      element.hidden = decision === null
      if (!decision) return
      id = decision.id
      setText(text, decision.rationale)
      setAttribute(button, 'aria-label', `Why ${decision.to} replicas for ${service}?`)
    },
  }
}
