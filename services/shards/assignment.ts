/**
 * Which shard serves a service: the one that the configuration says, else by rendezvous hashing (Thaler & Ravishankar 1998):
 * of all shards the one whose name hashes highest together with the service's. Where a shard comes or goes, only services
 * that it gets or had change hands.
 */
import { hash } from 'node:crypto'
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { LeaseConfig } from '../leader/config.ts'
import type { ShardsConfig } from './config.ts'

export function shardOf(
  service: ServiceId,
  { names, services }: Pick<ShardsConfig, 'names' | 'services'>,
): string {
  const said = Object.hasOwn(services, service) ? services[service] : undefined
  if (said !== undefined) return said
  const score = (shard: string) => hash('sha256', `${shard}\0${service}`, 'hex')
  return names.reduce((best, shard) => (score(shard) > score(best) ? shard : best))
}

/** The configuration with the services of its own shard only; as it is where there are no shards. */
export function ownServices<Config extends Pick<AppConfig, 'services' | 'shards'>>(
  config: Config,
): Config {
  const { shards } = config
  if (!shards) return config
  const own = Object.entries(config.services).filter(
    ([service]) => shardOf(service, shards) === shards.own,
  )
  return { ...config, services: Object.fromEntries(own) }
}

/** What a controller of one shard goes by: its own services, in a ledger and under a lease of its own. */
export function ofShard(config: AppConfig): AppConfig {
  const { shards, ledger, leader } = config
  if (!shards || ledger.kind !== 'postgresql') return config
  const schema = `${ledger.schema}_${shards.own}`
  return ownServices({
    ...config,
    ledger: { ...ledger, schema },
    leader: { ...leader, lease: leaseOf(leader.lease, shards.own) },
  })
}

/** A ledger's own lease is its shard's already. Kubernetes has no _ in names, and shards no -. */
function leaseOf(lease: LeaseConfig, shard: string): LeaseConfig {
  if (lease.kind === 'ledger') return lease
  return { ...lease, name: `${lease.name}-${shard.replaceAll('_', '-')}` }
}
