/**
 * What every actuator must do: processes against a real host with real replicas, AWS against moto's server, Docker, Google
 * Cloud and Azure against servers of ours that answer as their documentation says (the real engine: docker-engine.test.ts),
 * Kubernetes against a real control plane with simulated nodes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { createCaller } from './caller.ts'
import { createProcesses, HostUnreachable } from './processes.ts'
import { openActuator } from './registry.ts'
import { type Bench, HERE, INITIAL, KINDS, type RealHost, startHost } from './test-benches.ts'

async function settled(actuator: Actuator, service: string, ready: number) {
  for (let i = 0; i < 200; i++) {
    const seen = (await actuator.observe()).get(service)
    if (seen?.ready === ready && seen.starting + seen.terminating === 0) return seen
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(
    `${service} never had ${ready} ready replicas: ${JSON.stringify([...(await actuator.observe())])}`,
  )
}

let real: RealHost
beforeAll(async () => {
  real = await startHost()
})
afterAll(() => real.stop())

describe.each(HERE)('%s', (kind) => {
  let actuator: Actuator
  let bench: Bench
  beforeAll(async () => {
    bench = await KINDS[kind]()
    actuator = await openActuator(bench.config, {
      hostUrl: real.url,
      initial: INITIAL,
      drainTimeoutMs: 3000,
      ...(bench.kubernetes ? { kubernetes: bench.kubernetes } : {}),
    })
  }, 120_000)
  afterAll(async () => {
    await actuator.close()
    await bench.stop()
  })
  const id = (n: number) => `${kind}-${n}`

  it('shows the services that there are', async () => {
    expect(await settled(actuator, 'search', 2)).toMatchObject({
      requested: 2,
      lastDecisionId: undefined,
    })
    expect([...(await actuator.observe()).keys()].sort()).toEqual(['auth', 'search'])
  })

  it('observes what it applied, and the decision behind it', async () => {
    const [result] = await actuator.apply([
      { decisionId: id(1), service: 'search', from: 2, to: 3 },
    ])
    expect(result).toEqual({ decisionId: id(1), service: 'search', outcome: 'applied' })
    expect(await settled(actuator, 'search', 3)).toMatchObject({
      requested: 3,
      lastDecisionId: id(1),
    })
  })

  it('does nothing when the same order comes again', async () => {
    const order = { decisionId: id(1), service: 'search', from: 2, to: 3 }
    expect((await actuator.apply([order]))[0]!.outcome).toBe('applied')
    expect(await settled(actuator, 'search', 3)).toMatchObject({ requested: 3 })
  })

  it('takes counts as absolute, whatever the order believed was there', async () => {
    await actuator.apply([{ decisionId: id(2), service: 'search', from: 9, to: 2 }])
    expect(await settled(actuator, 'search', 2)).toMatchObject({
      requested: 2,
      lastDecisionId: id(2),
    })
  })

  it('survives a bad target and says so, one result an order, in order', async () => {
    const results = await actuator.apply([
      { decisionId: id(3), service: 'nobody', from: 1, to: 2 },
      { decisionId: id(4), service: 'auth', from: 1, to: 2 },
    ])
    expect(results.map((r) => [r.decisionId, r.outcome])).toEqual([
      [id(3), 'failed'],
      [id(4), 'applied'],
    ])
    expect(results[0]!.detail).toMatch(/nobody/)
    await settled(actuator, 'auth', 2)
    await actuator.apply([{ decisionId: id(5), service: 'auth', from: 2, to: 1 }])
    await settled(actuator, 'auth', 1)
  })

  it('leaves no order without a result', async () => {
    expect(await actuator.apply([])).toEqual([])
  })
})

describe('processes', () => {
  it('starts increases only when the replicas of the decreases are gone', async () => {
    const actuator = createProcesses({ hostUrl: real.url, drainTimeoutMs: 3000 })
    await settled(actuator, 'search', 2)
    let mostAtOnce = 0
    const watch = setInterval(() => {
      const all = Object.values(real.host.services().services)
      mostAtOnce = Math.max(
        mostAtOnce,
        all.reduce((sum, s) => sum + s.replicas.length, 0),
      )
    }, 5)
    const results = await actuator.apply([
      { decisionId: 'swap-up', service: 'auth', from: 1, to: 2 },
      { decisionId: 'swap-down', service: 'search', from: 2, to: 1 },
    ])
    expect(results.map((r) => r.outcome)).toEqual(['applied', 'applied'])
    await settled(actuator, 'auth', 2)
    clearInterval(watch)
    expect(mostAtOnce).toBe(3)
    await actuator.close()
  })

  it('measures start-ups', async () => {
    const actuator = createProcesses({ hostUrl: real.url, drainTimeoutMs: 3000 })
    const { recentStartupsMs } = (await actuator.observe()).get('search')!
    expect(recentStartupsMs.length).toBeGreaterThan(0)
    for (const ms of recentStartupsMs) expect(ms).toBeGreaterThan(10)
    await actuator.close()
  })

  it('says that the host does not answer, per order, and throws on observing', async () => {
    const actuator = createProcesses({ hostUrl: 'http://127.0.0.1:1', drainTimeoutMs: 100 })
    const results = await actuator.apply([{ decisionId: 'x', service: 'search', from: 1, to: 2 }])
    expect(results[0]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('no answer'),
    })
    await expect(actuator.observe()).rejects.toThrow(HostUnreachable)
    await actuator.close()
  })

  it('leaves a target alone that failed again and again, and no other', async () => {
    const actuator = createProcesses({ hostUrl: 'http://127.0.0.1:1', drainTimeoutMs: 100 })
    const apply = async (decisionId: string, service: string) =>
      (await actuator.apply([{ decisionId, service, from: 1, to: 2 }]))[0]!.detail
    await apply('a', 'search')
    await apply('b', 'search')
    expect(await apply('c', 'search')).toMatch(/circuit|breaker/i)
    expect(await apply('d', 'auth')).toMatch(/no answer/)
    await actuator.close()
  })
})

describe('caller', () => {
  it('takes the reported counts for the truth until the next order', async () => {
    const caller = createCaller(INITIAL)
    await caller.apply([{ decisionId: 'a', service: 'search', from: 2, to: 4 }])
    caller.report(new Map([['search', { requested: 4, ready: 2, starting: 2, terminating: 0 }]]))
    expect((await caller.observe()).get('search')).toMatchObject({
      requested: 4,
      ready: 2,
      starting: 2,
      lastDecisionId: 'a',
    })
    expect((await caller.observe()).get('auth')).toMatchObject({ requested: 1, ready: 1 })
  })
})
