/** Rollouts that run: their stage, and by how much the candidate is better or worse so far. */
import type { ControlPlane } from '../control-plane.ts'
import { ROLLOUT_STAGES } from '../rollouts/rollout.ts'
import type { Scrape } from './scrape.ts'

export function rolloutMetrics(scrape: Scrape, control: ControlPlane): void {
  const running = control.rollouts.running()
  scrape.gauge(
    'forescale_rollouts',
    'Rollouts and comparisons that run, by stage.',
    ROLLOUT_STAGES.filter((stage) => stage !== 'ended').map((stage) => ({
      labels: { stage },
      value: running.filter((rollout) => rollout.stage === stage).length,
    })),
  )
  scrape.gauge(
    'forescale_rollout_units',
    'Services in blocks of ticks that a running rollout is judged by.',
    running.flatMap(({ number, findings }) =>
      findings ? [{ labels: { rollout: String(number) }, value: findings.units }] : [],
    ),
  )
  scrape.gauge(
    'forescale_rollout_loss_difference',
    'Loss of the candidate less that of the champion: estimate and the ends of its always-valid interval.',
    running.flatMap(({ number, findings }) => boundsOf(number, findings?.loss)),
  )
  scrape.gauge(
    'forescale_rollout_burn_difference',
    'Error budgets that the candidate burns beyond the champion: estimate and interval.',
    running.flatMap(({ number, findings }) => boundsOf(number, findings?.burn)),
  )
}

const BOUNDS = ['low', 'estimate', 'high'] as const

function boundsOf(
  number: number,
  interval: Readonly<Record<(typeof BOUNDS)[number], number | null>> | undefined,
) {
  return BOUNDS.flatMap((bound) => {
    const value = interval?.[bound] ?? null
    return value === null ? [] : [{ labels: { rollout: String(number), bound }, value }]
  })
}
