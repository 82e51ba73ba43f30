/** The selection live: what it chooses acts in the next tick, a rollout stands over it, and it outlives a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { openSelection, type SelectionDeps } from './selection.ts'
import { Scoreboard } from './view.ts'

const TICK_MS = 60_000
const CONFIG = AppConfig.parse({
  selection: { enabled: true, roundMs: 20 * TICK_MS, memoryRounds: 24 },
  services: { search: { maxReplicas: 50, policy: 'reactive', startupSeconds: 0 } },
})
const SPEC = CONFIG.services.search!

let folder: string
let ledger: Ledger
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-selection-'))
  ledger = await openLedger(CONFIG, folder)
})
afterEach(async () => {
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

const open = (more: Partial<SelectionDeps> = {}) =>
  openSelection({
    ledger,
    config: () => CONFIG,
    policyOf: () => 'reactive',
    isInRollout: () => false,
    ...more,
  })
const acts = { specOf: () => SPEC, actorOf: () => undefined }

/** Load leaps every ten minutes; the forecast knows when. */
const load = (k: number) => (Math.floor(k / 10) % 2 === 0 ? 40 : 160)

function tickOf(tick: number): TickInput {
  return {
    tick,
    atMs: tick * TICK_MS,
    costBudgetPerHour: 10,
    services: [
      {
        spec: SPEC,
        mode: 'enforce',
        memory: undefined,
        observation: {
          ...{ service: 'search', nowMs: tick * TICK_MS, loadRps: load(tick), freshness: 'fresh' },
          replicas: { requested: 20, ready: 20, starting: 0, terminating: 0 },
          ...{ leadTimeMs: TICK_MS, capacityPerReplica: 10, saturationPerReplica: 12.5 },
          demand: Float64Array.from(LEVELS, () => Math.max(load(tick), load(tick + 1))),
          drifting: false,
        },
      },
    ],
  }
}

it('has the strategy act that loses least, and says what it knows', async () => {
  const selection = await open()
  expect(selection.over(acts).specOf('search').policy).toBe('reactive')
  for (let tick = 1; tick <= 800; tick++) await selection.follow(tickOf(tick))
  expect(selection.over(acts).specOf('search').policy).toBe('predictive')
  // the same spec as long as the choice is the same: its hash names it in frames
  expect(selection.over(acts).specOf('search')).toBe(selection.over(acts).specOf('search'))
  const view = Scoreboard.parse(selection.view())
  const [row] = view.services
  expect(row).toMatchObject({ service: 'search', acting: 'predictive', chosen: 'predictive' })
  const lossOf = (policy: string) => row!.strategies.find((s) => s.policy === policy)!.meanLoss!
  expect(lossOf('predictive')).toBeLessThan(lossOf('reactive'))
  expect(view.fleet.cost).toBeCloseTo(20 * 0.1 * row!.account.hours, 6)
})

it('only scores while it is not enabled, or while a rollout has a say', async () => {
  const selection = await open({ isInRollout: () => true })
  for (let tick = 1; tick <= 800; tick++) await selection.follow(tickOf(tick))
  expect(selection.over(acts).specOf('search')).toBe(SPEC)
  expect(selection.view().services[0]).toMatchObject({ acting: 'reactive', chosen: 'predictive' })
  const off = { ...CONFIG, selection: { ...CONFIG.selection, enabled: false } }
  const again = await open({ config: () => off })
  expect(again.over(acts).specOf('search')).toBe(SPEC)
  expect(again.view().enabled).toBe(false)
})

it('goes on after a restart where it stood', async () => {
  const one = await open()
  for (let tick = 1; tick <= 400; tick++) await one.follow(tickOf(tick))
  const again = await open()
  expect(again.view()).toEqual(one.view())
  await one.follow(tickOf(401))
  await again.follow(tickOf(401))
  expect(again.view()).toEqual(one.view())
})
