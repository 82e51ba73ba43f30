/** Two strategies side by side in the running controller over a simulated cluster: what is found, and that nothing follows. */
import { afterEach, describe, expect, it } from 'vitest'
import { RolloutRequest, type RolloutView } from '../../services/rollouts/request.ts'
import { breachesOf, countBreaches } from './limits.ts'
import { constantPolicy } from './policies.ts'
import { createWorld, SEASON, type World } from './world.ts'

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

const PREDICTIVE = { policy: 'predictive' as const, version: null }

/** What acts for everybody is predictive, and takes no part in the answer but as `champion`. */
async function compared(stretch: number, mostUnits: number) {
  const world = await createWorld({ seed: 4, ticks: 2 * SEASON + 3 * mostUnits })
  worlds.push(world)
  for (let k = 0; k < 2 * SEASON; k++) await world.step()
  const { rollouts } = world.controller()
  const { version } = await rollouts.addPolicy(constantPolicy('other', stretch), 'ann', '')
  const { number } = await rollouts.start(
    RolloutRequest.parse({
      kind: 'comparison',
      champion: PREDICTIVE,
      candidate: { policy: 'learned', version },
      // the guard of burning budgets would end it before anything was found
      settings: { mostUnits, burnRate: 1000 },
    }),
    'ann',
  )
  const acted = new Map<string, number>()
  while (rollouts.running().length > 0)
    for (const { policy } of (await world.step()).decisions)
      acted.set(policy, (acted.get(policy) ?? 0) + 1)
  const after = await world.step()
  return { world, acted, after, ended: (await rollouts.read(number))! }
}

async function expectUnchanged(world: World, ended: RolloutView) {
  expect(ended).toMatchObject({ kind: 'comparison', stage: 'ended', outcome: 'compared' })
  const last = (await world.ledger().lastTick())!.tick
  expect(breachesOf(await countBreaches(world.ledger(), 1, last))).toBe(0)
  expect(world.errors).toEqual([])
}

describe('a comparison', () => {
  it('finds the one that starves services, surely, and has neither act afterwards for it', async () => {
    const { world, acted, after, ended } = await compared(0.7, 200)
    const { findings, why } = ended.changes.at(-1)!
    expect(why).toMatch(/^the candidate (loses more|burns too much)/)
    expect(findings!.loss.low).toBeGreaterThan(0)
    expect(findings!.candidateBurn).toBeGreaterThan(findings!.championBurn!)
    // each for about half of services and time
    const share = acted.get('learned')! / (acted.get('learned')! + acted.get('predictive')!)
    expect(Math.abs(share - 0.5)).toBeLessThan(0.2)
    expect(after.decisions.every(({ policy }) => policy === 'predictive')).toBe(true)
    await expectUnchanged(world, ended)
  }, 60_000)

  it('finds nothing between two that are the same, however long it looks', async () => {
    const { world, ended } = await compared(1, 120)
    const { findings, why } = ended.changes.at(-1)!
    expect(why).toMatch(/^no difference was found/)
    expect(findings!.loss.low).toBeLessThan(0)
    expect(findings!.loss.high).toBeGreaterThan(0)
    await expectUnchanged(world, ended)
  }, 60_000)
})
