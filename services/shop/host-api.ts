/** What the process host tells over HTTP: requested counts and the replicas that are there. */
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'

/** A sanity limit against a runaway caller, far above what one machine carries. */
export const MOST_REPLICAS = 200

/** Set by pollers that send requests to replicas: a replica drains only after all of them saw it terminating. */
export const WATCHER_HEADER = 'x-shop-watcher'

export const ReplicaView = z.strictObject({
  id: z.string(),
  url: z.string().meta({ description: 'Empty until the port is bound.' }),
  pid: z.int(),
  state: z.enum(['starting', 'ready', 'terminating']),
  startedAtMs: z.number(),
  readyAtMs: z.number().nullable(),
})
export type ReplicaView = z.infer<typeof ReplicaView>

export const HostedService = z.strictObject({
  requested: z.int().min(0),
  lastDecisionId: z.string().nullable(),
  recentStartupsMs: z.array(z.number()),
  replicas: z.array(ReplicaView),
})
export type HostedService = z.infer<typeof HostedService>

export const HostedServices = z.strictObject({ services: z.record(ServiceId, HostedService) })
export type HostedServices = z.infer<typeof HostedServices>

/** Of the leader that orders: an order under a smaller token of the same ledger is refused. */
export const HostFence = z.strictObject({
  ledger: z.string().min(1).max(200),
  token: z.int().positive(),
})
export type HostFence = z.infer<typeof HostFence>

export const ReplicaOrder = z.strictObject({
  replicas: z.int().min(0).max(MOST_REPLICAS),
  decisionId: z.string().min(1).max(200),
  from: z.int().min(0),
  fence: HostFence.optional(),
})
export type ReplicaOrder = z.infer<typeof ReplicaOrder>
