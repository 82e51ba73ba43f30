/**
 * As many replicas as a chosen share of the history's steps would have needed, for ever. What most services run with;
 * any autoscaler must beat it.
 *
 * need[t] = load[t] / (capacityPerReplica · utilization); count = ⌈quantile_q(need)⌉, nearest rank.
 */
import { z } from 'zod'
import type { ControllerKind } from './controller.ts'
import { perService } from './per-service.ts'
import { quantileOf } from './quantile.ts'

const Params = z.strictObject({
  /** A number of replicas; the quantile decides when it is null. */
  replicas: z.int().min(0).nullable().default(null),
  quantile: z.number().gt(0).lte(1).default(1),
  /** Share of the declared capacity that the need is reckoned at. */
  utilization: z.number().gt(0).lte(2).default(0.8),
})
type Params = z.infer<typeof Params>

export const staticCount: ControllerKind<Params> = {
  kind: 'static',
  source: 'a fixed count sized at a quantile of the history’s need (nearest rank)',
  params: Params,
  sweep: () =>
    [0.5, 0.8, 1, 1.2]
      .flatMap((utilization) => [1, 0.999, 0.99, 0.95, 0.9, 0.75].map((q) => [utilization, q]))
      .map(([utilization, quantile]) => Params.parse({ utilization, quantile })),
  create: (known, { replicas, quantile, utilization }) =>
    perService(known, ({ service, history }) => {
      const need = quantileOf(history, quantile) / (service.spec.capacityPerReplica * utilization)
      // an empty history has no quantile: the count stays; a silent one is no reason to serve nobody
      const count = replicas ?? Math.max(1, need)
      return () => count
    }),
}
