/**
 * The selection through a whole live controller (real store, ledger, fits, by the manual clock): one strategy is better for
 * one service, another for the other. Each ends with its own, by nothing but what was measured.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hashUnit } from '../../datasets/random.ts'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { TickSummary } from '../control-plane.ts'

const TICK_MS = 60_000
const SEASON = 20
const ROUND_TICKS = 10
const SERVICES = ['leaping', 'restless'] as const
const CONFIG = AppConfig.parse({
  ...{ clock: 'manual', mode: 'enforce', tickMs: TICK_MS, stepMs: TICK_MS },
  ...{ costBudgetPerHour: 50, actuator: { kind: 'caller' } },
  selection: { enabled: true, roundMs: ROUND_TICKS * TICK_MS, memoryRounds: 24 },
  forecast: {
    ...{ seasonsMs: [SEASON * TICK_MS], models: ['seasonal-naive'], horizonSteps: 5 },
    refitMs: 5 * SEASON * TICK_MS,
  },
  services: {
    // each begins with the strategy that is wrong for it
    leaping: { maxReplicas: 60, capacityPerReplica: 10, startupSeconds: 60, policy: 'reactive' },
    restless: {
      ...{ maxReplicas: 60, capacityPerReplica: 10, startupSeconds: 60, policy: 'predictive' },
      slo: { objective: 0.9 },
    },
  },
})

const chance = (k: number) => hashUnit('selection-live', 1, 'restless', k)
/** One leaps every ten minutes, as a forecast knows; the other at any time, for a minute, as nobody does. */
const LOADS: Record<(typeof SERVICES)[number], (k: number) => number> = {
  leaping: (k) => (k % SEASON < 10 ? 40 : 160),
  restless: (k) => (chance(k) < 0.15 ? 300 : 60),
}

let folder: string
let composed: Composed
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-selection-live-'))
  composed = await open()
})
afterEach(async () => {
  await composed.close()
  await rm(folder, { recursive: true, force: true })
})

const open = () =>
  compose({
    ...{ config: CONFIG, stateDir: folder, reread: () => CONFIG, hostUrl: '', loadUrl: '' },
    env: { LOG_LEVEL: 'silent' },
  })

async function live(from: number, to: number, counts: Map<string, number>) {
  const ticks: TickSummary[] = []
  for (let k = from; k <= to; k++) {
    const atMs = k * TICK_MS
    await composed.controller.ingest(
      SERVICES.map((service) => ({
        ...{ service, metric: 'requests_per_second', atMs, value: LOADS[service](k) },
      })),
    )
    const report = (count: number) => ({
      ...{ requested: count, ready: count, starting: 0, terminating: 0 },
    })
    const replicas = new Map(SERVICES.map((name) => [name, report(counts.get(name) ?? 8)]))
    const tick = await composed.controller.runTick(atMs, replicas)
    for (const { service, to: count } of tick.decisions) counts.set(service, count)
    ticks.push(tick)
  }
  return ticks
}

const policiesOf = ({ decisions }: TickSummary) =>
  Object.fromEntries(decisions.map(({ service, policy }) => [service, policy]))

it('ends with the better strategy for each service, says so, and every decision is recomputed', async () => {
  const counts = new Map<string, number>()
  const ticks = await live(1, 400, counts)
  expect(policiesOf(ticks[0]!)).toEqual({ leaping: 'reactive', restless: 'predictive' })
  expect(policiesOf(ticks.at(-1)!)).toEqual({ leaping: 'predictive', restless: 'reactive' })
  const { services, enabled } = composed.controller.scoreboard()
  expect(enabled).toBe(true)
  for (const { service, acting, chosen, strategies, changes, rounds, regret } of services) {
    expect([acting, chosen]).toEqual(Array(2).fill(policiesOf(ticks.at(-1)!)[service]))
    const [best, other] = [...strategies].sort((a, b) => a.meanLoss! - b.meanLoss!)
    expect(best).toMatchObject({ policy: acting })
    expect(best!.weight).toBeGreaterThan(other!.weight)
    // it changed once and stayed; what that took to find out is all the regret there is
    expect(changes).toBe(1)
    expect(regret).toBeLessThan(rounds * (other!.meanLoss! - best!.meanLoss!))
  }
  const changed = ticks.findIndex((tick) => policiesOf(tick).leaping === 'predictive')
  for (const tick of [ticks[changed - 1]!, ticks[changed]!, ticks.at(-1)!])
    for (const { id } of tick.decisions)
      expect(await composed.controller.replay(id)).toMatchObject({ identical: true })

  // another controller goes on with what was found out
  const before = composed.controller.scoreboard()
  await composed.close()
  composed = await open()
  expect(composed.controller.scoreboard()).toEqual(before)
  const [next] = await live(401, 401, counts)
  expect(policiesOf(next!)).toEqual({ leaping: 'predictive', restless: 'reactive' })
}, 60_000)
