/** Contract test of managed instance groups: against a server of ours that answers as Google documents its API. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { GcpActuatorConfig } from './config.ts'
import { createGcp, managedGroupView } from './gcp.ts'
import { createFakeGcp, type FakeGcp } from './test-fake-gcp.ts'
import { type Served, serve } from './test-http.ts'

let google: FakeGcp
let served: Served
let gcp: Actuator
beforeEach(async () => {
  google = createFakeGcp()
  google.groups.set('zones/europe-west3-a/web', { targetSize: 3, instances: [] })
  served = await serve(google.app)
  const targets = { web: { group: 'web', zone: 'europe-west3-a' } }
  const config = { kind: 'gcp', project: 'shop', endpoint: served.url, targets }
  gcp = createGcp(GcpActuatorConfig.parse(config), { warn: () => {} })
})
afterEach(async () => {
  await gcp.close()
  await served.stop()
})
const scale = async (decisionId: string, to: number) =>
  (await gcp.apply([{ decisionId, service: 'web', from: 3, to }]))[0]!
const group = () => google.groups.get('zones/europe-west3-a/web')!
const seen = async () => (await gcp.observe()).get('web')!

describe('a managed instance group', () => {
  it('is read over all pages, and its starts are watched', async () => {
    google.machineMs = 60_000
    expect(await seen()).toMatchObject({ requested: 3, ready: 0, starting: 3 })
    await new Promise((resolve) => setTimeout(resolve, 100))
    google.machineMs = 0
    const { ready, recentStartupsMs } = await seen()
    expect(ready).toBe(3)
    expect(recentStartupsMs).toHaveLength(3)
    for (const ms of recentStartupsMs) expect(ms).toBeGreaterThanOrEqual(90)
  })

  it('is resized by requests that Google can tell apart, and only when that changes it', async () => {
    await scale('a', 5)
    await scale('b', 5)
    await scale('c', 2)
    expect(group().targetSize).toBe(2)
    expect(new Set(google.requestIds).size).toBe(2)
    for (const id of google.requestIds) expect(id).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('that an autoscaler holds is left alone', async () => {
    group().autoscaler = { mode: 'ON', min: 1, max: 9 }
    expect(await scale('a', 5)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining("Google's autoscaler web, mode ON, sets the count too"),
    })
    expect(group().targetSize).toBe(3)
  })

  it('whose autoscaler is off keeps the limits that it names', async () => {
    group().autoscaler = { mode: 'OFF', min: 2, max: 4 }
    const result = await scale('a', 9)
    expect(result).toMatchObject({ outcome: 'applied', detail: expect.stringContaining('2 to 4') })
    expect(group().targetSize).toBe(4)
  })

  it('that is not there is named by Google', async () => {
    google.groups.clear()
    await expect(gcp.observe()).rejects.toThrow("The resource 'web' was not found")
  })
})

describe('managed instances', () => {
  it.each([
    [{ instanceStatus: 'RUNNING', currentAction: 'NONE' }, ['ready']],
    [{ instanceStatus: 'RUNNING', currentAction: 'VERIFYING' }, ['starting']],
    [{ instanceStatus: 'STAGING', currentAction: 'CREATING' }, ['starting']],
    [{ instanceStatus: 'RUNNING', currentAction: 'RECREATING' }, ['starting']],
    [{ instanceStatus: 'STOPPING', currentAction: 'DELETING' }, ['terminating']],
    [{ instanceStatus: 'RUNNING', currentAction: 'ABANDONING' }, []],
    [{ instanceStatus: 'SUSPENDED', currentAction: 'NONE' }, []],
  ])('%j are %j', (instance, expected) => {
    const { members } = managedGroupView({}, [{ id: '1', ...instance }], undefined)
    expect(members.map(({ state }) => state)).toEqual(expected)
  })

  it('serve when their health check agrees', () => {
    const instance = (detailedHealthState: string) => ({
      ...{ id: '1', instanceStatus: 'RUNNING', currentAction: 'NONE' },
      instanceHealth: [{ detailedHealthState }],
    })
    const stateOf = (health: string) =>
      managedGroupView({}, [instance(health)], undefined).members[0]!.state
    expect([stateOf('HEALTHY'), stateOf('TIMEOUT')]).toEqual(['ready', 'starting'])
  })
})
