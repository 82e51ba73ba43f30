/** CPU and memory of workloads in a cluster: what their containers request and should, worked out where somebody asks for it. */
import { quantityOf } from '../../kubernetes/resources/quantities.ts'
import type {
  AdvisedWorkload,
  ContainerAdvice,
  RequestEstimate,
  ResourceAdvice,
} from '../../kubernetes/resources/view.ts'
import type { Context } from '../ui/context.ts'
import { h, place } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

export interface RequestsPanel {
  readonly element: HTMLElement
  /** Asks which there are and what is known of them, which works nothing out. Hidden where there are none. */
  refresh(): Promise<void>
}

export function createRequests(context: Context): RequestsPanel {
  const list = h('ul.models-list.requests-list', { 'aria-label': 'CPU and memory by service' })
  const element = h(
    'section.card.requests',
    { 'aria-labelledby': 'requests-title', hidden: true },
    h('h2', { id: 'requests-title' }, 'CPU and memory'),
    h(
      'p.muted',
      {},
      'What containers should request, by what they used. Nothing is changed by itself.',
    ),
    list,
  )
  let drawn = ''
  async function refresh(): Promise<void> {
    const view = await context.api.resources().catch(() => undefined)
    if (!view) return
    const seen = JSON.stringify(view)
    // what is open to be copied stays open
    if (seen === drawn) return
    drawn = seen
    element.hidden = view.items.length === 0
    place(list, view.items.map(rowOf))
  }

  function rowOf({ service, workload, advice }: AdvisedWorkload): HTMLElement {
    const what = advice ? 'Work out again' : 'Work out'
    const label = `${what}: CPU and memory of ${service}`
    const button = h('button', { type: 'button', 'aria-label': label }, what)
    button.addEventListener(
      'click',
      () =>
        void context.act(button, async () => {
          await context.api.workOutResources(service)
          await refresh()
        }),
    )
    const name = h('span.line', {}, h('b', {}, service), h('span', {}, workload), chipOf(advice))
    return h('li', {}, name, ...(advice ? partsOf(advice) : []), button)
  }
  return { element, refresh }
}

function chipOf(advice: ResourceAdvice | null): HTMLElement | null {
  const saving = advice?.savingPerHour
  if (saving === null || saving === undefined) return null
  const text = `${saving >= 0 ? 'saves' : 'costs'} ${format.perHour(Math.abs(saving))}`
  return h('span.chip', {}, saving >= 0 ? text : `${text} more`)
}

function partsOf({ why, containers, warnings, yaml }: ResourceAdvice): HTMLElement[] {
  const rows = containers.flatMap(rowsOf)
  const patch =
    yaml && h('details', {}, h('summary', {}, 'as a patch'), h('pre', { tabindex: 0 }, yaml))
  return [
    ...(rows.length > 0 ? [tableOf(rows)] : []),
    h('span.why', {}, why),
    ...warnings.map((one) => h('span.why', {}, `${one.why}. ${one.fix}.`)),
    ...(patch ? [patch] : []),
  ]
}

const RESOURCES = ['cpu', 'memory'] as const
const HEADS = ['Container', 'Resource', 'Requested', 'Lower', 'Target', 'Upper']

function rowsOf(advice: ContainerAdvice): HTMLElement[] {
  return RESOURCES.flatMap((resource) => {
    const estimate = advice[resource]
    return estimate ? [cellsOf(advice.container, resource, estimate)] : []
  })
}

function cellsOf(
  container: string,
  resource: (typeof RESOURCES)[number],
  { requested, lower, target, upper, isLeast }: RequestEstimate,
): HTMLElement {
  const write = quantityOf[resource]
  const figures = [
    requested === null ? 'nothing' : write(requested),
    write(lower),
    `${write(target)}${isLeast ? ' (minimum)' : ''}`,
    write(upper),
  ]
  const name = h('th', { scope: 'row' }, container)
  const cells = [resource === 'cpu' ? 'CPU' : 'memory', ...figures]
  return h('tr', {}, name, ...cells.map((text) => h('td', {}, text)))
}

function tableOf(rows: readonly HTMLElement[]): HTMLElement {
  const head = h('tr', {}, ...HEADS.map((text) => h('th', { scope: 'col' }, text)))
  const table = h('table.scores', {}, h('thead', {}, head), h('tbody', {}, ...rows))
  const label = 'Requests by container'
  return h('div.wide', { tabindex: 0, role: 'region', 'aria-label': label }, table)
}
