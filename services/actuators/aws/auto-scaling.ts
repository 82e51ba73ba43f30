/**
 * One EC2 Auto Scaling group: desired capacity within the group's own minimum and maximum. Lifecycle states say what an
 * instance is at; scaling activities say how long its launch took. A group with scaling policies of its own is left alone.
 */
import type {
  Activity,
  AutoScalingClient,
  AutoScalingGroup,
  Instance,
} from '@aws-sdk/client-auto-scaling'
import type { AwsSettings } from '../aws.ts'
import type { AutoScalingTarget } from '../config.ts'
import { markOf, tagsOf } from '../fleet/marks.ts'
import { loadSdk } from '../fleet/sdk.ts'
import type { FleetTarget, Mark, Member, TargetView } from '../fleet/target.ts'

/** Policies change seldom; asking each tick would use up the account's share of calls. */
const POLICIES_KNOWN_FOR_MS = 5 * 60_000
const ACTIVITIES_A_CALL = 100

interface Launch {
  readonly createdAtMs: number
  readonly readyAtMs: number
}

export function autoScalingTarget(
  { name: group }: AutoScalingTarget,
  settings: AwsSettings,
): FleetTarget {
  const name = `Auto Scaling group ${group}`
  let opened: ReturnType<typeof open> | undefined
  const sdk = () => (opened ??= open(settings))
  let launches = new Map<string, Launch>()
  const asked = new Set<string>()
  let policies: { readonly names: readonly string[]; readonly atMs: number } | undefined

  async function read(signal: AbortSignal): Promise<AutoScalingGroup> {
    const { client, commands } = await sdk()
    const { AutoScalingGroups } = await client.send(
      new commands.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
      { abortSignal: signal },
    )
    const found = AutoScalingGroups?.[0]
    if (!found) throw new Error(`${name}: there is no such group`)
    return found
  }

  /** Names of the policies that would change the count too; a forecast alone changes nothing. */
  async function policyNames(signal: AbortSignal): Promise<readonly string[]> {
    if (policies && Date.now() - policies.atMs < POLICIES_KNOWN_FOR_MS) return policies.names
    const { client, commands } = await sdk()
    const { ScalingPolicies } = await client.send(
      new commands.DescribePoliciesCommand({ AutoScalingGroupName: group }),
      { abortSignal: signal },
    )
    const names = (ScalingPolicies ?? [])
      .filter((policy) => policy.Enabled !== false)
      .filter((policy) => policy.PredictiveScalingConfiguration?.Mode !== 'ForecastOnly')
      .map((policy) => policy.PolicyName ?? 'unnamed')
    policies = { names, atMs: Date.now() }
    return names
  }

  /** Asked once an instance that serves: its launch is over and will not change. */
  async function learnLaunches(instances: readonly Instance[], signal: AbortSignal) {
    const serving = instances.filter(isServing).map((i) => i.InstanceId ?? '')
    if (serving.every((id) => asked.has(id))) return
    for (const id of serving) asked.add(id)
    const { client, commands } = await sdk()
    const { Activities } = await client.send(
      new commands.DescribeScalingActivitiesCommand({
        AutoScalingGroupName: group,
        MaxRecords: ACTIVITIES_A_CALL,
      }),
      { abortSignal: signal },
    )
    launches = launchesOf(Activities ?? [])
  }

  async function writeMark(mark: Mark, signal: AbortSignal): Promise<void> {
    const { client, commands } = await sdk()
    const Tags = Object.entries(tagsOf(mark)).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: false,
    }))
    await client.send(new commands.CreateOrUpdateTagsCommand({ Tags }), { abortSignal: signal })
  }

  return {
    name,
    async observe(signal) {
      const found = await read(signal)
      const names = await policyNames(signal)
      await learnLaunches(found.Instances ?? [], signal)
      return groupView(found, names, launches)
    },
    async scale(replicas, mark, seen, signal) {
      const { client, commands } = await sdk()
      await writeMark(mark, signal)
      if (seen.requested === replicas) return
      await client.send(
        new commands.SetDesiredCapacityCommand({
          AutoScalingGroupName: group,
          DesiredCapacity: replicas,
          // the guardrails of the decision have held already
          HonorCooldown: false,
        }),
        { abortSignal: signal },
      )
    },
    writeMark: (mark, _seen, signal) => writeMark(mark, signal),
    async close() {
      if (opened) (await opened).client.destroy()
    },
  }
}

async function open(settings: AwsSettings) {
  const load = () => import('@aws-sdk/client-auto-scaling')
  const commands = await loadSdk(
    '@aws-sdk/client-auto-scaling',
    'actuator.kind "aws" with an Auto Scaling group',
    load,
  )
  const client: AutoScalingClient = new commands.AutoScalingClient(settings)
  return { client, commands }
}

export function groupView(
  found: AutoScalingGroup,
  policyNames: readonly string[],
  launches: ReadonlyMap<string, Launch>,
): TargetView {
  const members = (found.Instances ?? []).flatMap((instance): Member[] => {
    const id = instance.InstanceId ?? ''
    const state = instance.LifecycleState ?? ''
    // set aside by a person, kept stopped in a warm pool, or gone: no part of the desired capacity
    if (/^(Detach|EnteringStandby|Standby|Warmed|Terminated$)/.test(state)) return []
    if (state.startsWith('Terminating')) return [{ id, state: 'terminating' }]
    return [{ id, state: isServing(instance) ? 'ready' : 'starting', ...launches.get(id) }]
  })
  return {
    requested: found.DesiredCapacity ?? 0,
    members,
    bounds: { min: found.MinSize ?? 0, max: found.MaxSize ?? Number.POSITIVE_INFINITY },
    mark: markOf(Object.fromEntries((found.Tags ?? []).map((tag) => [tag.Key, tag.Value]))),
    ...(policyNames.length > 0
      ? { otherWriter: `the group's own scaling policy ${policyNames.join(', ')}` }
      : {}),
  }
}

const isServing = ({ LifecycleState, HealthStatus }: Instance) =>
  LifecycleState === 'InService' && HealthStatus?.toLowerCase() === 'healthy'

/** "Launching a new EC2 instance: i-0123", with when it began and when the instance was in service. */
export function launchesOf(activities: readonly Activity[]): Map<string, Launch> {
  const launches = new Map<string, Launch>()
  for (const { Description, StatusCode, StartTime, EndTime } of activities) {
    const id = /^Launching a new EC2 instance: (i-[0-9a-f]+)/.exec(Description ?? '')?.[1]
    if (id && StatusCode === 'Successful' && StartTime && EndTime)
      launches.set(id, { createdAtMs: StartTime.getTime(), readyAtMs: EndTime.getTime() })
  }
  return launches
}
