/** What every ledger must do with learned policies and rollouts, on real files. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Unit } from '../../coordinator/rollout/findings.ts'
import { type Arrival, policyRow } from '../rollouts/policy-version.ts'
import { type NewRollout, RolloutSettings } from '../rollouts/rollout.ts'
import { constantPolicy } from '../rollouts/test-policies.ts'
import { onEachLedger } from './test-each-ledger.ts'
import { AT_MS } from './test-rows.ts'

const ARRIVAL: Arrival = { source: 'import', addedAtMs: AT_MS, addedBy: 'ann', why: 'to try' }

function rolloutOf(over: Partial<NewRollout> = {}): NewRollout {
  return {
    kind: 'rollout',
    services: ['a', 'b'],
    champion: null,
    candidate: { policy: 'learned', version: '0123456789abcdef' },
    before: {
      a: { policy: 'predictive', version: null },
      b: { policy: 'reactive', version: null },
    },
    settings: RolloutSettings.parse({}),
    blockTicks: 8,
    stage: 'shadow',
    outcome: null,
    stageFromTick: 3,
    startedAtMs: AT_MS,
    endedAtMs: null,
    changes: [{ stage: 'shadow', tick: 3, atMs: AT_MS, by: 'ann', why: 'to try', findings: null }],
    ...over,
  }
}

const unitOf = (block: number, service: string, over: Partial<Unit> = {}): Unit => ({
  ...{ service, block, arm: 1, probabilities: [0.8, 0.2], candidate: [0, 1], champion: [1, 0] },
  ...{ loss: 0.1 + 0.2, burn: 1 / 3, predicted: [{ loss: 1, burn: 0 }] },
  ...over,
})

onEachLedger(({ ledger, reopen }) => {
  describe('a learned policy', () => {
    it('comes back exactly, by the hash of what acts, after a restart too', async () => {
      const document = constantPolicy(1.1)
      const row = policyRow(document, ARRIVAL)
      expect(await ledger.savePolicy(row, document)).toStrictEqual(row)
      await reopen()
      expect(await ledger.policy(row.version)).toStrictEqual(row)
      expect(await ledger.policyDocument(row.version)).toStrictEqual(document)
      expect(await ledger.policyDocument('0000000000000000')).toBeUndefined()
    })

    it('that is there already stays as it came first', async () => {
      const first = constantPolicy(1.1, 'first')
      const again = constantPolicy(1.1, 'again')
      const row = policyRow(first, ARRIVAL)
      await ledger.savePolicy(row, first)
      const other = policyRow(again, { ...ARRIVAL, why: 'another' })
      expect(other.version).toBe(row.version)
      expect(await ledger.savePolicy(other, again)).toStrictEqual(row)
    })

    it('is listed newest first, by name and source, page by page; pruning leaves it', async () => {
      for (const stretch of [1, 1.1, 1.2])
        await ledger.savePolicy(
          policyRow(constantPolicy(stretch, `s${stretch * 10}`), {
            ...ARRIVAL,
            source: stretch === 1 ? 'shipped' : 'learned',
          }),
          constantPolicy(stretch, `s${stretch * 10}`),
        )
      await ledger.prune(AT_MS * 2)
      const names = async (query: object) =>
        (await ledger.policies({ limit: 10, ...query })).items.map(({ name }) => name)
      expect(await names({})).toEqual(['s12', 's11', 's10'])
      expect(await names({ source: 'learned' })).toEqual(['s12', 's11'])
      expect(await names({ name: 's10' })).toEqual(['s10'])
      const { next } = await ledger.policies({ limit: 2 })
      expect(await names({ cursor: next })).toEqual(['s10'])
    })
  })

  describe('a rollout', () => {
    it('is numbered, comes back exactly and is overwritten as it goes on', async () => {
      const first = await ledger.addRollout(rolloutOf())
      expect(first).toStrictEqual({ number: 1, ...rolloutOf() })
      const moved = { ...first, stage: 'canary' as const, stageFromTick: 30 }
      await ledger.saveRollout(moved)
      await reopen()
      expect(await ledger.rollout(1)).toStrictEqual(moved)
      expect((await ledger.addRollout(rolloutOf())).number).toBe(2)
      expect(await ledger.rollout(3)).toBeUndefined()
      await expect(ledger.saveRollout({ ...first, number: 9 })).rejects.toThrow('no rollout 9')
    })

    it('is found by service and by whether it has ended, newest first', async () => {
      await ledger.addRollout(rolloutOf({ stage: 'ended', outcome: 'stopped' }))
      await ledger.addRollout(rolloutOf({ services: ['b'] }))
      await ledger.addRollout(rolloutOf({ services: ['a'] }))
      const found = async (query: object) =>
        (await ledger.rollouts({ limit: 10, ...query })).items.map(({ number }) => number)
      expect(await found({})).toEqual([3, 2, 1])
      expect(await found({ service: 'a' })).toEqual([3, 1])
      expect(await found({ open: true })).toEqual([3, 2])
      expect(await found({ open: false })).toEqual([1])
      const { next } = await ledger.rollouts({ limit: 1 })
      expect(await found({ cursor: next })).toEqual([2, 1])
    })

    it('has its units back to the bit, by stage and in the order of their blocks, each once', async () => {
      await fc.assert(
        fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (loss) => {
          const { number } = await ledger.addRollout(rolloutOf())
          const plain = loss + 0 // JSON knows no negative zero
          const units = [unitOf(2, 'a'), unitOf(1, 'b', { loss: plain }), unitOf(1, 'a')]
          await ledger.saveUnits(number, 'canary', units)
          await ledger.saveUnits(number, 'canary', [unitOf(1, 'a', { loss: 99 })])
          await ledger.saveUnits(number, 'shadow', [unitOf(1, 'a')])
          await ledger.saveUnits(number, 'shadow', [])
          expect(await ledger.units(number, 'canary')).toStrictEqual([
            unitOf(1, 'a'),
            unitOf(1, 'b', { loss: plain }),
            unitOf(2, 'a'),
          ])
          expect(await ledger.units(number, 'shadow')).toHaveLength(1)
        }),
        { numRuns: 20 },
      )
    })
  })
})
