/** What is asked of ECS about one service, through AWS's own library. */
import type { ECSClient, Service, Task } from '@aws-sdk/client-ecs'
import type { AwsSettings } from '../aws.ts'
import type { EcsTarget } from '../config.ts'
import { tagsOf } from '../fleet/marks.ts'
import { loadSdk } from '../fleet/sdk.ts'
import type { Mark } from '../fleet/target.ts'

/** DescribeTasks takes no more, and ListTasks gives so many a page. */
const TASKS_A_CALL = 100

export interface EcsCalls {
  /** Throws when there is no such service, or one whose count cannot be set. */
  read(signal: AbortSignal): Promise<Service>
  tasksOf(desiredStatus: 'RUNNING' | 'STOPPED', signal: AbortSignal): Promise<Task[]>
  /** Whether a task of the definition has a health check, of those that `tasks` have. */
  definitionsOf(tasks: readonly Task[], signal: AbortSignal): Promise<IsChecked>
  writeMark(mark: Mark, signal: AbortSignal): Promise<void>
  setCount(desiredCount: number, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Whether a task of this definition has a health check. */
export type IsChecked = (taskDefinitionArn: string | undefined) => boolean

export function createEcsCalls({ cluster, service }: EcsTarget, settings: AwsSettings): EcsCalls {
  const name = `ECS service ${cluster}/${service}`
  let opened: ReturnType<typeof open> | undefined
  const sdk = () => (opened ??= open(settings))
  const checkedByDefinition = new Map<string, boolean>()

  async function read(signal: AbortSignal): Promise<Service> {
    const { client, commands } = await sdk()
    const { services } = await client.send(
      new commands.DescribeServicesCommand({ cluster, services: [service], include: ['TAGS'] }),
      { abortSignal: signal },
    )
    const found = services?.[0]
    if (found?.status !== 'ACTIVE')
      throw new Error(`${name}: ${found ? `it is ${found.status}` : 'there is no such service'}`)
    if (found.schedulingStrategy === 'DAEMON')
      throw new Error(
        `${name}: a DAEMON service runs one task an instance; its count cannot be set`,
      )
    return found
  }

  async function tasksOf(
    desiredStatus: 'RUNNING' | 'STOPPED',
    signal: AbortSignal,
  ): Promise<Task[]> {
    const { client, commands } = await sdk()
    const tasks: Task[] = []
    let nextToken: string | undefined
    do {
      const page = await client.send(
        new commands.ListTasksCommand({
          cluster,
          serviceName: service,
          desiredStatus,
          maxResults: TASKS_A_CALL,
          ...(nextToken ? { nextToken } : {}),
        }),
        { abortSignal: signal },
      )
      if (page.taskArns?.length) {
        const told = await client.send(
          new commands.DescribeTasksCommand({ cluster, tasks: page.taskArns }),
          { abortSignal: signal },
        )
        tasks.push(...(told.tasks ?? []))
      }
      // tasks that ended stay listed for an hour; those that are still ending are the newest
      nextToken = desiredStatus === 'RUNNING' ? page.nextToken : undefined
    } while (nextToken)
    return tasks
  }

  /** A revision of a definition never changes, so each is read once. */
  async function definitionsOf(tasks: readonly Task[], signal: AbortSignal): Promise<IsChecked> {
    const { client, commands } = await sdk()
    for (const arn of new Set(tasks.map((task) => task.taskDefinitionArn ?? ''))) {
      if (arn === '' || checkedByDefinition.has(arn)) continue
      const { taskDefinition } = await client.send(
        new commands.DescribeTaskDefinitionCommand({ taskDefinition: arn }),
        { abortSignal: signal },
      )
      const containers = taskDefinition?.containerDefinitions ?? []
      checkedByDefinition.set(
        arn,
        containers.some(({ healthCheck }) => healthCheck !== undefined),
      )
    }
    return (arn) => checkedByDefinition.get(arn ?? '') === true
  }

  async function writeMark(mark: Mark, signal: AbortSignal): Promise<void> {
    const { client, commands } = await sdk()
    const { serviceArn } = await read(signal)
    const tags = Object.entries(tagsOf(mark)).map(([key, value]) => ({ key, value }))
    await client.send(new commands.TagResourceCommand({ resourceArn: serviceArn, tags }), {
      abortSignal: signal,
    })
  }

  return {
    read,
    tasksOf,
    definitionsOf,
    writeMark,
    async setCount(desiredCount, signal) {
      const { client, commands } = await sdk()
      await client.send(new commands.UpdateServiceCommand({ cluster, service, desiredCount }), {
        abortSignal: signal,
      })
    },
    async close() {
      if (opened) (await opened).client.destroy()
    },
  }
}

async function open(settings: AwsSettings) {
  const load = () => import('@aws-sdk/client-ecs')
  const commands = await loadSdk('@aws-sdk/client-ecs', 'actuator.kind "aws" with ECS', load)
  const client: ECSClient = new commands.ECSClient(settings)
  return { client, commands }
}
