/** Rollouts that run, by how much the candidate is better or worse so far, what may be rolled out next, and what trains. */
import type { ControlPlane } from '../control-plane.ts'
import { VERDICTS } from '../rollouts/automatic-view.ts'
import { ROLLOUT_STAGES } from '../rollouts/rollout.ts'
import { TRAINING_STATES } from '../trainings/training.ts'
import type { Scrape } from './scrape.ts'

export function rolloutMetrics(scrape: Scrape, control: ControlPlane): void {
  automaticMetrics(scrape, control)
  trainingMetrics(scrape, control)
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
  scrape.difference(
    'forescale_rollout_loss_difference',
    'Loss of the candidate less that of the champion: estimate and the ends of its always-valid interval.',
    running.flatMap(({ number, findings }) => boundsOf(number, findings?.loss)),
  )
  scrape.difference(
    'forescale_rollout_burn_difference',
    'Error budgets that the candidate burns beyond the champion: estimate and interval.',
    running.flatMap(({ number, findings }) => boundsOf(number, findings?.burn)),
  )
}

/** Whether rollouts are begun by themselves, and what is known of the policies in the registry. */
function automaticMetrics(scrape: Scrape, control: ControlPlane): void {
  const { enabled, lookedAtMs, policies } = control.automaticRollouts()
  scrape.gauge(
    'forescale_automatic_rollouts_enabled',
    '1 while rollouts are begun without being asked for, else 0.',
    [{ value: enabled ? 1 : 0 }],
  )
  if (!enabled) return
  scrape.gauge(
    'forescale_automatic_rollouts_last_look_timestamp_seconds',
    'Unix time at which the registry was last looked through.',
    lookedAtMs === null ? [] : [{ value: lookedAtMs / 1000 }],
  )
  scrape.gauge(
    'forescale_policies',
    'Policies in the registry, by what the last look found of them.',
    VERDICTS.map((verdict) => ({
      labels: { verdict },
      value: policies.filter((policy) => policy.verdict === verdict).length,
    })),
  )
}

function trainingMetrics(scrape: Scrape, control: ControlPlane): void {
  const trainings = control.trainings.list()
  scrape.gauge(
    'forescale_trainings',
    'Trainings that are kept, by state.',
    TRAINING_STATES.map((state) => ({
      labels: { state },
      value: trainings.filter((training) => training.state === state).length,
    })),
  )
  scrape.gauge(
    'forescale_training_progress_ratio',
    'Share of its decisions that the running training has learned from.',
    trainings
      .filter(({ state }) => state === 'running')
      .map(({ number, stepsDone, steps }) => ({
        labels: { training: String(number) },
        value: stepsDone / steps,
      })),
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
