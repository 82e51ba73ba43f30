/**
 * The lease on a real API server: the same rows and histories as on every other store, what happens when the Lease is deleted
 * or comes back old, and two real controllers of which the leader is killed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createElectedLease } from '../../leader/elected.ts'
import type { LeaseStore } from '../../leader/lease.ts'
import { OutrunError, raiseTo } from '../../leader/raise.ts'
import { metric, startCluster, type TestCluster } from '../../leader/test-cluster.ts'
import { leaseHistories } from '../../leader/test-lease-histories.ts'
import { leaseRowConformance, rowOf } from '../../leader/test-lease-row.ts'
import { createMemoryLeaseStore } from '../../leader/test-lease-store.ts'
import { createClusterApi } from '../api.ts'
import {
  CONTROL_PLANE_HERE,
  startControlPlane,
  type TestControlPlane,
} from '../test-control-plane.ts'
import { createKubernetesLeaseStore } from './lease-store.ts'

const TICK_MS = 1000
const TAKE_OVERS = 2

describe.runIf(CONTROL_PLANE_HERE)('a Lease of Kubernetes', () => {
  let plane: TestControlPlane
  let names = 0
  let name: string
  let floor = 0

  beforeAll(async () => {
    plane = await startControlPlane()
  }, 120_000)
  afterAll(async () => {
    await plane?.stop()
  })
  beforeEach(() => {
    name = `lease-${names++}`
    floor = 0
  })

  const open = (): LeaseStore =>
    createKubernetesLeaseStore({
      api: createClusterApi(plane.config),
      namespace: 'default',
      name,
      durationMs: 15_000,
      timeoutMs: 5000,
      floor: async () => floor,
      nowMs: Date.now,
    })

  describe('as a row', () => leaseRowConformance(() => ({ one: open(), other: open() })))

  leaseHistories(
    'on the API server',
    async () => {
      name = `lease-${names++}`
      return open()
    },
    { runs: 8, steps: 30, timeoutMs: 30_000 },
  )

  const elected = (holder: string, store = open()) =>
    createElectedLease({
      ...{ store, holder, url: '' },
      times: { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 },
      monotonicMs: () => performance.now(),
    })

  it('reads to kubectl as any other Lease', async () => {
    await elected('one').acquire()
    const json = await plane.kubectl('get', 'lease', name, '-n', 'default', '-o', 'json')
    expect(JSON.parse(json).spec).toMatchObject({
      holderIdentity: 'one',
      leaseTransitions: 1,
      leaseDurationSeconds: 15,
    })
    expect(await plane.kubectl('get', 'lease', name, '-n', 'default')).toMatch(/HOLDER.*\n.*one/s)
  })

  it('that was deleted, or restored to an older state, gives no token that was given out before', async () => {
    const one = elected('one')
    expect(await one.acquire()).toMatchObject({ token: 1 })
    floor = 7
    expect(await one.renew(), 'the ledger has seen later leaders').toBeUndefined()
    expect(await one.acquire()).toMatchObject({ token: 8 })
    floor = 8
    await plane.kubectl('delete', 'lease', name, '-n', 'default')
    expect(await one.renew(), 'nobody holds what is not there').toBeUndefined()
    expect(await elected('two').acquire()).toMatchObject({ token: 9, holder: 'two' })
  })

  it('is renewed while the ledger is away, by what the ledger said last', async () => {
    let away = false
    const store = createKubernetesLeaseStore({
      ...{ api: createClusterApi(plane.config), namespace: 'default', name },
      ...{ durationMs: 15_000, timeoutMs: 5000, nowMs: Date.now },
      floor: async () => {
        if (away) throw new Error('no answer')
        return 3
      },
    })
    const lease = elected('one', store)
    expect(await lease.acquire()).toMatchObject({ token: 4 })
    away = true
    expect(await lease.renew()).toMatchObject({ token: 4 })
  })

  describe('with two controllers', () => {
    let cluster: TestCluster

    beforeAll(async () => {
      cluster = await startCluster({
        controllers: 2,
        tickMs: TICK_MS,
        services: ['a', 'b'],
        leader: {
          ...{ durationMs: 1500, renewDeadlineMs: 1000, retryMs: 200 },
          lease: { kind: 'kubernetes', namespace: 'default', name: 'controllers' },
        },
        config: { kubernetes: { kubeconfig: plane.kubeconfig } },
      })
    }, 180_000)
    afterAll(async () => {
      await cluster?.close()
    })

    const holder = async () =>
      JSON.parse(await plane.kubectl('get', 'lease', 'controllers', '-n', 'default', '-o', 'json'))

    it('have one leader; killed, it is replaced by the other, and its token is never used again', async () => {
      const takeOverMs: number[] = []
      for (let n = 0; n < TAKE_OVERS; n++) {
        const leader = await cluster.untilLeader(20_000)
        const { spec } = await holder()
        const [row] = await cluster.postgres.query('SELECT token FROM forescale.leases')
        expect(Number(row!.token)).toBe(spec.leaseTransitions)
        const latest = () => cluster.get<{ tick?: number }>(leader, '/v1/ticks/latest')
        // there is something to take over once it has ticked
        await expect.poll(latest, { timeout: 10_000 }).toMatchObject({ tick: expect.any(Number) })
        const tick = (await latest()).tick!
        cluster.nodes[leader]!.child.kill('SIGKILL')
        const killedAtMs = performance.now()
        const next = await cluster.untilLeader(15_000, leader)
        await expect
          .poll(() => cluster.get<{ tick: number }>(next, '/v1/ticks/latest'), {
            timeout: 15_000,
            interval: 50,
          })
          .toMatchObject({ tick: expect.toSatisfy((t: number) => t > tick) })
        takeOverMs.push(Math.round(performance.now() - killedAtMs))
        expect((await holder()).spec.leaseTransitions).toBeGreaterThan(spec.leaseTransitions)
        await cluster.restart(leader)
        expect(await metric(cluster.nodes[leader]!, 'forescale_lease_is_leader')).toBe(0)
      }
      process.stdout.write(`first tick after kill -9 of the leader: ${takeOverMs.join(', ')} ms\n`)
      const tokens = cluster.target.applied.map((order) => order.token!)
      expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
    }, 120_000)
  })
})

describe("the ledger's row behind a lease elsewhere", () => {
  const one = { token: 4, holder: 'one', url: '' }
  it('follows it upwards and never back', async () => {
    const rows = createMemoryLeaseStore()
    await raiseTo(rows, one)
    await raiseTo(rows, one)
    expect(rows.row()).toEqual(rowOf(4, { holder: 'one', url: '' }))
    await raiseTo(rows, { ...one, token: 6, holder: 'two' })
    await expect(raiseTo(rows, one)).rejects.toThrow(OutrunError)
    await expect(raiseTo(rows, { ...one, token: 6 })).rejects.toThrow('token 6 of two')
  })
})
