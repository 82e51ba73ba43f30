/** Rollouts that nobody asked for, in the running controller over a simulated cluster. */
import { afterEach, describe, expect, it } from 'vitest'
import { predictedOf } from '../../services/rollouts/predicted.ts'
import { RolloutRequest } from '../../services/rollouts/request.ts'
import { automaticRun, newcomers } from './automatic.ts'
import { constantPolicy } from './policies.ts'
import { createWorld, TICK_MS, type World } from './world.ts'

const newcomer = (name: string) => newcomers().find((one) => one.name === name)!
const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

async function startWorld(over: object): Promise<World> {
  const world = await createWorld({ seed: 3, ticks: 200, over })
  worlds.push(world)
  for (let k = 0; k < 20; k++) await world.step()
  return world
}

describe('a policy that comes into the registry', () => {
  it('is rolled out by itself where it is better than what acts', async () => {
    const run = await automaticRun(newcomer('better'), { seed: 1, mostTicks: 600 })
    expect(run).toMatchObject({
      ...{ promoted: true, begun: 1, mostAtOnce: 1, breaches: 0, errors: [] },
      stages: ['shadow', 'canary', 'full', 'promoted'],
    })
    expect(run.decisions).toBeGreaterThan(1000)
  }, 90_000)

  it('waits for its turn, is known by its verdict, and is not tried twice', async () => {
    const world = await startWorld({ rollouts: { automatic: true, everyMs: 4 * TICK_MS } })
    const { controller, ledger } = world
    const add = (name: string, stretch: number) =>
      controller().rollouts.addPolicy(constantPolicy(name, stretch), 'ann', '')
    const one = await add('one', 0.9)
    for (let k = 0; k < 4; k++) await world.step()
    const two = await add('two', 1.1)
    for (let k = 0; k < 4; k++) await world.step()
    const verdicts = () =>
      Object.fromEntries(
        controller()
          .automaticRollouts()
          .policies.map((p) => [p.version, p.verdict]),
      )
    expect(verdicts()).toEqual({ [one.version]: 'runs', [two.version]: 'unknown' })
    expect(controller().automaticRollouts().waiting).toBe('rollout 1 is under way')
    expect(controller().rollouts.running()).toMatchObject([
      { number: 1, stage: 'shadow', changes: [{ by: 'rollout' }] },
    ])
    // somebody takes it back: from now on it is the other one's turn, and never this one's again
    await controller().rollouts.stop(1, 'ann', 'not today')
    for (let k = 0; k < 8; k++) await world.step()
    expect(verdicts()).toEqual({ [one.version]: 'tried', [two.version]: 'runs' })
    await controller().rollouts.stop(2, 'ann', 'nor this one')
    await world.restart()
    for (let k = 0; k < 8; k++) await world.step()
    expect(verdicts()).toEqual({ [one.version]: 'tried', [two.version]: 'tried' })
    expect((await ledger().rollouts({ limit: 10 })).items).toHaveLength(2)
    // until it changes
    const three = await add('one', 0.91)
    for (let k = 0; k < 5; k++) await world.step()
    expect(verdicts()[three.version]).toBe('runs')
    expect(world.errors).toEqual([])
  }, 60_000)

  it('is left alone where nobody switched this on, where a rollout runs, and where nothing acts', async () => {
    const off = await startWorld({ rollouts: { everyMs: TICK_MS } })
    await off.controller().rollouts.addPolicy(constantPolicy('any', 1.1), 'ann', '')
    for (let k = 0; k < 4; k++) await off.step()
    expect(off.controller().rollouts.running()).toEqual([])
    expect(off.controller().automaticRollouts()).toMatchObject({ enabled: false, policies: [] })

    const on = await startWorld({ rollouts: { automatic: true, everyMs: TICK_MS } })
    const { rollouts } = on.controller()
    const candidate = { policy: 'reactive' as const, version: null }
    await rollouts.start(RolloutRequest.parse({ candidate, from: 'canary' }), 'ann')
    await rollouts.addPolicy(constantPolicy('any', 1.1), 'ann', '')
    for (let k = 0; k < 4; k++) await on.step()
    expect(rollouts.running()).toHaveLength(1)
    expect(on.controller().automaticRollouts().waiting).toContain('no service is free')
    await rollouts.stop(1, 'ann', '')
    await on.controller().setMode(undefined, 'recommend', 'ann')
    for (let k = 0; k < 3; k++) await on.step()
    expect(rollouts.running()).toEqual([])
  }, 60_000)
})

describe('the log', () => {
  it('predicts of a policy that never acted what a shadow stage of its own finds on the same load', async () => {
    const settings = { explorationReach: 0.5, explorationShare: 0.5, leastUnits: 20 }
    const world = await startWorld({})
    const { controller, ledger } = world
    const { rollouts } = controller()
    const { version } = await rollouts.addPolicy(constantPolicy('starving', 0.7), 'ann', '')
    const candidate = { policy: 'learned' as const, version }
    const { number } = await rollouts.start(RolloutRequest.parse({ candidate, settings }), 'ann')
    for (let k = 0; k < 80; k++) await world.step()
    const found = (await rollouts.read(number))!.findings
    const input = {
      ...{ ledger: ledger(), candidate, services: Object.keys(world.config.services) },
      inForce: () => ({ policy: 'predictive' as const, version: null }),
      settings: { alpha: 0.05, leastUnits: 20 },
    }
    const predicted = await predictedOf(input)
    expect(predicted!.units).toBeGreaterThan(20)
    // to the order in which the services of a block are summed
    for (const measure of ['loss', 'burn'] as const)
      for (const bound of ['estimate', 'low', 'high'] as const)
        expect(predicted![measure][bound]).toBeCloseTo(found![measure][bound]!, 9)
    expect(predicted!.otherUnits).toBe(found!.otherUnits)

    // another policy is predicted another loss from the same units
    const other = await rollouts.addPolicy(constantPolicy('generous', 1.4), 'ann', '')
    const generous = { policy: 'learned' as const, version: other.version }
    const theirs = await predictedOf({ ...input, candidate: generous })
    expect(theirs!.championLoss).toBe(predicted!.championLoss)
    expect(theirs!.candidateLoss).not.toBe(predicted!.candidateLoss)
    // units under what no longer acts speak of nothing, and few are none
    const now = () => ({ policy: 'learned' as const, version: other.version })
    expect(await predictedOf({ ...input, inForce: now })).toBeUndefined()
    const many = { alpha: 0.05, leastUnits: 1000 }
    expect(await predictedOf({ ...input, settings: many })).toBeUndefined()
  }, 60_000)
})
