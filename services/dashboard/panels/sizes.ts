/** Sizes of replicas: per service the tier that it runs on and the one that would cost least, why, and the setting to copy. */
import type { RightSizingView, SizeRecommendation } from '../../right-sizing/view.ts'
import type { Context } from '../ui/context.ts'
import { h, place, setText } from '../ui/dom.ts'
import * as format from '../ui/format.ts'

export interface SizesPanel {
  readonly element: HTMLElement
  /** Asks for them again; ones that do not come leave the last ones. Hidden where no service has tiers. */
  refresh(): Promise<void>
}

export function createSizes(context: Context): SizesPanel {
  const sum = h('p.muted')
  const list = h('ul.models-list', { 'aria-label': 'Sizes by service' })
  const element = h(
    'section.card.sizes',
    { 'aria-labelledby': 'sizes-title', hidden: true },
    h('h2', { id: 'sizes-title' }, 'Sizes'),
    sum,
    list,
  )
  let drawn = ''
  return {
    element,
    async refresh() {
      const view = await context.api.rightSizing().catch(() => undefined)
      if (!view) return
      const seen = JSON.stringify(view)
      // what is open to be copied stays open
      if (seen === drawn) return
      drawn = seen
      element.hidden = view.services.length === 0
      setText(sum, sentenceOf(view))
      place(list, view.services.map(rowOf))
    },
  }
}

function sentenceOf({ mode, windowDays, savingPerHour, services }: RightSizingView): string {
  const known = services.filter(({ tiers }) => tiers.length > 0)
  if (known.length === 0) return 'Nothing is recommended yet: history is too short.'
  const days = `over the next ${windowDays} days`
  const what =
    savingPerHour > 0
      ? `Other sizes would save ${format.perHour(savingPerHour)} ${days}, violations at their price`
      : `No other size would cost less ${days}`
  const who = mode === 'enforce' ? 'changes are made' : 'nothing is changed by itself'
  return `${what}; ${who}.`
}

function rowOf(size: SizeRecommendation): HTMLElement {
  const { service, tier, recommended, savingPerHour, why, yaml, change } = size
  const isSame = recommended === tier
  const chip = isSame ? tier : `${tier} → ${recommended}`
  const saving = isSame ? '' : `saves ${format.perHour(savingPerHour)}`
  const underWay =
    change === null ? '' : `under way: ${change.ready} of ${change.replicas} ${change.to} are ready`
  return h(
    'li',
    {},
    h('span.line', {}, h('b', {}, service), h('span.chip', {}, chip), h('span', {}, saving)),
    h('span.why', {}, [underWay, why].filter(Boolean).join('; ')),
    ...(yaml === null
      ? []
      : [h('details', {}, h('summary', {}, 'as a setting'), h('pre', { tabindex: 0 }, yaml))]),
  )
}
