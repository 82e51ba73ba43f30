/** The exchange of shares: what holds whatever happens to controllers, rows, orders and clocks. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Event, FATES, Plant, SILENT_AFTER_MS } from './test-plant.ts'

const SHARDS = 3
const SLACK = 1e-9
const who = fc.nat(SHARDS - 1)
const wants = fc.oneof(fc.constantFrom(0, 12), fc.double({ min: 0, max: 12, noNaN: true }))

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('tick'),
      who,
      wants,
      fate: fc.constantFrom(...FATES),
    }),
  },
  fc.record({
    kind: fc.constantFrom('order-lost', 'order-late', 'read-fails'),
    ...{ who, wants },
  }),
  fc.record({ kind: fc.constant('ended'), who, share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('replaced'), who }),
  fc.record({ kind: fc.constant('deposed-ticks'), who, wants }),
  fc.record({ kind: fc.constant('late-writes') }),
  fc.record({ kind: fc.constant('time'), ms: fc.nat(2 * SILENT_AFTER_MS) }),
  fc.record({ kind: fc.constant('budget'), budget: fc.double({ min: 1, max: 20, noNaN: true }) }),
)

/** Every shard ticks, in turn, and what ends has ended. */
async function fairRound(plant: Plant, wanted: readonly number[]): Promise<void> {
  for (const [i, shard] of plant.shards.entries()) await plant.tick(shard, wanted[i]!)
  for (const shard of plant.shards) shard.ending = 0
  plant.nowMs += 1000
}

const running = (plant: Plant) =>
  plant.shards.reduce((sum, { requested, ending }) => sum + requested + ending, 0)

describe('shards under one budget', () => {
  it('never run more than they hold, and never hold more than the budget together, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 80 }),
        fc.boolean(),
        async (events, isMet) => {
          const plant = new Plant(9, [0, 0, 0])
          // shards that know of one another at once have more to fall out over
          if (isMet) await fairRound(plant, [1, 1, 1])
          let most = plant.budget
          for (const event of events) {
            const before = plant.claims()
            await plant.happen(event)
            most = Math.max(most, plant.budget)
            expect(plant.claims()).toBeLessThanOrEqual(Math.max(most, before) + SLACK)
            for (const shard of plant.shards)
              expect(shard.requested + shard.ending).toBeLessThanOrEqual(
                plant.claimOf(shard) + SLACK,
              )
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('a claim goes up only while all of them together stay within the budget as its shard knows it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 60 }), async (events) => {
        const plant = new Plant(9, [0, 0, 0])
        for (const event of events) {
          const before = plant.store.rows
          await plant.happen(event)
          // a late write was made for the budget of its time
          if (event.kind === 'late-writes') continue
          const rose = plant.store.rows.some(
            (row) =>
              row.claimPerHour >
              (before.find((b) => b.shard === row.shard)?.claimPerHour ?? 0) + SLACK,
          )
          if (rose) expect(plant.claims()).toBeLessThanOrEqual(plant.budget + SLACK)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('after any faults, once all of them tick again, a changed budget is kept after two ticks and used after three', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 40 }),
        fc.double({ min: 1, max: 20, noNaN: true }),
        fc.tuple(wants, wants, wants),
        async (events, budget, wanted) => {
          const plant = new Plant(9, [0, 0, 0])
          for (const event of events) await plant.happen(event)
          await plant.happen({ kind: 'late-writes' })
          for (const shard of plant.shards) shard.ending = 0
          plant.nowMs += SILENT_AFTER_MS
          await fairRound(plant, [1, 1, 1])
          plant.budget = budget
          await fairRound(plant, wanted)
          await fairRound(plant, wanted)
          expect(running(plant)).toBeLessThanOrEqual(budget + SLACK)
          await fairRound(plant, wanted)
          const all = wanted.reduce((sum, one) => sum + one, 0)
          expect(running(plant)).toBeGreaterThanOrEqual(Math.min(all, budget) - 1e-3)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('shards that come up beside running replicas take none from one another before all have spoken', async () => {
    const plant = new Plant(10, [1, 8, 1])
    for (const shard of plant.shards) await plant.tick(shard, 9)
    expect(plant.shards.map(({ requested }) => requested)).toEqual([1, 8, 1])
    for (let i = 0; i < 3; i++) await fairRound(plant, [9, 9, 9])
    for (const { requested } of plant.shards) expect(requested).toBeCloseTo(10 / 3, 6)
  })

  it('one that never says anything is not waited for for ever: an even part is kept for it', async () => {
    const plant = new Plant(9, [0, 0, 0])
    const [a, b, c] = plant.shards as [never, never, never]
    const both = async () => {
      await plant.tick(a, 9)
      await plant.tick(b, 9)
      plant.nowMs += SILENT_AFTER_MS
    }
    await both()
    await both()
    await both()
    expect(running(plant)).toBeCloseTo(6, 9)
    await plant.tick(c, 9)
    expect(running(plant)).toBeCloseTo(9, 9)
  })

  it('one that falls silent keeps what it may spend; the others share the rest', async () => {
    const plant = new Plant(9, [0, 0, 0])
    for (let i = 0; i < 3; i++) await fairRound(plant, [3, 3, 3])
    const [a, b, c] = plant.shards as [never, never, never]
    for (let i = 0; i < 8; i++) {
      await plant.tick(a, 9)
      await plant.tick(b, 0)
      plant.shards[1]!.ending = 0
      plant.nowMs += SILENT_AFTER_MS / 4
    }
    expect(plant.claimOf(c)).toBeCloseTo(3, 9)
    expect(plant.shards[0]!.requested).toBeCloseTo(6, 6)
    const view = plant.shards[0]!.controllers[0]!.exchange.view(9)
    expect(view.shards.map(({ isSilent }) => isSilent)).toEqual([false, false, true])
  })
})
