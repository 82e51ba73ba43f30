/**
 * Answers as Microsoft documents Azure's Compute REST API for scale sets (learn.microsoft.com/rest/api/compute/
 * virtual-machine-scale-sets), for contract tests: there is no emulator of it.
 */
import { Hono } from 'hono'

const BASE = '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.Compute'

interface FakeMachine {
  readonly id: number
  readonly bornMs: number
  /** Since when it is let go. */
  leftMs: number
}

export interface FakeScaleSet {
  readonly mode: 'Uniform' | 'Flexible'
  capacity: number
  etag: number
  tags: Record<string, string>
  machines: FakeMachine[]
}

export interface FakeAzure {
  readonly app: Hono
  /** From asked for to running, and from let go to gone, ms; may be changed at any time. */
  machineMs: number
  readonly sets: Map<string, FakeScaleSet>
}

export function createFakeAzure(): FakeAzure {
  const sets = new Map<string, FakeScaleSet>()
  const app = new Hono()
  const fake: FakeAzure = { app, sets, machineMs: 60 }
  app.get(`${BASE}/virtualMachineScaleSets/:name`, (c) => {
    const set = sets.get(c.req.param('name'))
    return set ? c.json(document(c.req.param('name'), set)) : c.json(NOT_FOUND, 404)
  })
  app.patch(`${BASE}/virtualMachineScaleSets/:name`, async (c) => {
    const set = sets.get(c.req.param('name'))
    if (!set) return c.json(NOT_FOUND, 404)
    const wanted = c.req.header('if-match')
    if (wanted !== undefined && wanted !== `"${set.etag}"`) return c.json(CHANGED, 412)
    const body = (await c.req.json()) as { sku: { capacity: number }; tags: Record<string, string> }
    Object.assign(set, { capacity: body.sku.capacity, tags: body.tags, etag: set.etag + 1 })
    settle(set, fake.machineMs)
    return c.json(document(c.req.param('name'), set), 200)
  })
  app.get(`${BASE}/virtualMachineScaleSets/:name/virtualMachines`, (c) => {
    const set = sets.get(c.req.param('name'))
    if (!set) return c.json(NOT_FOUND, 404)
    settle(set, fake.machineMs)
    return c.json({ value: set.machines.map((one) => machine(one, fake.machineMs)) })
  })
  app.get(`${BASE}/virtualMachines`, (c) => {
    const filter = c.req.query('$filter') ?? ''
    const name = /virtualMachineScaleSets\/([^/']+)'$/.exec(filter)?.[1] ?? ''
    const set = sets.get(name)
    if (!set || c.req.query('$expand') !== 'instanceView') return c.json({ value: [] })
    settle(set, fake.machineMs)
    return c.json({ value: set.machines.map((one) => machine(one, fake.machineMs)) })
  })
  return fake
}

let born = 0
function settle(set: FakeScaleSet, machineMs: number): void {
  const nowMs = Date.now()
  set.machines = set.machines.filter(({ leftMs }) => nowMs - leftMs < machineMs)
  const staying = set.machines.filter(({ leftMs }) => leftMs === Number.POSITIVE_INFINITY)
  for (const leaving of staying.slice(set.capacity)) leaving.leftMs = nowMs
  for (let i = staying.length; i < set.capacity; i++)
    set.machines.push({ id: ++born, bornMs: nowMs, leftMs: Number.POSITIVE_INFINITY })
}

function document(name: string, { mode, capacity, etag, tags }: FakeScaleSet) {
  return {
    id: `/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`,
    name,
    location: 'westeurope',
    sku: { name: 'Standard_D2s_v5', tier: 'Standard', capacity },
    tags,
    etag: `"${etag}"`,
    properties: {
      orchestrationMode: mode,
      singlePlacementGroup: false,
      provisioningState: 'Succeeded',
    },
  }
}

function machine({ id, bornMs, leftMs }: FakeMachine, machineMs: number) {
  const isLeaving = leftMs < Number.POSITIVE_INFINITY
  const isUp = Date.now() - bornMs >= machineMs
  const power = isUp ? 'PowerState/running' : 'PowerState/starting'
  return {
    id: `/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/virtualMachines/vm${id}`,
    name: `vm${id}`,
    location: 'westeurope',
    properties: {
      provisioningState: isLeaving ? 'Deleting' : isUp ? 'Succeeded' : 'Creating',
      timeCreated: new Date(bornMs).toISOString(),
      instanceView: { statuses: [{ code: power }] },
    },
  }
}

const NOT_FOUND = { error: { code: 'ResourceNotFound', message: 'The scale set was not found.' } }
const CHANGED = { error: { code: 'ConditionNotMet', message: 'The condition was not met.' } }
