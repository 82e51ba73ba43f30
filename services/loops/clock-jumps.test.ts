/** Clocks that are set: decisions go by the time that has passed, and the age of data is never taken for less than it is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstMemory, floorOf } from '../../agents/agent.ts'
import { recordScaleEvent } from '../../agents/hpa/normalize.ts'
import type { Observation } from '../../agents/observation.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { shiftMemory } from '../../agents/shift-memory.ts'
import type { RunningClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import { createMemoryStore } from '../stores/memory.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { createClockDoubt } from './clock-doubt.ts'
import { followClock } from './clock-jumps.ts'
import type { LoopState } from './control-loop.ts'
import { firstEntry } from './entry.ts'
import { createLoadBook } from './load-book.ts'
import { freshnessOf } from './observe.ts'

const STEP_MS = 60_000
const NOW_MS = 1_700_000_040_000
const spec = ServiceSpec.parse({ maxReplicas: 50 })

const observed = (nowMs: number, loadRps: number): Observation => ({
  ...{ service: 'search', nowMs, loadRps, freshness: 'fresh', leadTimeMs: 30_000 },
  replicas: { requested: 20, ready: 20, starting: 0, terminating: 0 },
  ...{ capacityPerReplica: 10, saturationPerReplica: 12, demand: undefined, drifting: false },
})

/** Twenty replicas that were seventeen and more a while ago. */
function remembered(agesMs: readonly number[]) {
  let memory = firstMemory(20)
  for (const ageMs of agesMs.toSorted((a, b) => b - a)) {
    const atMs = NOW_MS - ageMs
    const { floorMemory } = memory
    const recommendations = [...floorMemory.recommendations, { atMs, replicas: 18 }]
    memory = {
      ...memory,
      floorMemory: recordScaleEvent(
        { ...floorMemory, recommendations },
        21,
        20,
        atMs,
        spec.behavior,
      ),
    }
  }
  return memory
}

describe('a memory moved to another clock', () => {
  it('leads to the same floor as on its own', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 600_000 }), { maxLength: 8 }),
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.double({ min: 0, max: 600, noNaN: true }),
        (ages, byMs, load) => {
          const memory = remembered(ages)
          const here = floorOf(spec, observed(NOW_MS, load), memory)
          const there = floorOf(spec, observed(NOW_MS + byMs, load), shiftMemory(memory, byMs))
          expect(there.need).toBe(here.need)
          expect(there.least).toBe(here.least)
        },
      ),
    )
  })

  it('is moved when wall time and time that passed disagree, and not by drift', () => {
    let [wallMs, monotonicMs] = [NOW_MS, 5000]
    const clock: RunningClock = {
      kind: 'system',
      nowMs: () => wallMs,
      monotonicMs: () => monotonicMs,
      after: () => () => {},
    }
    const memory = remembered([10_000])
    const state: LoopState = { tick: 1, memories: new Map([['search', memory]]) }
    const pass = (ms: number, jumpMs: number) => {
      wallMs += ms + jumpMs
      monotonicMs += ms
      return followClock(state, clock, wallMs)
    }
    expect(pass(0, 0)).toBe(0)
    expect(pass(15_000, 20)).toBe(0)
    expect(state.memories.get('search')).toBe(memory)
    expect(pass(15_000, -3_600_000)).toBe(-3_600_000)
    expect(state.memories.get('search')).toEqual(shiftMemory(memory, -3_600_000))
  })
})

