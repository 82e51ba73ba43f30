/**
 * Google Cloud: the size of managed instance groups, zonal and regional. Credentials are Google's application default ones;
 * over plain http nobody signs in, since an emulator does not ask and a token would be readable. A group holds no mark that
 * leaves its machines alone, so decisions and fencing tokens are remembered by this process only. Google gives no times of
 * its starts: they are watched.
 */
import { randomUUID } from 'node:crypto'
import type { compute_v1 } from '@googleapis/compute'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator } from './actuator.ts'
import type { GcpActuatorConfig, ManagedGroupTarget } from './config.ts'
import { createFleet } from './fleet/fleet.ts'
import { loadSdk } from './fleet/sdk.ts'
import type { FleetTarget, Member, TargetView } from './fleet/target.ts'

const SCOPE = 'https://www.googleapis.com/auth/compute'
const RETRIES = 2
const PAGE = 500

export interface GcpDeps {
  readonly warn: (service: ServiceId, problem: string) => void
}

type Compute = compute_v1.Compute
type Group = compute_v1.Schema$InstanceGroupManager
type Autoscaler = compute_v1.Schema$Autoscaler
type Managed = compute_v1.Schema$ManagedInstance

export function createGcp(config: GcpActuatorConfig, { warn }: GcpDeps): Actuator {
  let opened: Promise<Compute> | undefined
  const client = () => (opened ??= open(config))
  const targets = new Map(
    Object.entries(config.targets).map(([service, target]) => [
      service,
      groupTarget(target, config.project, client),
    ]),
  )
  const { deadlineMs, releaseWaitMs } = config
  return createFleet({ targets, deadlineMs, releaseWaitMs, warn })
}

async function open({ endpoint }: GcpActuatorConfig): Promise<Compute> {
  const neededBy = 'actuator.kind "gcp"'
  const api = await loadSdk('@googleapis/compute', neededBy, () => import('@googleapis/compute'))
  return api.compute({
    version: 'v1',
    ...(endpoint?.startsWith('http:')
      ? {}
      : { auth: new api.auth.GoogleAuth({ scopes: [SCOPE] }) }),
    ...(endpoint ? { rootUrl: endpoint.endsWith('/') ? endpoint : `${endpoint}/` } : {}),
    // a resize names its request, so that Google carries it out once however often it comes
    retryConfig: { retry: RETRIES, httpMethodsToRetry: ['GET', 'POST'] },
  })
}

function groupTarget(
  target: ManagedGroupTarget,
  project: string,
  client: () => Promise<Compute>,
): FleetTarget {
  const { group } = target
  const name = `instance group ${project}/${target.zone ?? target.region}/${group}`
  const calls = callsOf(target, project, client)

  async function instances(signal: AbortSignal): Promise<Managed[]> {
    const found: Managed[] = []
    let pageToken: string | undefined
    do {
      const page = await calls.list(pageToken, signal)
      found.push(...(page.managedInstances ?? []))
      pageToken = page.nextPageToken ?? undefined
    } while (pageToken)
    return found
  }

  return {
    name,
    async observe(signal) {
      const found = await calls.get(signal)
      const url = found.status?.autoscaler
      const [members, autoscaler] = await Promise.all([
        instances(signal),
        url ? calls.autoscaler(lastPart(url), signal) : undefined,
      ])
      return managedGroupView(found, members, autoscaler)
    },
    async scale(replicas, _mark, seen, signal) {
      if (seen.requested !== replicas) await calls.resize(replicas, randomUUID(), signal)
    },
  }
}

/** The same calls stand twice in the API, for groups of a zone and of a region. */
function callsOf(target: ManagedGroupTarget, project: string, client: () => Promise<Compute>) {
  const { group: instanceGroupManager, zone, region } = target
  const list = (pageToken: string | undefined) => ({
    maxResults: PAGE,
    ...(pageToken ? { pageToken } : {}),
  })
  if (zone !== undefined) {
    const at = { project, zone, instanceGroupManager }
    return {
      get: async (signal: AbortSignal) =>
        (await (await client()).instanceGroupManagers.get(at, { signal })).data,
      list: async (token: string | undefined, signal: AbortSignal) =>
        (
          await (
            await client()
          ).instanceGroupManagers.listManagedInstances({ ...at, ...list(token) }, { signal })
        ).data,
      resize: async (size: number, requestId: string, signal: AbortSignal) =>
        (
          await (
            await client()
          ).instanceGroupManagers.resize({ ...at, size, requestId }, { signal })
        ).data,
      autoscaler: async (autoscaler: string, signal: AbortSignal) =>
        (await (await client()).autoscalers.get({ project, zone, autoscaler }, { signal })).data,
    }
  }
  const at = { project, region: region!, instanceGroupManager }
  return {
    get: async (signal: AbortSignal) =>
      (await (await client()).regionInstanceGroupManagers.get(at, { signal })).data,
    list: async (token: string | undefined, signal: AbortSignal) =>
      (
        await (
          await client()
        ).regionInstanceGroupManagers.listManagedInstances({ ...at, ...list(token) }, { signal })
      ).data,
    resize: async (size: number, requestId: string, signal: AbortSignal) =>
      (
        await (
          await client()
        ).regionInstanceGroupManagers.resize({ ...at, size, requestId }, { signal })
      ).data,
    autoscaler: async (autoscaler: string, signal: AbortSignal) =>
      (
        await (
          await client()
        ).regionAutoscalers.get({ project, region: region!, autoscaler }, { signal })
      ).data,
  }
}

const lastPart = (url: string) => url.slice(url.lastIndexOf('/') + 1)

export function managedGroupView(
  { targetSize }: Group,
  instances: readonly Managed[],
  autoscaler: Autoscaler | undefined,
): TargetView {
  const policy = autoscaler?.autoscalingPolicy
  const acts = policy !== undefined && policy.mode !== 'OFF'
  return {
    requested: targetSize ?? 0,
    members: instances.flatMap((instance) => memberOf(instance) ?? []),
    bounds: {
      min: policy?.minNumReplicas ?? 0,
      max: policy?.maxNumReplicas ?? Number.POSITIVE_INFINITY,
    },
    mark: {},
    ...(acts
      ? { otherWriter: `Google's autoscaler ${autoscaler?.name}, mode ${policy.mode ?? 'ON'},` }
      : {}),
  }
}

function memberOf({
  id,
  instance,
  instanceStatus,
  currentAction,
  instanceHealth,
}: Managed): Member | undefined {
  const key = id ?? instance ?? ''
  if (currentAction === 'DELETING') return { id: key, state: 'terminating' }
  // leaves the group and lives on; stopped and suspended ones are a reserve that the size does not count
  if (currentAction === 'ABANDONING') return undefined
  if (['STOPPED', 'SUSPENDED', 'TERMINATED'].includes(instanceStatus ?? '')) return undefined
  const isHealthy = (instanceHealth ?? []).every((h) => h.detailedHealthState === 'HEALTHY')
  const serves = instanceStatus === 'RUNNING' && currentAction === 'NONE' && isHealthy
  return { id: key, state: serves ? 'ready' : 'starting' }
}
