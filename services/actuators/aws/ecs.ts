/**
 * One ECS service. Its counts come from DescribeServices, what its tasks are at from DescribeTasks: a task is ready when it
 * runs and its health check, if it has one, agrees. AWS bounds nothing here: limits of Application Auto Scaling belong to
 * that, and it must not scale the same service.
 */
import type { Service, Task } from '@aws-sdk/client-ecs'
import type { AwsSettings } from '../aws.ts'
import type { EcsTarget } from '../config.ts'
import { markOf } from '../fleet/marks.ts'
import type { FleetTarget, Member, TargetView } from '../fleet/target.ts'
import { createEcsCalls, type IsChecked } from './ecs-calls.ts'

const STARTING = ['PROVISIONING', 'PENDING', 'ACTIVATING']
const ENDING = ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING']

export function ecsTarget(target: EcsTarget, settings: AwsSettings): FleetTarget {
  const calls = createEcsCalls(target, settings)
  return {
    name: `ECS service ${target.cluster}/${target.service}`,
    async observe(signal) {
      const found = await calls.read(signal)
      const [running, ending] = await Promise.all([
        calls.tasksOf('RUNNING', signal),
        calls.tasksOf('STOPPED', signal),
      ])
      const isChecked = await calls.definitionsOf(running, signal)
      return ecsView(found, [...running, ...ending], isChecked)
    },
    async scale(replicas, mark, seen, signal) {
      // first the mark: without the count that it names it says nothing
      await calls.writeMark(mark, signal)
      if (seen.requested !== replicas) await calls.setCount(replicas, signal)
    },
    writeMark: (mark, _seen, signal) => calls.writeMark(mark, signal),
    close: calls.close,
  }
}

/** Lists lag behind counts: a task that is counted and not listed yet is a member without an id of its own. */
export function ecsView(found: Service, tasks: readonly Task[], isChecked: IsChecked): TargetView {
  const members = tasks.flatMap((task) => memberOf(task, isChecked) ?? [])
  const { desiredCount = 0, runningCount = 0, pendingCount = 0 } = found
  const listed = (states: readonly string[]) =>
    tasks.filter(
      (task) => states.includes(task.lastStatus ?? '') && task.desiredStatus !== 'STOPPED',
    ).length
  const unlisted = (state: 'ready' | 'starting', counted: number, seen: number): Member[] =>
    Array.from({ length: Math.max(0, counted - seen) }, (_, i) => ({ id: `${state}-${i}`, state }))
  return {
    requested: desiredCount,
    members: [
      ...members,
      ...unlisted('ready', runningCount, listed(['RUNNING'])),
      ...unlisted('starting', pendingCount, listed(STARTING)),
    ],
    bounds: { min: 0, max: Number.POSITIVE_INFINITY },
    mark: markOf(Object.fromEntries((found.tags ?? []).map(({ key, value }) => [key, value]))),
  }
}

/** Health of a task is "unknown" both before its check first ran and where there is none: its definition tells them apart. */
function memberOf(task: Task, isChecked: IsChecked): Member | undefined {
  const { taskArn = '', lastStatus = '', desiredStatus, healthStatus } = task
  if (lastStatus === 'STOPPED') return undefined
  if (desiredStatus === 'STOPPED' || ENDING.includes(lastStatus))
    return { id: taskArn, state: 'terminating' }
  const checked = isChecked(task.taskDefinitionArn)
  const createdAtMs = task.createdAt?.getTime()
  if (lastStatus !== 'RUNNING' || (checked && healthStatus !== 'HEALTHY'))
    return { id: taskArn, state: 'starting', createdAtMs }
  // when a check first passed is not told: that is watched
  const readyAtMs = checked ? undefined : task.startedAt?.getTime()
  return { id: taskArn, state: 'ready', createdAtMs, readyAtMs }
}
