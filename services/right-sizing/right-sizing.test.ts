/** Right-sizing in the running controller: real store, ledger and ticks by the manual clock, the caller carrying changes out. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { ReplicaReport } from '../control-plane.ts'

const STEP_MS = 60_000
/** A compressed day of 24 minutes: an hour of it is one. */
const DAY_MS = 24 * STEP_MS
const START_MS = 50_000 * DAY_MS

const folders: string[] = []
const open: Composed[] = []
afterEach(async () => {
  for (const composed of open.splice(0)) await composed.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const TIERS = {
  small: { size: 1, pricePerReplicaHour: 0.1, startupSeconds: 60 },
  large: { size: 4, pricePerReplicaHour: 0.2, startupSeconds: 60 },
}
const SEARCH = {
  ...{ maxReplicas: 40, policy: 'reactive', capacityPerReplica: 10, tier: 'small' },
  tiers: { small: {}, large: {} },
}

async function start(rightSizing: object, stateDir?: string) {
  const folder = stateDir ?? (await mkdtemp(join(tmpdir(), 'forescale-right-sizing-')))
  if (!stateDir) folders.push(folder)
  const config = AppConfig.parse({
    ...{ clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
    costBudgetPerHour: 5,
    outlook: { dayMs: DAY_MS, weekDays: 1 },
    actuator: { kind: 'caller' },
    tiers: TIERS,
    rightSizing: { windowDays: 7, changeHours: 0.05, ...rightSizing },
    services: { search: SEARCH, payment: { maxReplicas: 20, policy: 'reactive' } },
  })
  const composed = await compose({
    ...{ config, stateDir: folder, reread: () => config },
    ...{ hostUrl: '', loadUrl: '', env: { LOG_LEVEL: 'silent' } },
  })
  open.push(composed)
  return { ...composed, stateDir: folder }
}

const sample = (service: string, atMs: number, value: number) => ({
  ...{ service, metric: 'requests_per_second', atMs, value },
})

/** Days of a steady load before the first tick. */
const past = ({ controller }: Composed, days: number) =>
  controller.ingest(
    Array.from({ length: days * 24 }, (_, k) => sample('search', START_MS - k * STEP_MS, 70)),
  )

async function tick({ controller }: Composed, k: number, seen: Partial<ReplicaReport> = {}) {
  const atMs = START_MS + k * STEP_MS
  await controller.ingest([sample('search', atMs, 70), sample('payment', atMs, 20)])
  const counts = { requested: 9, ready: 9, starting: 0, terminating: 0, ...seen }
  return controller.runTick(atMs, k === 1 ? new Map([['search', counts]]) : undefined)
}
const search = ({ controller }: Composed) => controller.rightSizing().services[0]!

describe('right-sizing', () => {
  it('says nothing before there is history, and of services with tiers only', async () => {
    const composed = await start({})
    await tick(composed, 1)
    const view = composed.controller.rightSizing()
    expect(view).toMatchObject({ mode: 'recommend', savingPerHour: 0 })
    expect(view.services.map(({ service }) => service)).toEqual(['search'])
    expect(search(composed)).toMatchObject({ tier: 'small', recommended: 'small', tiers: [] })
    expect(search(composed).why).toMatch(/^0 of 7 days of history are there/)
  })

  it('recommends, with the saving and lines to copy, and changes nothing', async () => {
    const composed = await start({})
    await past(composed, 8)
    for (let k = 1; k <= 12; k++) await tick(composed, k)
    const found = search(composed)
    expect(found).toMatchObject({ mode: 'recommend', tier: 'small', recommended: 'large' })
    const [small, large] = found.tiers as [(typeof found.tiers)[0], (typeof found.tiers)[0]]
    // 70 requests/s at a utilization of 80 %: nine of ten, three of forty
    expect([small.upper, large.upper]).toEqual([9, 3])
    expect(small.costPerHour).toBeCloseTo(0.9, 6)
    expect(large.costPerHour).toBeCloseTo(0.6, 6)
    expect(found.savingPerHour).toBeCloseTo(small.scorePerHour - large.scorePerHour, 9)
    expect(found.yaml).toBe(
      'services:\n  search:\n    tier: large\n    capacityPerReplica: 40\n    minReplicas: 1\n    maxReplicas: 10\n',
    )
    expect(found.why).toMatch(/^large would cost 0\.6 \$\/h instead of 0\.9 over the next 7 days/)
    expect(found.isDue).toBe(true)
    expect(found.change).toBeNull()
    expect(composed.controller.services()[0]!.pricePerReplicaHour).toBe(0.1)
  })

  it('where it may, has the new tier run beside, take over, and every tick still decided again to the bit', async () => {
    const composed = await start({ mode: 'enforce' })
    const { controller } = composed
    await past(composed, 8)
    const costs: number[] = []
    const phases: string[] = []
    let at = 0
    for (let k = 1; k <= 20; k++) {
      const { decisions, spendPerHour, costBudgetPerHour } = await tick(composed, k)
      const { change, tier } = search(composed)
      phases.push(change ? `${tier}→${change.to}` : tier)
      costs.push(spendPerHour)
      expect(spendPerHour).toBeLessThanOrEqual(costBudgetPerHour)
      const report = await controller.replay(decisions.find((d) => d.service === 'search')!.id)
      expect(report?.identical).toBe(true)
      at = k
    }
    expect([...new Set(phases)]).toEqual(['small', 'small→large', 'large'])
    // while both run both are paid for
    const both = costs[phases.indexOf('small→large') + 1]!
    expect(both).toBeCloseTo(costs[0]! + 3 * 0.2, 6)
    expect(controller.services()[0]).toMatchObject({
      ...{ pricePerReplicaHour: 0.2, maxReplicas: 10 },
      replicas: { requested: 3, ready: 3 },
    })
    expect(controller.services()[0]!.capacityPerReplica).toBeCloseTo(40, 6)
    expect(search(composed)).toMatchObject({
      ...{ tier: 'large', recommended: 'large', change: null },
      lastChange: { from: 'small', to: 'large', outcome: 'taken over' },
    })
    // and it is known after a restart
    await composed.close()
    open.splice(open.indexOf(composed), 1)
    const again = await start({ mode: 'enforce' }, composed.stateDir)
    await tick(again, at + 1)
    expect(search(again)).toMatchObject({ tier: 'large', lastChange: { outcome: 'taken over' } })
  }, 30_000)

  it('gives a change up whose replicas are never ready', async () => {
    const composed = await start({ mode: 'enforce', giveUpSeconds: 180 })
    await past(composed, 8)
    const { controller } = composed
    for (let k = 1; k <= 16; k++) {
      const atMs = START_MS + k * STEP_MS
      await controller.ingest([sample('search', atMs, 70)])
      const beside = search(composed)?.change
        ? { beside: { tier: 'large', ready: 0, starting: 3 } }
        : {}
      const own = { requested: 9, ready: 9, starting: 0, terminating: 0, ...beside }
      await controller.runTick(atMs, new Map([['search', own]]))
      if (search(composed).lastChange) break
    }
    expect(search(composed)).toMatchObject({
      ...{ tier: 'small', change: null },
      lastChange: { to: 'large', outcome: 'given up: late' },
    })
  })
})

describe('a configuration with tiers', () => {
  const faultsOf = (services: object) =>
    AppConfig.safeParse({ tiers: TIERS, services }).error!.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    )
  it('names what is wrong, and what is allowed', () => {
    expect(faultsOf({ a: { tier: 'huge' } })).toEqual([
      'services.a.tier: "huge" is not in tiers; allowed: "small", "large"',
    ])
    expect(faultsOf({ a: { tiers: { small: {} } } })).toEqual([
      'services.a.tier: must name the tier that it runs on at first',
    ])
    expect(faultsOf({ a: { tier: 'small', tiers: { large: {}, tiny: {} } } })).toEqual([
      'services.a.tiers.tiny: is not in tiers; allowed: "small", "large"',
      'services.a.tiers: must have "small", which it runs on',
    ])
  })
})
