/** A service that runs on tiers: a tier may bring a maximum of its own, which a tenant's narrower one must not lose to. */
import type { ServiceSpec } from '../../../agents/service-spec.ts'
import type { TierCatalogue } from '../../../coordinator/meta/tiers.ts'

export function narrowTiers(spec: ServiceSpec, catalogue: TierCatalogue): ServiceSpec {
  const { tier, maxReplicas } = spec
  if (tier === undefined) return spec
  const tiers = Object.fromEntries(
    Object.entries(spec.tiers ?? { [tier]: {} }).map(([name, own]) => {
      const most = own.maxReplicas ?? catalogue[name]?.maxReplicas
      return [name, most !== undefined && most > maxReplicas ? { ...own, maxReplicas } : own]
    }),
  )
  return spec.tiers === undefined &&
    Object.values(tiers).every((own) => Object.keys(own).length === 0)
    ? spec
    : { ...spec, tiers }
}
