/** The configuration's section `rightSizing`, and what a configuration with tiers must keep to. */
import { z } from 'zod'
import { Mode, type ServiceSpec } from '../../agents/service-spec.ts'
import type { TierCatalogue } from '../../coordinator/meta/tiers.ts'

export const RightSizingConfig = z
  .strictObject({
    mode: Mode.default('recommend').meta({
      description:
        'off: tiers stay as they are declared; recommend: say which would cost less; enforce: change them too, for services in mode enforce whose target can.',
    }),
    windowDays: z.int().min(1).max(28).default(7).meta({
      description: 'Days ahead (of outlook.dayMs) that tiers are compared over.',
    }),
    margin: z.number().min(1).default(2).meta({
      description: 'What the window must save, as a multiple of what the change costs.',
    }),
    trust: z.number().gt(0).max(1).default(0.5).meta({
      description:
        'Share of a change’s cost that must have been lost by staying before a forecast is followed; where the forecast says otherwise, 1 / trust times it.',
    }),
    changeHours: z.number().min(0).default(1).meta({
      description:
        'What a change is charged beside its overlap, in hours of the service’s cost: every roll-out risks something.',
    }),
    failuresPerReplicaDay: z.number().min(0).default(0.03).meta({
      description: 'Replicas that fail by themselves, each a day: what few large ones risk.',
    }),
    giveUpSeconds: z.int().positive().default(900).meta({
      description: 'A change whose replicas are not ready by then is given up.',
    }),
  })
  .meta({ id: 'RightSizingConfig' })
export type RightSizingConfig = z.infer<typeof RightSizingConfig>

interface Tiered {
  readonly tiers: TierCatalogue
  readonly services: Readonly<Record<string, ServiceSpec>>
}

interface Fault {
  readonly path: string[]
  readonly message: string
}

/** What is wrong with the tiers that services name, by path. */
export function tierFaults({ tiers, services }: Tiered): Fault[] {
  const known = Object.keys(tiers)
  const names = known.length > 0 ? known.map((name) => `"${name}"`).join(', ') : 'none is listed'
  return Object.entries(services).flatMap(([service, spec]) =>
    faultsOf(spec, (name) => known.includes(name), `allowed: ${names}`).map((fault) => ({
      ...fault,
      path: ['services', service, ...fault.path],
    })),
  )
}

function faultsOf(
  { tier, tiers }: ServiceSpec,
  isKnown: (name: string) => boolean,
  allowed: string,
): Fault[] {
  if (tier === undefined)
    return tiers ? [{ path: ['tier'], message: 'must name the tier that it runs on at first' }] : []
  const own = isKnown(tier)
    ? []
    : [{ path: ['tier'], message: `"${tier}" is not in tiers; ${allowed}` }]
  const others = Object.keys(tiers ?? {})
    .filter((name) => !isKnown(name))
    .map((name) => ({ path: ['tiers', name], message: `is not in tiers; ${allowed}` }))
  const isMissing = tiers !== undefined && !Object.hasOwn(tiers, tier)
  const missing = { path: ['tiers'], message: `must have "${tier}", which it runs on` }
  return [...own, ...others, ...(isMissing ? [missing] : [])]
}
