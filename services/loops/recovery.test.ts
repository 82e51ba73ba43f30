/** What a restart does with decisions that a crash left open: real ledger, real books of replicas. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { createDryRun } from '../actuators/dry-run.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { type Decided, decide, specRows, specsHash } from './decide.ts'
import { recallMemories, settlePending } from './recovery.ts'

const config = AppConfig.parse({ services: { search: {} }, clock: 'manual' })
const NOW_MS = 1_000_000
const VALID_MS = 30_000

let folder: string
let ledger: Ledger

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-recovery-'))
  ledger = await openLedger(config, folder)
})
afterEach(async () => {
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

/** A tick that wants `search` at 5 replicas from 2, recorded and then cut off before its effect. */
async function recorded(tick: number, atMs: number): Promise<Decided> {
  const input: TickInput = {
    tick,
    atMs,
    costBudgetPerHour: 10,
    services: [
      {
        spec: ServiceSpec.parse({
          policy: 'reactive',
          capacityPerReplica: 10,
          targetUtilization: 1,
        }),
        mode: 'enforce',
        memory: undefined,
        observation: {
          service: 'search',
          nowMs: atMs,
          loadRps: 50,
          freshness: 'fresh',
          replicas: { requested: 2, ready: 2, starting: 0, terminating: 0 },
          leadTimeMs: 30_000,
          capacityPerReplica: 10,
          saturationPerReplica: 12,
          demand: undefined,
          drifting: false,
        },
      },
    ],
  }
  const decided = decide(input, ledger.epoch)
  const rows = specRows(input)
  await ledger.checkpoint(`specs:${specsHash(rows)}`, rows, atMs)
  const { spendPerHour, shadowPrice, feasible } = decided.output
  await ledger.openTick(
    {
      tick,
      atMs,
      epoch: ledger.epoch,
      costBudgetPerHour: 10,
      spendPerHour,
      shadowPrice,
      feasible,
      boundBy: 'none',
      configHash: specsHash(rows),
      durationMs: 1,
      inputs: decided.frame,
      outputsHash: decided.outputsHash,
    },
    decided.decisions,
    [],
  )
  return decided
}

const allowed = () => true
const recover = (actuator: ReturnType<typeof createDryRun>, mayApply = allowed) =>
  settlePending(
    { ledger, actuator, isValid: (atMs) => NOW_MS - atMs <= VALID_MS, mayApply },
    NOW_MS,
  )
const settlementOf = async (id: string) => (await ledger.decision(id))!.settlement

describe('after a crash', () => {
  it('finds a decision applied whose effect was there before the crash, and does not apply it again', async () => {
    const { decisions } = await recorded(1, NOW_MS - 1000)
    const actuator = createDryRun(new Map([['search', 2]]))
    const order = { decisionId: decisions[0]!.id, service: 'search', from: 2, to: 5 }
    await actuator.apply([order])
    expect(await recover(actuator)).toEqual({ applied: 1, dropped: 0 })
    expect(await ledger.decision(order.decisionId)).toMatchObject({
      settlement: 'applied',
      detail: 'found applied after a restart',
    })
  })

  it('completes a decision of the last tick that is still young', async () => {
    const { decisions } = await recorded(1, NOW_MS - 1000)
    const actuator = createDryRun(new Map([['search', 2]]))
    await recover(actuator)
    expect((await actuator.observe()).get('search')?.requested).toBe(5)
    expect(await settlementOf(decisions[0]!.id)).toBe('applied')
  })

  it.each([
    ['too old', NOW_MS - VALID_MS - 1, allowed],
    ['no longer wanted: the service is not enforced any more', NOW_MS - 1000, () => false],
  ])('drops a decision that is %s', async (_, atMs, mayApply) => {
    const { decisions } = await recorded(1, atMs)
    const actuator = createDryRun(new Map([['search', 2]]))
    expect(await recover(actuator, mayApply)).toEqual({ applied: 0, dropped: 1 })
    expect((await actuator.observe()).get('search')?.requested).toBe(2)
    expect(await settlementOf(decisions[0]!.id)).toBe('dropped')
  })

  it('begins no increase while replicas that were let go are still there and cost money', async () => {
    const { decisions } = await recorded(1, NOW_MS - 1000)
    const actuator = createDryRun(new Map([['search', 2]]))
    const leaving = {
      ...actuator,
      async observe() {
        const seen = await actuator.observe()
        return new Map([...seen, ['auth', { ...seen.get('search')!, terminating: 1 }]])
      },
    }
    expect(await recover(leaving)).toEqual({ applied: 0, dropped: 1 })
    expect((await actuator.observe()).get('search')?.requested).toBe(2)
    expect(await settlementOf(decisions[0]!.id)).toBe('dropped')
  })

  it('drops what a later tick has overtaken', async () => {
    const first = await recorded(1, NOW_MS - 2000)
    const second = await recorded(2, NOW_MS - 1000)
    await recover(createDryRun(new Map([['search', 2]])))
    expect(await settlementOf(first.decisions[0]!.id)).toBe('dropped')
    expect(await settlementOf(second.decisions[0]!.id)).toBe('applied')
  })

  it('recalls the memories that the last tick left, from its frame', async () => {
    expect(await recallMemories(ledger)).toEqual({
      ...{ tick: 0, atMs: undefined },
      memories: new Map(),
    })
    const { output } = await recorded(7, NOW_MS)
    expect(await recallMemories(ledger)).toEqual({
      ...{ tick: 7, atMs: NOW_MS },
      memories: new Map([['search', output.memories[0]]]),
      // nothing says what came of its order
      unsaid: new Set(['search']),
    })
    await recover(createDryRun(new Map([['search', 2]])))
    expect((await recallMemories(ledger)).unsaid).toEqual(new Set())
  })
})
