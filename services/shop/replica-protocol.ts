/** What the host and a replica say to one another: settings by environment, the rest over the IPC channel. */
export const REPLICA_SETTINGS = 'FORESCALE_REPLICA'

export interface ReplicaSettings {
  readonly service: string
  readonly seed: number
  readonly ordinal: number
  readonly meanServiceMs: number
  readonly serviceTimeCv: number
  readonly concurrency: number
  readonly queueLimit: number
  readonly startupMs: number
}

/** From the replica: its port is bound; it is warm; it has refused `refused` requests while draining and is done. */
export type ReplicaMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'drained'; readonly refused: number }

/** From the host: take no new work, finish what is there, end. */
export interface DrainMessage {
  readonly kind: 'drain'
}

export function readReplicaSettings(env: NodeJS.ProcessEnv): ReplicaSettings {
  const text = env[REPLICA_SETTINGS]
  if (!text) throw new Error(`${REPLICA_SETTINGS} is not set: replicas are started by the host`)
  return JSON.parse(text)
}
