/** A paced amount in the running controller: real store, ledger and ticks by the manual clock. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { BudgetView, TickSummary } from '../control-plane.ts'

const STEP_MS = 60_000
/** A compressed day of 48 minutes: a part is two. */
const DAY_MS = 48 * STEP_MS
const DAY = 48

const folders: string[] = []
const open: Composed[] = []
afterEach(async () => {
  for (const composed of open.splice(0)) await composed.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function start(budget: object, stateDir?: string): Promise<Composed & { stateDir: string }> {
  const folder = stateDir ?? (await mkdtemp(join(tmpdir(), 'forescale-treasury-')))
  if (!stateDir) folders.push(folder)
  const config = AppConfig.parse({
    clock: 'manual',
    mode: 'enforce',
    tickMs: STEP_MS,
    stepMs: STEP_MS,
    costBudgetPerHour: 50,
    budget,
    outlook: { dayMs: DAY_MS, weekDays: 1 },
    actuator: { kind: 'caller' },
    services: {
      search: { maxReplicas: 30, startupSeconds: 0, policy: 'reactive' },
      payment: { maxReplicas: 30, startupSeconds: 0, policy: 'reactive', weight: 5 },
    },
  })
  const composed = await compose({
    ...{ config, stateDir: folder, reread: () => config },
    ...{ hostUrl: '', loadUrl: '', env: { LOG_LEVEL: 'silent' } },
  })
  open.push(composed)
  return { ...composed, stateDir: folder }
}

const load = (k: number) => 70 + 60 * Math.sin((2 * Math.PI * k) / DAY)

/** Pushes loads, ticks, carries decisions out at once; $ that were spent between two ticks. */
function createWorld({ controller }: Composed) {
  const replicas: Record<string, number> = { search: 8, payment: 8 }
  let spent = 0
  return {
    spent: () => spent,
    async step(k: number): Promise<TickSummary> {
      const atMs = 30 * 365 * DAY_MS + k * STEP_MS
      await controller.ingest(
        Object.keys(replicas).map((service) => ({
          ...{ service, metric: 'requests_per_second', atMs },
          value: load(k),
        })),
      )
      const counts = new Map(
        Object.entries(replicas).map(([service, n]) => [
          service,
          { requested: n, ready: n, starting: 0, terminating: 0 },
        ]),
      )
      const tick = await controller.runTick(atMs, counts)
      for (const { service, to } of tick.decisions) replicas[service] = to
      spent += ((replicas.search! + replicas.payment!) * 0.1 * STEP_MS) / 3_600_000
      return tick
    },
  }
}

async function live(composed: Composed, from: number, to: number) {
  const world = createWorld(composed)
  for (let k = from; k < to; k++) await world.step(k)
  return world
}

const dayOf = (budget: BudgetView) => budget.periods.find(({ period }) => period === 'day')!

describe('an amount for a day', () => {
  it('lasts for the day and is spent in it, where without one more would be', async () => {
    const free = await start({})
    const unpaced = (await live(free, 0, DAY)).spent()
    expect(free.controller.budget().periods).toEqual([])

    const amount = 0.8 * unpaced
    const composed = await start({ perDay: amount })
    await live(composed, 0, DAY)
    // of the second day, the whole
    const world = createWorld(composed)
    const days: ReturnType<typeof dayOf>[] = []
    for (let k = DAY; k < 2 * DAY; k++) {
      await world.step(k)
      days.push(dayOf(composed.controller.budget()))
    }
    expect(world.spent()).toBeLessThanOrEqual(amount)
    expect(world.spent()).toBeGreaterThan(0.98 * amount)
    const { controller } = composed
    for (const day of days)
      expect(day).toMatchObject({ amount, available: amount, isExhausted: false })
    // money has a price while more is wanted than there is; at the end of the day what is left may be enough
    const priced = days.filter(({ price }) => price > 0)
    expect(priced.length).toBeGreaterThan(DAY / 2)
    for (const day of priced) expect(day.unpacedSpend).toBeGreaterThan(day.expectedSpend!)
    // prices are in the frame: what was decided under them can be decided again
    const { id } = controller.lastTick()!.decisions[0]!
    const { counterfactual } = (await controller.explain(id))!
    expect(counterfactual.fleetLossAvoided).toBeGreaterThanOrEqual(0)
    const replay = controller.lastTick()!.decisions.map(({ id }) => controller.replay(id))
    for (const report of await Promise.all(replay)) expect(report?.identical).toBe(true)
  }, 60_000)

  it('goes on after a restart where it stood', async () => {
    const one = await start({ perDay: 10 })
    await live(one, 0, DAY + 20)
    const before = dayOf(one.controller.budget())
    await one.close()
    open.splice(open.indexOf(one), 1)
    const again = await start({ perDay: 10 }, one.stateDir)
    await live(again, DAY + 20, DAY + 21)
    const after = dayOf(again.controller.budget())
    expect(after.startMs).toBe(before.startMs)
    expect(after.spent).toBeGreaterThan(before.spent)
    expect(after.spent - before.spent).toBeLessThan(0.2)
  })

  it('is set and taken back while it runs', async () => {
    const composed = await start({})
    const { controller } = composed
    await controller.setAmount('month', 100, 'test')
    await live(composed, 0, 2)
    expect(controller.budget().periods).toMatchObject([{ period: 'month', amount: 100 }])
    await controller.setAmount('month', null, 'test')
    await live(composed, 2, 3)
    expect(controller.budget().periods).toEqual([])
  })
})
