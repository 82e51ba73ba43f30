/**
 * The menu of one decision as a curve: cost of each replica count across, expected loss up. The chosen point,
 * what the agent wanted, the reactive need and one more $/h are marked by shape and word, not by colour alone.
 */
import type { Explanation } from '../../explanations/explanation.ts'
import { h, svg } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

const WIDTH = 480
const HEIGHT = 224
const LEFT = 46
const RIGHT = 14
const TOP = 14
const BOTTOM = 46
/** Width of a letter of a mark's label, about. */
const LETTER_PX = 8

type Option = Explanation['proposal']['options'][number]

interface Scale {
  x(replicas: number): number
  y(loss: number): number
}

export function lossCurve({ proposal, decision, counterfactual }: Explanation): HTMLElement {
  const { options, allowed } = proposal
  if (options.length === 0) return h('p.muted', {}, 'The agent offered no menu.')
  const scale = scaleOf(options)
  const points = options.map((o) => `${scale.x(o.replicas)},${scale.y(o.loss)}`).join(' ')
  const lossAt = (replicas: number) => options.find((o) => o.replicas === replicas)?.loss
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: 'loss-curve',
      role: 'img',
      'aria-label': summary(decision, options),
    },
    allowedRange(scale, allowed, options),
    axes(scale, options),
    svg('polyline', { points, class: 'curve' }),
    ...options.map((o) =>
      svg('circle', { cx: scale.x(o.replicas), cy: scale.y(o.loss), r: 3, class: 'option' }),
    ),
    ...marks(scale, lossAt, [
      { replicas: decision.reactiveNeed, text: 'reactive need', kind: 'reactive' },
      { replicas: decision.wanted, text: 'wanted', kind: 'wanted' },
      { replicas: counterfactual.to, text: 'with +$1/h', kind: 'richer' },
      { replicas: decision.to, text: 'chosen', kind: 'chosen' },
    ]),
  )
  return h('figure.chart', {}, picture, menuTable(options, decision.to, allowed))
}

const summary = (decision: Explanation['decision'], options: readonly Option[]): string =>
  `Expected loss by replica count from ${options[0]!.replicas} to ${options.at(-1)!.replicas}; chosen ${decision.to}. A table follows.`

function scaleOf(options: readonly Option[]): Scale {
  const first = options[0]!.replicas
  const count = Math.max(1, options.at(-1)!.replicas - first)
  const most = Math.max(...options.map((o) => o.loss), 1e-9)
  return {
    x: (replicas) => LEFT + 10 + ((replicas - first) / count) * (WIDTH - LEFT - RIGHT - 20),
    y: (loss) => TOP + (1 - loss / most) * (HEIGHT - TOP - BOTTOM),
  }
}

function allowedRange(
  scale: Scale,
  allowed: { min: number; max: number },
  options: readonly Option[],
) {
  const first = Math.max(allowed.min, options[0]!.replicas)
  const last = Math.min(allowed.max, options.at(-1)!.replicas)
  if (last < first) return null
  const x = scale.x(first) - 8
  return svg('rect', {
    x,
    y: TOP,
    width: scale.x(last) + 8 - x,
    height: HEIGHT - TOP - BOTTOM,
    class: 'allowed',
  })
}

function axes(scale: Scale, options: readonly Option[]) {
  const bottom = HEIGHT - BOTTOM
  const most = Math.max(...options.map((o) => o.loss))
  const every = Math.ceil(options.length / 9)
  const labelled = options.filter((_, i) => i % every === 0)
  return svg(
    'g',
    { class: 'axes' },
    svg('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: bottom, y2: bottom }),
    svg('text', { x: LEFT - 6, y: bottom, class: 'end' }, '0'),
    svg('text', { x: LEFT - 6, y: TOP + 9, class: 'end' }, format.figure(most)),
    ...labelled.flatMap((o) => [
      svg('text', { x: scale.x(o.replicas), y: bottom + 15, class: 'mid' }, `×${o.replicas}`),
      svg(
        'text',
        { x: scale.x(o.replicas), y: bottom + 28, class: 'mid small' },
        `$${o.costPerHour.toFixed(2)}`,
      ),
    ]),
    svg(
      'text',
      { x: LEFT, y: HEIGHT - 4, class: 'small' },
      'replicas and their cost, $/h · up: expected req/s outside the SLO',
    ),
  )
}

interface Mark {
  readonly replicas: number
  readonly text: string
  readonly kind: string
}

const LABEL_ROW_PX = 17

/**
 * Marks that share a point share a label, the chosen one first. Labels stand in rows, the leftmost point's highest:
 * so no leader crosses the label of another point.
 */
function marks(
  scale: Scale,
  lossAt: (replicas: number) => number | undefined,
  all: readonly Mark[],
): SVGElement[] {
  const groups = [...Map.groupBy(all, (mark) => mark.replicas)]
    .filter(([replicas]) => lossAt(replicas) !== undefined)
    .sort(([a], [b]) => a - b)
  return groups.flatMap(([replicas, group], row) => {
    const x = scale.x(replicas)
    const y = scale.y(lossAt(replicas)!)
    const words = group.map((mark) => mark.text).reverse()
    const text = `×${replicas} ${words.join(', ')}`
    const labelY = TOP + 14 + row * LABEL_ROW_PX
    const anchor = x + text.length * LETTER_PX > WIDTH ? 'end' : ''
    const kind = group.at(-1)!.kind
    return [
      svg('line', { x1: x, x2: x, y1: labelY + 4, y2: y - 6, class: 'leader' }),
      svg('circle', { cx: x, cy: y, r: kind === 'chosen' ? 7 : 5, class: `mark ${kind}` }),
      svg('text', { x, y: labelY, class: `mark-label ${anchor} ${kind}` }, text),
    ]
  })
}

function menuTable(
  options: readonly Option[],
  to: number,
  allowed: { min: number; max: number },
): HTMLElement {
  const rows = options.map((o) =>
    h(
      'tr',
      { class: o.replicas === to ? 'chosen' : undefined },
      h('th', { scope: 'row' }, String(o.replicas)),
      h('td', {}, format.perHour(o.costPerHour)),
      h('td', {}, format.rps(o.loss)),
      h(
        'td',
        {},
        o.replicas === to
          ? 'chosen'
          : o.replicas < allowed.min || o.replicas > allowed.max
            ? 'not allowed now'
            : '',
      ),
    ),
  )
  const heads = ['replicas', 'cost', 'expected outside the SLO', '']
  const head = h(
    'tr',
    {},
    ...heads.map((text) => (text ? h('th', { scope: 'col' }, text) : h('td'))),
  )
  return h(
    'details.as-table',
    {},
    h('summary', {}, 'as table'),
    h(
      'div.scroll',
      { tabindex: 0, role: 'region', 'aria-label': 'The menu, table' },
      h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows)),
    ),
  )
}
