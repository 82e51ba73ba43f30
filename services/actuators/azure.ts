/**
 * Azure: the capacity of virtual machine scale sets, of uniform and of flexible orchestration. Credentials are found as
 * Azure's tools find them (environment, workload identity, managed identity, the command line's). Capacity and mark are
 * written by one PATCH that names the version it saw (If-Match), so a deposed leader's write is refused by Azure itself.
 */
import type {
  ComputeManagementClient,
  InstanceViewStatus,
  VirtualMachineScaleSet,
} from '@azure/arm-compute'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator } from './actuator.ts'
import type { AzureActuatorConfig, ScaleSetTarget } from './config.ts'
import { createFleet } from './fleet/fleet.ts'
import { markOf, tagsOf } from './fleet/marks.ts'
import { loadSdk } from './fleet/sdk.ts'
import type { FleetTarget, Mark, Member, TargetView } from './fleet/target.ts'

const RETRIES = 2
const LONGEST_BACKOFF_MS = 2000
/** learn.microsoft.com/azure/virtual-machine-scale-sets: limits of one placement group, and of many. */
const MOST_IN_ONE_GROUP = 100
const MOST = 1000

export interface AzureDeps {
  readonly warn: (service: ServiceId, problem: string) => void
}
type Credential = ConstructorParameters<typeof ComputeManagementClient>[0]

/** Over plain http nobody signs in: an emulator does not ask, and a token would be readable. */
const NOBODY: Credential = {
  getToken: async () => ({ token: '', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
}

export function createAzure(config: AzureActuatorConfig, { warn }: AzureDeps): Actuator {
  let opened: Promise<ComputeManagementClient> | undefined
  const client = () => (opened ??= open(config))
  const targets = new Map(
    Object.entries(config.targets).map(([service, target]) => [
      service,
      scaleSetTarget(target, config.subscriptionId, client),
    ]),
  )
  const { deadlineMs, releaseWaitMs } = config
  return createFleet({ targets, deadlineMs, releaseWaitMs, warn })
}

async function open({
  subscriptionId,
  endpoint,
}: AzureActuatorConfig): Promise<ComputeManagementClient> {
  const neededBy = 'actuator.kind "azure"'
  const compute = await loadSdk('@azure/arm-compute', neededBy, () => import('@azure/arm-compute'))
  const isOpen = endpoint?.startsWith('http:') === true
  const credential = isOpen ? NOBODY : await signIn(neededBy)
  const client = new compute.ComputeManagementClient(credential, subscriptionId, {
    ...(endpoint ? { endpoint, allowInsecureConnection: isOpen } : {}),
    retryOptions: { maxRetries: RETRIES, maxRetryDelayInMs: LONGEST_BACKOFF_MS },
  })
  if (isOpen) client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' })
  return client
}

async function signIn(neededBy: string): Promise<Credential> {
  const identity = await loadSdk('@azure/identity', neededBy, () => import('@azure/identity'))
  return new identity.DefaultAzureCredential()
}

function scaleSetTarget(
  { resourceGroup, scaleSet }: ScaleSetTarget,
  subscriptionId: string,
  client: () => Promise<ComputeManagementClient>,
): FleetTarget {
  const name = `scale set ${resourceGroup}/${scaleSet}`

  async function machines(
    set: VirtualMachineScaleSet,
    abortSignal: AbortSignal,
  ): Promise<Machine[]> {
    const { virtualMachines, virtualMachineScaleSetVMs } = await client()
    const found: Machine[] = []
    if (set.orchestrationMode === 'Flexible') {
      const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachineScaleSets/${scaleSet}`
      const filter = `'virtualMachineScaleSet/id' eq '${id}'`
      const options = { filter, expand: 'instanceView' as const, abortSignal }
      for await (const machine of virtualMachines.list(resourceGroup, options)) found.push(machine)
      return found
    }
    const options = { expand: 'instanceView', abortSignal }
    for await (const machine of virtualMachineScaleSetVMs.list(resourceGroup, scaleSet, options))
      found.push(machine)
    return found
  }

  const read = async (abortSignal: AbortSignal) =>
    (await client()).virtualMachineScaleSets.get(resourceGroup, scaleSet, { abortSignal })

  /** Accepted is enough: what becomes of it is seen by the next look. */
  async function write(
    mark: Mark,
    replicas: number | undefined,
    seen: TargetView,
    abortSignal: AbortSignal,
  ) {
    const { virtualMachineScaleSets } = await client()
    const { sku, tags } = await read(abortSignal)
    const change = {
      sku: { ...sku, capacity: replicas ?? seen.requested },
      tags: { ...tags, ...tagsOf(mark) },
    }
    const ifMatch = seen.version === undefined ? {} : { ifMatch: seen.version }
    const poller = virtualMachineScaleSets.update(resourceGroup, scaleSet, change, {
      abortSignal,
      ...ifMatch,
    })
    // its end is not waited for, and a failure later on shows in the next look
    poller.catch(() => undefined)
    await poller.submitted()
  }

  return {
    name,
    async observe(signal) {
      const set = await read(signal)
      return scaleSetView(set, await machines(set, signal))
    },
    scale: (replicas, mark, seen, signal) => write(mark, replicas, seen, signal),
    writeMark: (mark, seen, signal) => write(mark, undefined, seen, signal),
  }
}

/** What machines of both orchestration modes have in common. */
export interface Machine {
  readonly id?: string
  readonly name?: string
  readonly provisioningState?: string
  readonly timeCreated?: Date
  readonly instanceView?: {
    readonly statuses?: readonly InstanceViewStatus[]
    readonly vmHealth?: { readonly status?: InstanceViewStatus }
  }
}

export function scaleSetView(
  set: VirtualMachineScaleSet,
  machines: readonly Machine[],
): TargetView {
  return {
    requested: set.sku?.capacity ?? 0,
    members: machines.flatMap((machine) => memberOf(machine) ?? []),
    bounds: { min: 0, max: set.singlePlacementGroup ? MOST_IN_ONE_GROUP : MOST },
    mark: markOf(set.tags ?? {}),
    version: set.etag,
  }
}

function memberOf({
  id,
  name,
  provisioningState,
  timeCreated,
  instanceView,
}: Machine): Member | undefined {
  const key = id ?? name ?? ''
  const codes = (instanceView?.statuses ?? []).map(({ code }) => code)
  const health = instanceView?.vmHealth?.status?.code
  // deallocated machines serve nobody and cost no computing time
  if (codes.includes('PowerState/deallocated')) return undefined
  if (provisioningState === 'Deleting' || codes.includes('PowerState/deallocating'))
    return { id: key, state: 'terminating' }
  const serves =
    codes.includes('PowerState/running') &&
    provisioningState !== 'Creating' &&
    (health === undefined || health === 'HealthState/healthy')
  return { id: key, state: serves ? 'ready' : 'starting', createdAtMs: timeCreated?.getTime() }
}
