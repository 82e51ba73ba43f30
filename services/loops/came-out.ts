/**
 * Orders of the last tick of which nobody said that they were carried out: refused, failed, held back by a pause, cut off
 * by a crash. What came of them shows at the target, when it is looked at next; agents' memories are corrected by that.
 */
import { asItCameOut } from '../../agents/agent.ts'
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { Settlement } from '../../coordinator/decision.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Settled } from './apply.ts'
import type { LoopState } from './control-loop.ts'

interface Row {
  readonly service: ServiceId
  readonly settlement: Settlement
}

/** Services whose order is not said to be carried out. */
function unsaidOf(rows: readonly Row[]): Set<ServiceId> {
  const unsaid = rows.filter(
    (row) => row.settlement !== 'applied' && row.settlement !== 'unchanged',
  )
  return new Set(unsaid.map(({ service }) => service))
}

/** Of the tick whose decisions these are, after what was settled of them. */
export function unsaidAfter(
  decisions: readonly (Row & { readonly id: string })[],
  settled: readonly Settled[],
): Set<ServiceId> {
  const byId = new Map(settled.map(({ id, settlement }) => [id, settlement]))
  return unsaidOf(
    decisions.map(({ id, service, settlement }) => ({
      service,
      settlement: byId.get(id) ?? settlement,
    })),
  )
}

/** Of the last tick that was recorded, whatever process recorded it. */
export async function unsaidOfTick(
  ledger: Pick<Ledger, 'decisionsOfTick'>,
  tick: number,
): Promise<Set<ServiceId>> {
  return tick === 0 ? new Set() : unsaidOf(await ledger.decisionsOfTick(tick))
}

/** Corrects the memories of those that the target tells of. */
export function followTargets(
  state: Pick<LoopState, 'memories' | 'unsaid'>,
  replicas: ReadonlyMap<ServiceId, Pick<ReplicaCounts, 'requested'>>,
): void {
  for (const service of state.unsaid ?? []) {
    const memory = state.memories.get(service)
    const counts = replicas.get(service)
    if (memory && counts) state.memories.set(service, asItCameOut(memory, counts.requested))
  }
}
