/**
 * ECS services and Auto Scaling groups against moto's server, which answers as AWS does; what moto has not (health checks,
 * scaling activities) from documents in the form that AWS documents.
 */
import { PutScalingPolicyCommand } from '@aws-sdk/client-auto-scaling'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { groupView, launchesOf } from './aws/auto-scaling.ts'
import { ecsView } from './aws/ecs.ts'
import { createAws } from './aws.ts'
import { AwsActuatorConfig } from './config.ts'
import { MOTO_HERE, type Moto, startMoto } from './test-moto.ts'

describe.runIf(MOTO_HERE)("moto's AWS", () => {
  let moto: Moto
  const open: Actuator[] = []
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(async () => {
    for (const actuator of open) await actuator.close()
    await moto.stop()
  })
  function actuator(): Actuator {
    const targets = {
      search: { kind: 'ecs', cluster: 'shop', service: 'search' },
      auth: { kind: 'auto-scaling-group', name: 'auth' },
    }
    const config = AwsActuatorConfig.parse({ kind: 'aws', endpoint: moto.url, targets })
    const made = createAws(config, { warn: () => {} })
    open.push(made)
    return made
  }

  it.each(['search', 'auth'])(
    '%s keeps decision and token as tags: the next leader reads both',
    async (service) => {
      const first = actuator()
      const fence = { ledger: `ledger-of-${service}`, token: 8 }
      const order = { decisionId: `for-${service}`, service, from: 1, to: 3, fence }
      expect((await first.apply([order]))[0]).toEqual({
        ...{ decisionId: order.decisionId, service },
        outcome: 'applied',
      })
      const next = actuator()
      expect((await next.observe()).get(service)).toMatchObject({
        requested: 3,
        lastDecisionId: `for-${service}`,
      })
      const late = { decisionId: 'late', service, from: 3, to: 1, fence: { ...fence, token: 7 } }
      const [refused] = await next.apply([late])
      expect(refused).toMatchObject({
        outcome: 'failed',
        detail: expect.stringContaining('8 or greater'),
      })
      await next.announce!({ ...fence, token: 9 })
      const [deposed] = await first.apply([{ ...late, decisionId: 'deposed', fence }])
      expect(deposed!.outcome).toBe('failed')
      expect((await next.observe()).get(service)!.requested).toBe(3)
    },
  )

  it('a group has limits of its own, which hold', async () => {
    const aws = actuator()
    const [result] = await aws.apply([{ decisionId: 'more', service: 'auth', from: 3, to: 9 }])
    expect(result).toMatchObject({ outcome: 'applied', detail: expect.stringContaining('1 to 4') })
    expect((await aws.observe()).get('auth')!.requested).toBe(4)
  })

  it('a group with a scaling policy of its own is left alone', async () => {
    await moto.autoScaling.send(
      new PutScalingPolicyCommand({
        AutoScalingGroupName: 'auth',
        PolicyName: 'cpu-50',
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingConfiguration: {
          PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
          TargetValue: 50,
        },
      }),
    )
    const [result] = await actuator().apply([{ decisionId: 'x', service: 'auth', from: 4, to: 2 }])
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('cpu-50') })
  })

  it('a service that is not there is named, and the other one still answers', async () => {
    const targets = {
      gone: { kind: 'ecs', cluster: 'shop', service: 'gone' },
      search: { kind: 'ecs', cluster: 'shop', service: 'search' },
    }
    const warnings: string[] = []
    const config = AwsActuatorConfig.parse({ kind: 'aws', endpoint: moto.url, targets })
    const aws = createAws(config, {
      warn: (service, problem) => warnings.push(`${service}: ${problem}`),
    })
    open.push(aws)
    expect([...(await aws.observe()).keys()]).toEqual(['search'])
    expect(warnings).toEqual(['gone: ECS service shop/gone: there is no such service'])
  })
})

