/** Strategies on their way: the newest rollouts with their stage and why, and one button back. Hidden while there are none. */
import type { Rollout, RolloutOutcome, RolloutStage, Strategy } from '../../rollouts/rollout.ts'
import type { State } from '../data/state.ts'
import type { Context } from '../ui/context.ts'
import { h, place, setText } from '../ui/dom.ts'

const ROWS_MAX = 5

const STANDS: Readonly<Record<RolloutStage | RolloutOutcome, string>> = {
  shadow: '◔ in the shadow',
  canary: '◐ in canary',
  full: '◕ everywhere, watched',
  ended: '○ ended',
  promoted: '● acts',
  rejected: '○ not taken',
  'rolled-back': '↺ taken back',
  stopped: '○ stopped',
  compared: '○ compared',
}

export interface RolloutsPanel {
  readonly element: HTMLElement
  /** Asks for them again; ones that do not come leave the last ones. */
  refresh(): Promise<void>
  update(state: State): void
}

export function createRollouts(context: Context): RolloutsPanel {
  const list = h('ol.models-list', { 'aria-label': 'Rollouts, the newest first' })
  const element = h(
    'section.card.rollouts',
    { 'aria-labelledby': 'rollouts-title', hidden: true },
    h('h2', { id: 'rollouts-title' }, 'Rollouts'),
    list,
  )
  let drawnFor = -1
  async function refresh(): Promise<void> {
    try {
      const { items } = await context.api.rollouts(ROWS_MAX)
      element.hidden = items.length === 0
      place(
        list,
        items.map((rollout) => rowOf(rollout, context, refresh)),
      )
    } catch {
      // the last ones stay; the next change asks again
    }
  }
  return {
    element,
    refresh,
    update({ rolloutChanges }) {
      if (rolloutChanges === drawnFor) return
      drawnFor = rolloutChanges
      void refresh()
    },
  }
}

const nameOf = ({ policy, version }: Strategy): string =>
  version === null ? policy : `${policy} ${version}`

function rowOf(
  { number, kind, stage, outcome, candidate, services, changes }: Rollout,
  context: Context,
  done: () => Promise<void>,
): HTMLElement {
  const back = h('button', { type: 'button', 'aria-label': `Take back rollout ${number}` })
  setText(back, 'Take back')
  back.hidden = stage === 'ended' && outcome !== 'promoted'
  back.addEventListener('click', () => {
    void context.act(back, async () => {
      await context.api.takeBack(number)
      await done()
    })
  })
  const where = services.length > 3 ? `${services.length} services` : services.join(', ')
  return h(
    'li',
    {},
    h(
      'span.line',
      {},
      h('span.model-status', {}, STANDS[outcome ?? stage]),
      h('b', {}, `${kind === 'comparison' ? 'comparison ' : ''}${number} ${nameOf(candidate)}`),
      h('span.chip', {}, where),
    ),
    h('span.why', {}, changes.at(-1)?.why ?? ''),
    back,
  )
}