describe('the load book by a clock that was set back', () => {
  const config = AppConfig.parse({
    ...{ tickMs: STEP_MS, stepMs: STEP_MS, services: { search: {} } },
  })

  async function bookAt(nowMs: number, newestMs: number, monotonicMs = () => 0) {
    const store = createMemoryStore({ retentionMs: 1e9 })
    const samples = []
    for (let atMs = newestMs - 150 * STEP_MS; atMs <= newestMs; atMs += STEP_MS)
      samples.push({ service: 'search', metric: 'requests_per_second', atMs, value: atMs / 1e12 })
    await store.append(samples, newestMs)
    const doubt = createClockDoubt(monotonicMs)
    const book = createLoadBook({
      doubt,
      ...{ store, stepMs: STEP_MS, tickMs: STEP_MS, longestGapMs: 1e9 },
      specs: new Map([['search', spec]]),
      config: config.forecast,
      covariates: {
        prepare: async () => {},
        over: async () => [],
      } as never,
    })
    await book.read(nowMs)
    const append = (...atMs: number[]) =>
      store.append(
        atMs.map((at) => ({
          ...{ service: 'search', metric: 'requests_per_second', atMs: at, value: at / 1e12 },
        })),
        Math.max(...atMs),
      )
    return { ...book, doubt, append, store }
  }
  const gridMs = Math.floor(NOW_MS / STEP_MS) * STEP_MS

  it('does not take loads of a time that has not come for fresh ones', () => {
    const entry = { ...firstEntry('search', spec, false), loadAtMs: NOW_MS, loadRps: 5 }
    expect(freshnessOf(config, entry, NOW_MS)).toBe('fresh')
    expect(freshnessOf(config, entry, NOW_MS - 24 * STEP_MS)).toBe('dead')
  })

  it('goes on from the new time when it had run ahead of the data', async () => {
    const book = await bookAt(gridMs + 60 * STEP_MS, gridMs)
    await book.read(gridMs)
    const entry = book.entries.get('search')!
    expect(entry.loadAtMs).toBe(gridMs)
    expect(freshnessOf(config, entry, gridMs)).toBe('fresh')
    expect(book.readToMs()).toBeLessThanOrEqual(gridMs)
  })

  it('holds while the data runs ahead of the clock', async () => {
    const book = await bookAt(gridMs, gridMs)
    const earlier = gridMs - 20 * STEP_MS
    await book.read(earlier)
    expect(freshnessOf(config, book.entries.get('search')!, earlier)).toBe('dead')
  })

  const freshAt = async (book: Awaited<ReturnType<typeof bookAt>>, nowMs: number) => {
    await book.read(nowMs)
    return freshnessOf(config, book.entries.get('search')!, nowMs)
  }

  it('takes loads of before for as old as they are when the clock comes to their times again', async () => {
    const book = await bookAt(gridMs, gridMs)
    book.doubt.wasSet(-100 * STEP_MS)
    for (let step = 1; step <= 140; step++) {
      await book.append(gridMs + step * STEP_MS)
      const freshness = await freshAt(book, gridMs + (step - 100) * STEP_MS)
      // it stands where it stood until then: at first that is not long ago
      if (step > 62) expect(freshness).toBe('dead')
    }
    expect(book.doubt.isSeen()).toBe(true)
    // and none come any more
    expect(await freshAt(book, gridMs + 141 * STEP_MS)).toBe('dead')
    book.doubt.wasSet(100 * STEP_MS)
    await book.append(gridMs + 142 * STEP_MS)
    expect(await freshAt(book, gridMs + 142 * STEP_MS)).toBe('fresh')
  })

  it('knows that the clock is right now from the first load that comes', async () => {
    const book = await bookAt(gridMs + 100 * STEP_MS, gridMs)
    book.doubt.wasSet(-100 * STEP_MS)
    expect(await freshAt(book, gridMs)).toBe('dead')
    await book.append(gridMs + STEP_MS)
    expect(await freshAt(book, gridMs + STEP_MS)).toBe('fresh')
    expect(book.doubt.behindMs()).toBe(0)
  })

  it('sees at the start that it stands behind the loads, of which one alone says nothing', async () => {
    const behind = await bookAt(gridMs - 100 * STEP_MS, gridMs)
    expect(behind.doubt.behindMs()).toBe(100 * STEP_MS)
    expect(await freshAt(behind, gridMs - 99 * STEP_MS)).toBe('dead')
    const alone = await bookAt(gridMs, gridMs)
    await alone.append(gridMs + 600 * STEP_MS)
    const book = createClockDoubt(() => 0)
    await book.look(alone.store, gridMs, STEP_MS)
    expect(book.behindMs()).toBe(0)
  })

  it('sees that it falls behind, as clocks do that drift', async () => {
    let passedMs = 0
    const book = await bookAt(gridMs, gridMs, () => passedMs)
    const behindMs: number[] = []
    for (let step = 1; step <= 400; step++) {
      await book.append(gridMs + step * STEP_MS)
      passedMs = step * STEP_MS
      // a twentieth too slow
      await book.read(gridMs + 0.95 * passedMs)
      behindMs.push(0.05 * passedMs - book.doubt.behindMs())
    }
    expect(book.doubt.behindMs()).toBeGreaterThan(15 * STEP_MS)
    // what is not seen yet is what was gathered between two looks, and what is too little to tell
    expect(Math.max(...behindMs)).toBeLessThanOrEqual(0.05 * 600_000 + 2 * STEP_MS)
  })

  it('keeps the doubt while the store does not answer', async () => {
    const doubt = createClockDoubt(() => 0)
    doubt.wasSet(-100 * STEP_MS)
    const away = { latest: () => Promise.reject(new Error('away')) } as unknown as SampleStore
    await expect(doubt.look(away, gridMs, STEP_MS)).rejects.toThrow('away')
    expect(doubt.behindMs()).toBe(100 * STEP_MS)
    const entry = { ...firstEntry('search', spec, false), loadAtMs: gridMs, loadRps: 5, doubt }
    expect(freshnessOf(config, entry, gridMs)).toBe('dead')
  })
})
