/** Contract test of scale sets: against a server of ours that answers as Microsoft documents its API. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { createAzure, type Machine, scaleSetView } from './azure.ts'
import { AzureActuatorConfig } from './config.ts'
import { createFakeAzure, type FakeAzure } from './test-fake-azure.ts'
import { type Served, serve } from './test-http.ts'

let fake: FakeAzure
let served: Served
const open: Actuator[] = []
beforeEach(async () => {
  fake = createFakeAzure()
  const tags = { team: 'checkout' }
  fake.sets.set('web', { mode: 'Flexible', capacity: 2, etag: 5, tags, machines: [] })
  served = await serve(fake.app)
})
afterEach(async () => {
  for (const actuator of open.splice(0)) await actuator.close()
  await served.stop()
})
function azure(): Actuator {
  const targets = { web: { resourceGroup: 'shop', scaleSet: 'web' } }
  const config = { kind: 'azure', subscriptionId: 's', endpoint: served.url, targets }
  const made = createAzure(AzureActuatorConfig.parse(config), { warn: () => {} })
  open.push(made)
  return made
}
const web = () => fake.sets.get('web')!
const order = (decisionId: string, to: number, token: number) => ({
  ...{ decisionId, service: 'web', from: 2, to },
  fence: { ledger: 'ledger-1', token },
})

describe('a scale set', () => {
  it('holds decision and token beside the tags of others: the next leader reads them', async () => {
    expect((await azure().apply([order('first', 3, 4)]))[0]).toMatchObject({ outcome: 'applied' })
    expect(web().tags).toEqual({
      team: 'checkout',
      'forescale-decision': 'first',
      'forescale-replicas': '3',
      'forescale-ledger': 'ledger-1',
      'forescale-token': '4',
    })
    const next = azure()
    expect((await next.observe()).get('web')).toMatchObject({
      requested: 3,
      lastDecisionId: 'first',
    })
    expect((await next.apply([order('late', 1, 3)]))[0]).toMatchObject({ outcome: 'failed' })
    expect(web().capacity).toBe(3)
  })

  it('refuses a change of what was changed since it was read: Azure itself compares', async () => {
    const late = azure()
    // somebody writes between this look and the write that follows it
    const read = web()
    let looks = 0
    Object.defineProperty(read, 'machines', {
      get: () => {
        if (++looks === 1) read.etag++
        return []
      },
      set: () => {},
    })
    const [result] = await late.apply([order('late', 7, 4)])
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(/condition/i) })
    expect(web().capacity).toBe(2)
  })

  it('measures starts from the creation that Azure tells', async () => {
    const actuator = azure()
    fake.machineMs = 60_000
    expect((await actuator.observe()).get('web')).toMatchObject({ ready: 0, starting: 2 })
    await new Promise((resolve) => setTimeout(resolve, 100))
    fake.machineMs = 0
    const seen = (await actuator.observe()).get('web')!
    expect(seen.ready).toBe(2)
    expect(seen.recentStartupsMs).toHaveLength(2)
    for (const ms of seen.recentStartupsMs) expect(ms).toBeGreaterThanOrEqual(90)
  })

  it('that is not there is named by Azure', async () => {
    fake.sets.clear()
    await expect(azure().observe()).rejects.toThrow('The scale set was not found.')
  })

  it.each([
    [true, 100],
    [false, 1000],
  ])('with one placement group: %s holds at most %d machines', (singlePlacementGroup, max) => {
    expect(scaleSetView({ location: 'x', singlePlacementGroup }, []).bounds.max).toBe(max)
  })
})

describe('machines', () => {
  const machine = (provisioningState: string, power: string, health?: string): Machine => ({
    id: '1',
    provisioningState,
    instanceView: {
      statuses: [{ code: `PowerState/${power}` }],
      ...(health ? { vmHealth: { status: { code: `HealthState/${health}` } } } : {}),
    },
  })
  it.each([
    [machine('Succeeded', 'running'), ['ready']],
    [machine('Succeeded', 'running', 'healthy'), ['ready']],
    [machine('Succeeded', 'running', 'unhealthy'), ['starting']],
    [machine('Creating', 'running'), ['starting']],
    [machine('Succeeded', 'starting'), ['starting']],
    [machine('Deleting', 'running'), ['terminating']],
    [machine('Succeeded', 'deallocating'), ['terminating']],
    [machine('Succeeded', 'deallocated'), []],
  ])('%j are %j', (seen, expected) => {
    const { members } = scaleSetView({ location: 'x' }, [seen])
    expect(members.map(({ state }) => state)).toEqual(expected)
  })
})
