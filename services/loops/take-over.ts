/** What the controller knows of a service, once another tier has taken over: in replicas of that one. */
import { capacityOf } from '../../agents/capacity.ts'
import { memoryOn } from '../../coordinator/meta/replacement.ts'
import type { TierOffer } from '../../coordinator/meta/tiers.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Core } from './core.ts'

export function takeOver(
  { parts, deps }: Core,
  service: ServiceId,
  from: TierOffer,
  to: TierOffer,
): void {
  const entry = parts.book.entries.get(service)
  if (entry)
    entry.capacity = capacityOf(entry.capacity, to.capacityPerReplica / from.capacityPerReplica)
  const { memories } = parts.loop.state
  const memory = memories.get(service)
  if (memory) memories.set(service, memoryOn(memory, from, to))
  deps.log.info({ service, from: from.name, to: to.name }, 'another tier has taken over')
}
