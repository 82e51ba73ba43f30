/**
 * Answers as Google documents its Compute Engine API v1 for managed instance groups (cloud.google.com/compute/docs/reference/
 * rest/v1/instanceGroupManagers), for contract tests: there is no emulator of it.
 */
import { Hono } from 'hono'

interface FakeInstance {
  readonly id: string
  readonly bornMs: number
  /** Since when it is let go. */
  leftMs: number
}

export interface FakeGroup {
  targetSize: number
  instances: FakeInstance[]
  autoscaler?: { readonly mode: string; readonly min: number; readonly max: number }
}

export interface FakeGcp {
  readonly app: Hono
  /** From asked for to running, and from let go to gone, ms; may be changed at any time. */
  machineMs: number
  /** By "zones/europe-west3-a/web" or "regions/europe-west3/web". */
  readonly groups: Map<string, FakeGroup>
  readonly requestIds: string[]
}

export function createFakeGcp(): FakeGcp {
  const groups = new Map<string, FakeGroup>()
  const requestIds: string[] = []
  const app = new Hono()
  const fake: FakeGcp = { app, groups, requestIds, machineMs: 60 }
  const base = '/compute/v1/projects/shop/:scope{(zones|regions)}/:place'
  const groupOf = (c: { req: { param(name: string): string | undefined } }) =>
    groups.get(`${c.req.param('scope')}/${c.req.param('place')}/${c.req.param('name')}`)

  app.get(`${base}/instanceGroupManagers/:name`, (c) => {
    const group = groupOf(c)
    if (!group) return c.json(notFound(c.req.param('name')), 404)
    const { targetSize, autoscaler } = group
    const url = `https://www.googleapis.com${c.req.path.replace('instanceGroupManagers', 'autoscalers')}`
    return c.json({
      kind: 'compute#instanceGroupManager',
      name: c.req.param('name'),
      targetSize,
      status: { isStable: true, ...(autoscaler ? { autoscaler: url } : {}) },
    })
  })
  app.get(`${base}/autoscalers/:name`, (c) => {
    const autoscaler = groupOf(c)?.autoscaler
    if (!autoscaler) return c.json(notFound(c.req.param('name')), 404)
    const { mode, min, max } = autoscaler
    const autoscalingPolicy = { mode, minNumReplicas: min, maxNumReplicas: max }
    return c.json({ kind: 'compute#autoscaler', name: c.req.param('name'), autoscalingPolicy })
  })
  app.post(`${base}/instanceGroupManagers/:name/listManagedInstances`, (c) => {
    const group = groupOf(c)
    if (!group) return c.json(notFound(c.req.param('name')), 404)
    settle(group, fake.machineMs)
    // pages of one, so that paging is walked
    const from = Number(c.req.query('pageToken') ?? 0)
    const page = group.instances.slice(from, from + 1)
    const isMore = from + 1 < group.instances.length
    return c.json({
      managedInstances: page.map((one) => managed(one, fake.machineMs)),
      ...(isMore ? { nextPageToken: String(from + 1) } : {}),
    })
  })
  app.post(`${base}/instanceGroupManagers/:name/resize`, (c) => {
    const group = groupOf(c)
    if (!group) return c.json(notFound(c.req.param('name')), 404)
    const requestId = c.req.query('requestId') ?? ''
    if (!requestIds.includes(requestId)) group.targetSize = Number(c.req.query('size'))
    requestIds.push(requestId)
    settle(group, fake.machineMs)
    return c.json({ kind: 'compute#operation', status: 'RUNNING' })
  })
  return fake
}

let born = 1000
function settle(group: FakeGroup, machineMs: number): void {
  const nowMs = Date.now()
  group.instances = group.instances.filter(({ leftMs }) => nowMs - leftMs < machineMs)
  const staying = group.instances.filter(({ leftMs }) => leftMs === Number.POSITIVE_INFINITY)
  for (const instance of staying.slice(group.targetSize)) instance.leftMs = nowMs
  for (let i = staying.length; i < group.targetSize; i++)
    group.instances.push({ id: String(++born), bornMs: nowMs, leftMs: Number.POSITIVE_INFINITY })
}

function managed({ id, bornMs, leftMs }: FakeInstance, machineMs: number) {
  const isUp = Date.now() - bornMs >= machineMs
  const currentAction = leftMs < Number.POSITIVE_INFINITY ? 'DELETING' : isUp ? 'NONE' : 'CREATING'
  return {
    id,
    instance: `https://www.googleapis.com/compute/v1/projects/shop/zones/z/instances/${id}`,
    instanceStatus: isUp ? 'RUNNING' : 'PROVISIONING',
    currentAction,
  }
}

const notFound = (name: string) => ({
  error: { code: 404, message: `The resource '${name}' was not found`, status: 'NOT_FOUND' },
})
