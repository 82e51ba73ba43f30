/** Rollouts in the running controller over a simulated cluster: taken back by themselves, by one command, and after a restart. */
import { afterEach, describe, expect, it } from 'vitest'
import { transitionsOf } from '../../services/rollouts/learning.ts'
import { RolloutRequest } from '../../services/rollouts/request.ts'
import { breachesOf, countBreaches } from './limits.ts'
import { sabotage } from './sabotage.ts'
import { saboteurs } from './saboteurs.ts'
import { createWorld, type World } from './world.ts'

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

async function warmWorld(ticks: number, warmUp = 20): Promise<World> {
  const world = await createWorld({ seed: 5, ticks: warmUp + ticks })
  worlds.push(world)
  for (let k = 0; k < warmUp; k++) await world.step()
  return world
}

const saboteur = (name: string) => saboteurs().find((one) => one.name === name)!

async function candidateOf(world: World, name: string) {
  const { document } = saboteur(name)
  const { version } = await world.controller().rollouts.addPolicy(document, 'ann', 'to try')
  return { policy: 'learned' as const, version }
}

const versionsIn = (decisions: readonly { readonly policyVersion: string | null }[]) => [
  ...new Set(decisions.map(({ policyVersion }) => policyVersion)),
]

describe('a sabotaged policy in canary', () => {
  it('that says what is no number goes back in the same tick, and nothing it said was followed', async () => {
    const row = await sabotage(saboteur('nan'), { seed: 2, mostTicks: 20, warmUpTicks: 20 })
    expect(row).toMatchObject({ outcome: 'rolled-back', ticks: 1, actedAfter: 0, errors: [] })
    expect(row.why).toContain('no number')
    expect(breachesOf(row.limits)).toBe(0)
  }, 60_000)

  it('that always wants less goes back by itself, while every limit holds', async () => {
    const row = await sabotage(saboteur('always-less'), { seed: 1, mostTicks: 200 })
    expect(row).toMatchObject({ outcome: 'rolled-back', actedAfter: 0, errors: [] })
    expect(row.acted).toBeGreaterThan(0)
    expect(row.limits.decisions).toBe(4 * row.limits.ticks)
    expect(breachesOf(row.limits)).toBe(0)
  }, 60_000)
})

describe('a rollout', () => {
  it('that was promoted acts everywhere, and one command takes it back', async () => {
    const world = await warmWorld(40)
    const candidate = await candidateOf(world, 'same')
    const { rollouts } = world.controller()
    const settings = { watchUnits: 4 }
    const begun = RolloutRequest.parse({ candidate, from: 'full', settings, why: 'sure' })
    const { number } = await rollouts.start(begun, 'ann')
    while (rollouts.running().length > 0) await world.step()
    expect(await rollouts.read(number)).toMatchObject({ stage: 'ended', outcome: 'promoted' })
    expect(versionsIn((await world.step()).decisions)).toEqual([candidate.version])

    await world.restart()
    expect(versionsIn((await world.step()).decisions)).toEqual([candidate.version])

    const again = world.controller().rollouts
    expect(await again.rollback(undefined, 'ann', 'too dear')).toMatchObject({
      ...{ number, stage: 'ended', outcome: 'rolled-back' },
      before: { search: { policy: 'predictive', version: null } },
    })
    const { decisions } = await world.step()
    expect(versionsIn(decisions)).toEqual([null])
    expect(decisions.every(({ policy }) => policy === 'predictive')).toBe(true)
    await expect(again.rollback(undefined, 'ann', '')).rejects.toThrow('nothing to take back')
    const last = (await world.ledger().lastTick())!.tick
    expect(breachesOf(await countBreaches(world.ledger(), 1, last))).toBe(0)
  }, 60_000)

  it('goes on after a restart from its units, and draws the same arms', async () => {
    const world = await warmWorld(60)
    const candidate = await candidateOf(world, 'same')
    const begun = RolloutRequest.parse({ candidate, from: 'canary' })
    const { number } = await world.controller().rollouts.start(begun, 'ann')
    for (let k = 0; k < 20; k++) await world.step()
    const units = await world.ledger().units(number, 'canary')
    expect(units.length).toBeGreaterThan(4)
    const acting = (await world.step()).decisions.map(({ policyVersion }) => policyVersion)
    await world.restart()
    const { controller, ledger } = world
    expect(controller().rollouts.running()).toMatchObject([
      { number, stage: 'canary', findings: { units: units.length } },
    ])
    const after = (await world.step()).decisions.map(({ policyVersion }) => policyVersion)
    expect(after).toEqual(acting)
    for (let k = 0; k < 20; k++) await world.step()
    expect((await ledger().units(number, 'canary')).length).toBeGreaterThan(units.length)
    expect(world.errors).toEqual([])
  }, 60_000)

  it('explores in its shadow stage without the candidate ever acting, and is ended by hand', async () => {
    const world = await warmWorld(60)
    const candidate = await candidateOf(world, 'always-more')
    const { rollouts } = world.controller()
    const settings = { explorationShare: 0.9 }
    const begun = RolloutRequest.parse({ candidate, settings })
    const { number } = await rollouts.start(begun, 'ann')
    await expect(rollouts.start(begun, 'ann')).rejects.toThrow(`rollout ${number} runs on`)
    const seen = new Set<string | null>()
    for (let k = 0; k < 24; k++)
      for (const v of versionsIn((await world.step()).decisions)) seen.add(v)
    expect(seen).not.toContain(candidate.version)
    expect([...seen].filter((v) => v?.startsWith('explore:')).length).toBe(2)
    const units = await world.ledger().units(number, 'shadow')
    // four times the demand is beyond the arms: the nearest is what is evaluated
    expect(units.every((unit) => unit.candidate[2] === 1)).toBe(true)
    const left = await transitionsOf(world.ledger(), (await world.ledger().rollout(number))!)
    expect(left.map(({ arm, probabilities, loss }) => ({ arm, probabilities, loss }))).toEqual(
      units.map(({ arm, probabilities, loss }) => ({ arm, probabilities, loss })),
    )
    expect(
      left.every(({ features }) => features.length === 2 && features.every(Number.isFinite)),
    ).toBe(true)
    expect(await rollouts.learnPolicy(number, 'ann', '')).toMatchObject({
      policy: null,
      transitions: units.length,
      why: expect.stringContaining('at least 40'),
    })
    expect(await rollouts.stop(number, 'ann', 'enough')).toMatchObject({ outcome: 'stopped' })
    expect(versionsIn((await world.step()).decisions)).toEqual([null])
    const last = (await world.ledger().lastTick())!.tick
    expect(breachesOf(await countBreaches(world.ledger(), 1, last))).toBe(0)
  }, 60_000)
})
