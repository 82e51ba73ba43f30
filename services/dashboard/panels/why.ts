/** "Why this number": one decision with its inputs, demand, menu, limit and counterfactual, and its replay. */

import type { Explanation, ReplayReport } from '../../explanations/explanation.ts'
import { lossCurve } from '../charts/loss-curve.ts'
import type { Context } from '../ui/context.ts'
import { h, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'
import { type Clock, fullTimeText } from '../ui/time.ts'
import { learnedBy, movedBy } from './moved.ts'
import { BOUNDS, REASONS, SETTLEMENTS } from './words.ts'

export interface WhyPanel {
  readonly element: HTMLElement
  open(decisionId: string): Promise<void>
}

/** Levels that the panel names; the API has more. */
const LEVELS = [0.05, 0.5, 0.8, 0.95, 0.99]

export function createWhyPanel(api: Context['api'], clock: () => Clock): WhyPanel {
  const title = h('h2', { id: 'why-title' })
  const close = h('button.quiet', { type: 'button', 'aria-label': 'Close' }, '✕')
  const body = h('div.why-body')
  const element = h(
    'dialog.why',
    { 'aria-labelledby': 'why-title' },
    h('div.why-head', {}, title, close),
    body,
  )
  let asked = ''
  close.addEventListener('click', () => element.close())
  // a click beside the panel closes it
  element.addEventListener('click', (event) => event.target === element && element.close())
  return {
    element,
    async open(decisionId) {
      asked = decisionId
      setText(title, 'Why this number?')
      body.replaceChildren(h('p.muted', { role: 'status' }, 'Recalling the decision…'))
      if (!element.open) element.showModal()
      try {
        const explanation = await api.explain(decisionId)
        if (asked !== decisionId) return
        const { service, from, to } = explanation.decision
        setText(
          title,
          from === to ? `Why does ${service} stay at ${to}?` : `Why ${service} ${from} → ${to}?`,
        )
        body.replaceChildren(...sections(explanation, api, clock()))
        body.scrollTop = 0
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        body.replaceChildren(
          h('p.alarm', { role: 'alert' }, `The explanation is not to be had: ${text}`),
        )
      }
    },
  }
}

function sections(explanation: Explanation, api: Context['api'], clock: Clock): HTMLElement[] {
  const { decision } = explanation
  return [
    h('p.lead', {}, decision.rationale),
    outcome(explanation, clock),
    section(
      'What bound it',
      h('p', {}, BOUNDS[explanation.boundBy].sentence),
      h('p', {}, counterfactual(explanation)),
    ),
    section('What moved it', movedBy(explanation, clock)),
    ...learnedSection(explanation),
    section('The menu: what each replica count would lose and cost', lossCurve(explanation)),
    section('The load it must carry', demand(explanation)),
    section('What was known', inputs(explanation)),
    section('Is that really so?', replay(decision.id, api)),
  ]
}

/** Only where a learned policy acted. */
function learnedSection({ learned }: Explanation): HTMLElement[] {
  return learned ? [section('What the learned policy made of what it saw', learnedBy(learned))] : []
}

const section = (title: string, ...content: HTMLElement[]): HTMLElement =>
  h('section', {}, h('h3', {}, title), ...content)

function outcome({ decision }: Explanation, clock: Clock): HTMLElement {
  const { mark, text } = SETTLEMENTS[decision.settlement]
  const chips = [
    `${mark} ${text}`,
    `policy ${decision.policy}`,
    `mode ${decision.mode}`,
    `reason: ${REASONS[decision.reason]}`,
    `tick ${decision.tick}`,
    fullTimeText(decision.atMs, clock),
  ]
  return h(
    'div',
    {},
    h('p.chips', {}, ...chips.map((chip) => h('span.chip', {}, chip))),
    decision.detail ? h('p.muted', {}, decision.detail) : null,
  )
}

function counterfactual({ decision, counterfactual: c }: Explanation): string {
  const more = `With ${format.perHour(c.extraBudgetPerHour)} more`
  const fleet = `all services together would avoid ${format.rps(c.fleetLossAvoided)} (weighted) outside the SLO`
  if (c.to === decision.to && c.fleetLossAvoided <= 0) return `${more} nothing would change.`
  return c.to === decision.to
    ? `${more} this service would stay at ${c.to}; ${fleet}.`
    : `${more} it would get ${c.to} and avoid ${format.rps(c.lossAvoided)}; ${fleet}.`
}

function demand({ observation, forecast }: Explanation): HTMLElement {
  const { demand: levels, capacityPerReplica } = observation
  if (!levels)
    return h('p.muted', {}, 'There was no usable forecast: the reactive rule decided alone.')
  const shown = levels.filter(({ level }) => LEVELS.includes(level))
  const most = Math.max(...shown.map(({ rps }) => rps), 1e-9)
  const rows = shown.map(({ level, rps }) => {
    const bar = h('span.bar', { 'aria-hidden': 'true' })
    bar.style.width = `${(rps / most) * 100}%`
    const needs = Math.ceil(rps / capacityPerReplica)
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, `${format.tick(level * 100)} %`),
      h('td', {}, format.rps(rps)),
      h('td', {}, `${needs} ${needs === 1 ? 'replica' : 'replicas'}`),
      h('td.bars', {}, bar),
    )
  })
  const heads = ['of forecasts stay under', 'load', 'needs']
  const head = h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)), h('td'))
  return h(
    'div',
    {},
    h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows)),
    forecast ? h('p.muted', {}, quality(forecast)) : null,
  )
}