describe('tasks of ECS', () => {
  const at = (second: number) => new Date(second * 1000)
  const task = (id: string, over: object) => ({
    taskArn: id,
    taskDefinitionArn: 'checked',
    desiredStatus: 'RUNNING',
    lastStatus: 'RUNNING',
    healthStatus: 'UNKNOWN' as const,
    createdAt: at(100),
    startedAt: at(130),
    ...over,
  })
  const isChecked = (arn: string | undefined) => arn === 'checked'
  const members = (...tasks: object[]) =>
    ecsView({ desiredCount: 1 }, tasks as never, isChecked).members

  it('are ready when they run, and healthy where their definition has a check', () => {
    expect(
      members(
        task('a', {}),
        task('b', { healthStatus: 'HEALTHY' }),
        task('c', { healthStatus: 'UNHEALTHY' }),
        task('d', { taskDefinitionArn: 'plain' }),
        task('e', { lastStatus: 'PENDING' }),
      ).map(({ id, state }) => `${id} ${state}`),
    ).toEqual(['a starting', 'b ready', 'c starting', 'd ready', 'e starting'])
  })

  it('tell their start-up time where nothing has to be checked', () => {
    const [plain] = members(task('a', { taskDefinitionArn: 'plain' }))
    expect(plain!.readyAtMs! - plain!.createdAtMs!).toBe(30_000)
    expect(members(task('a', { healthStatus: 'HEALTHY' }))[0]!.readyAtMs).toBeUndefined()
  })

  it('that are ending are terminating until they have stopped', () => {
    expect(
      members(
        task('a', { desiredStatus: 'STOPPED', lastStatus: 'STOPPING' }),
        task('b', { desiredStatus: 'STOPPED', lastStatus: 'STOPPED' }),
      ),
    ).toMatchObject([{ id: 'a', state: 'terminating' }])
  })

  it('that are counted and not listed yet are counted', () => {
    const found = { desiredCount: 3, runningCount: 2, pendingCount: 1 }
    const { members: seen } = ecsView(found, [task('a', { healthStatus: 'HEALTHY' })], isChecked)
    expect(seen.map(({ state }) => state)).toEqual(['ready', 'ready', 'starting'])
  })
})

describe('instances of an Auto Scaling group', () => {
  const instance = (LifecycleState: string, HealthStatus = 'Healthy') =>
    ({ InstanceId: `i-${LifecycleState}`, LifecycleState, HealthStatus }) as never

  it.each([
    ['Pending', ['starting']],
    ['Pending:Wait', ['starting']],
    ['InService', ['ready']],
    ['Terminating', ['terminating']],
    ['Terminating:Wait', ['terminating']],
    ['Standby', []],
    ['Warmed:Stopped', []],
    ['Detached', []],
  ])('in %s are %j', (state, expected) => {
    const group = { Instances: [instance(state)] } as never
    expect(groupView(group, [], new Map()).members.map((m) => m.state)).toEqual(expected)
  })

  it('that are unhealthy are not ready', () => {
    const group = { Instances: [instance('InService', 'Unhealthy')] } as never
    expect(groupView(group, [], new Map()).members[0]!.state).toBe('starting')
  })

  it('are timed by the activity that launched them', () => {
    const launched = {
      Description: 'Launching a new EC2 instance: i-0598c7d356eba48d7',
      StatusCode: 'Successful',
      StartTime: new Date('2026-11-21T10:00:00Z'),
      EndTime: new Date('2026-11-21T10:01:35Z'),
    }
    const ended = { ...launched, Description: 'Terminating EC2 instance: i-0598c7d356eba48d8' }
    const times = launchesOf([launched, ended, { ...launched, StatusCode: 'Failed' }] as never)
    expect([...times.keys()]).toEqual(['i-0598c7d356eba48d7'])
    const { createdAtMs, readyAtMs } = times.get('i-0598c7d356eba48d7')!
    expect(readyAtMs - createdAtMs).toBe(95_000)
  })
})
