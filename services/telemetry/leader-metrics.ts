/** Who leads, and whether the ledger is there. */
import type { ControlPlane } from '../control-plane.ts'
import type { Scrape } from './scrape.ts'

export function leaderMetrics(scrape: Scrape, control: ControlPlane): void {
  const leadership = control.leadership?.()
  if (leadership) {
    scrape.gauge('forescale_lease_is_leader', '1 while this controller is the one that acts.', [
      { ...labelsOf(control), value: leadership.leads ? 1 : 0 },
    ])
    const { token } = leadership
    scrape.gauge(
      'forescale_fencing_token',
      'Token of the leader, as far as is known; it rises with every change of leader.',
      token === null ? [] : [{ value: token }],
    )
  }
  const ledger = control.ledgerHealth?.()
  if (!ledger) return
  scrape.gauge('forescale_ledger_up', '0 while the ledger does not answer; ticks go on.', [
    { value: ledger.state === 'ok' ? 1 : 0 },
  ])
  scrape.gauge(
    'forescale_ledger_queued_writes',
    'Writes that wait on local disk for the ledger to be back.',
    [{ value: ledger.queued }],
  )
}

/** Each shard has a leader of its own. */
function labelsOf(control: ControlPlane): { labels?: { shard: string } } {
  const shard = control.budget().shards?.shard
  return shard === undefined ? {} : { labels: { shard } }
}
