/** One more replica like the one that is there: what the engine is told to create. Pure. */
import type { ContainerDetail, ContainerRow } from './engine.ts'

export const PROJECT = 'com.docker.compose.project'
export const SERVICE = 'com.docker.compose.service'
const NUMBER = 'com.docker.compose.container-number'
const ONE_OFF = 'com.docker.compose.oneoff'

/** A copy of this container cannot stand beside it. */
export class NotCopyable extends Error {
  override name = 'NotCopyable'
}

export interface ReplicaSpec {
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
  /** Networks to join after it was made: engines before 1.44 take one at creation. */
  readonly furtherNetworks: readonly { readonly network: string; readonly endpoint: unknown }[]
}

/** `docker compose run` makes containers of a service that are none of its replicas. */
export const isReplica = ({ Labels }: ContainerRow) => Labels[ONE_OFF]?.toLowerCase() !== 'true'

export const numberOf = ({ Labels }: ContainerRow) => Number(Labels[NUMBER] ?? 0)

/** The lowest number that no container of the service has, in any state. */
export function freeNumber(rows: readonly ContainerRow[]): number {
  const taken = new Set(rows.map(numberOf))
  let number = 1
  while (taken.has(number)) number++
  return number
}

/** Throws NotCopyable for a port of the host that only one can have. */
export function replicaSpec(source: ContainerDetail, number: number): ReplicaSpec {
  const { Id, Image, Config, HostConfig, NetworkSettings } = source
  refuseFixedPorts(source)
  const shortId = Id.slice(0, 12)
  const { Hostname, MacAddress: _mac, ...config } = Config
  const labels: Record<string, string> = { ...Config.Labels, [NUMBER]: String(number) }
  const networks = Object.entries(NetworkSettings.Networks ?? {}).map(([network, endpoint]) => ({
    network,
    endpoint: {
      Aliases: (endpoint.Aliases ?? []).filter((alias) => alias !== shortId),
      Links: endpoint.Links ?? [],
      DriverOpts: endpoint.DriverOpts ?? {},
    },
  }))
  const isShared = /^(host|none|container:.*)$/.test(HostConfig.NetworkMode ?? '')
  const own = isShared ? [] : networks.filter((n) => n.network === HostConfig.NetworkMode)
  const first = isShared ? undefined : (own[0] ?? networks[0])
  return {
    name: `${labels[PROJECT]}-${labels[SERVICE]}-${number}`,
    body: {
      ...config,
      // the engine's own choice of name is the id of the container that it was chosen for
      ...(Hostname === undefined || Hostname === shortId ? {} : { Hostname }),
      // the very image that serves now, whatever its tag has come to mean
      Image,
      Labels: labels,
      HostConfig,
      ...(first
        ? { NetworkingConfig: { EndpointsConfig: { [first.network]: first.endpoint } } }
        : {}),
    },
    furtherNetworks: isShared ? [] : networks.filter((network) => network !== first),
  }
}

function refuseFixedPorts({ Name, HostConfig }: ContainerDetail): void {
  for (const [port, bindings] of Object.entries(HostConfig.PortBindings ?? {})) {
    const fixed = bindings?.find(({ HostPort }) => /^[1-9]\d*$/.test(HostPort))
    if (fixed)
      throw new NotCopyable(
        `${Name.replace(/^\//, '')} publishes ${port} as port ${fixed.HostPort} of the host, which a second replica cannot have: ` +
          'leave the port out, or give a range',
      )
  }
}
