/** What an agent remembers of its own changes is what came of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AgentMemory, asItCameOut, catchUp, firstMemory } from './agent.ts'
import { recordScaleEvent } from './hpa/normalize.ts'
import { ServiceSpec } from './service-spec.ts'

const NOW_MS = 1_700_000_000_000
const TICK_MS = 5000
const { behavior } = ServiceSpec.parse({ maxReplicas: 100 })
const count = fc.integer({ min: 0, max: 100 })

/** As after a tick at NOW_MS that took the count from `from` to `to`, an older change before it. */
function ticked(from: number, to: number): AgentMemory {
  const atMs = NOW_MS - TICK_MS
  const older = recordScaleEvent(firstMemory(from).changes, from + 2, from, atMs, behavior)
  return {
    ...firstMemory(from),
    changes: recordScaleEvent(older, from, to, NOW_MS, behavior),
    wants: [
      { atMs, replicas: from },
      { atMs: NOW_MS, replicas: to },
    ],
    lastTo: to,
  }
}

describe('a change of the last tick of which nobody said that it was carried out', () => {
  it('is remembered as it was decided when it is there', () => {
    fc.assert(
      fc.property(count, count, (from, to) => {
        const memory = ticked(from, to)
        expect(asItCameOut(memory, to)).toBe(memory)
      }),
    )
  })

  it('never was when the target stands where it stood', () => {
    fc.assert(
      fc.property(count, count, (from, to) => {
        fc.pre(from !== to)
        const memory = catchUp(asItCameOut(ticked(from, to), from), from)
        const { changes, floorMemory, floorReplicas } = memory
        expect(changes).toEqual(ticked(from, from).changes)
        expect(floorMemory.scaleUps).toEqual(changes.scaleUps)
        expect(floorMemory.scaleDowns).toEqual(changes.scaleDowns)
        expect(floorReplicas).toBe(from)
      }),
    )
  })

  it('counts for as much as was carried out', () => {
    fc.assert(
      fc.property(count, count, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, share) => {
        const requested = from + Math.trunc((to - from) * share)
        expect(asItCameOut(ticked(from, to), requested).changes).toEqual(
          ticked(from, requested).changes,
        )
      }),
    )
  })

  it('stays as it was decided when somebody took the count elsewhere', () => {
    const memory = ticked(10, 14)
    for (const requested of [3, 9, 15, 40]) expect(asItCameOut(memory, requested)).toBe(memory)
    const held = ticked(10, 10)
    for (const requested of [3, 40]) expect(asItCameOut(held, requested)).toBe(held)
  })
})

describe('a change of the last tick that was carried out', () => {
  it('counts, wherever the count stands by now', () => {
    fc.assert(
      fc.property(count, count, count, (from, to, requested) => {
        const { changes } = ticked(from, to)
        expect(catchUp(ticked(from, to), requested).changes).toEqual(changes)
      }),
    )
  })
})