function quality({ model, quality: q, drifting }: NonNullable<Explanation['forecast']>): string {
  const figures = [
    q.mase === null ? '' : `error ${format.figure(q.mase)} × seasonal naive (MASE)`,
    q.coverage90 === null
      ? ''
      : `${format.percent(q.coverage90)} of backtested loads inside the 90 % interval`,
    `${q.origins} backtest origins`,
    drifting ? 'drifting: the band is widened' : '',
  ]
  return `Model ${model.kind}, version ${model.version}: ${figures.filter(Boolean).join(', ')}.`
}

function inputs({ observation, decision, proposal }: Explanation): HTMLElement {
  const { ready, starting, terminating, requested } = observation.replicas
  const pairs: [string, string][] = [
    [
      'load',
      `${format.rps(observation.loadRps)} (${observation.freshness}${observation.drifting ? ', drifting' : ''})`,
    ],
    [
      'replicas',
      `${ready} running, ${starting} starting, ${terminating} draining; ${requested} asked for`,
    ],
    ['lead time', format.span(observation.leadTimeMs)],
    [
      'one replica carries',
      `${format.rps(observation.capacityPerReplica)} within its SLO; saturates at ${format.rps(observation.saturationPerReplica)}`,
    ],
    ['reactive need', `${decision.reactiveNeed} replicas`],
    ['agent wanted', `${decision.wanted}, preferred ${proposal.preferred} within limits`],
    ['limits allowed', `${proposal.allowed.min} to ${proposal.allowed.max} replicas at this tick`],
    ['decided', `${decision.to} replicas, ${format.perHour(decision.costPerHour)}`],
    ['expected outside the SLO', format.rps(decision.expectedLoss)],
    ['shadow price', format.price(decision.shadowPrice)],
  ]
  return h(
    'dl.pairs',
    {},
    ...pairs.flatMap(([key, value]) => [h('dt', {}, key), h('dd', {}, value)]),
  )
}

function replay(id: string, api: Context['api']): HTMLElement {
  const button = h('button', { type: 'button' }, 'Replay this decision')
  const verdict = h('p.verdict', { role: 'status' })
  button.addEventListener('click', async () => {
    button.disabled = true
    setText(verdict, 'Deciding again from the stored inputs…')
    try {
      showVerdict(verdict, await api.replay(id))
    } catch (error) {
      setText(verdict, error instanceof Error ? error.message : String(error))
    }
    button.disabled = false
  })
  return h(
    'div',
    {},
    h(
      'p.muted',
      {},
      'Decides the stored tick again from its inputs and compares every bit of the result.',
    ),
    button,
    verdict,
  )
}

function showVerdict(verdict: HTMLElement, report: ReplayReport): void {
  verdict.dataset.identical = String(report.identical)
  setText(
    verdict,
    report.identical
      ? `✓ Bit-exact: the same decision again (${report.recomputedHash.slice(0, 16)}…).`
      : `✕ Not the same: stored ${report.storedHash.slice(0, 16)}… (to ${report.stored.to}), recomputed ${report.recomputedHash.slice(0, 16)}… (to ${report.recomputed.to}).`,
  )
}
