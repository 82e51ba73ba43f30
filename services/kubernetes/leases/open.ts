/** The store of the lease that the configuration names; undefined where the ledger's own row is it. */
import type { RunningClock } from '../../clock.ts'
import type { AppConfig } from '../../config.ts'
import type { LeaseStore } from '../../leader/lease.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { ClusterCalled } from '../api.ts'

export async function openLeases(
  { leader, kubernetes }: AppConfig,
  ledger: Ledger,
  clock: Pick<RunningClock, 'nowMs'>,
  called: ClusterCalled,
): Promise<LeaseStore | undefined> {
  if (!leader.election || leader.lease.kind !== 'kubernetes') return undefined
  const [{ connectCluster }, { createClusterApi }, { createKubernetesLeaseStore }] =
    await Promise.all([import('../connect.ts'), import('../api.ts'), import('./lease-store.ts')])
  const { namespace, name } = leader.lease
  return createKubernetesLeaseStore({
    ...{ namespace, name },
    api: createClusterApi(await connectCluster(kubernetes ?? {}), called),
    durationMs: leader.durationMs,
    // two attempts fit in before the deadline
    timeoutMs: leader.renewDeadlineMs / 2,
    floor: async () => (await ledger.lease.read())?.token ?? 0,
    nowMs: clock.nowMs,
  })
}
