/** The loop on the clock's grid, on a clock whose wall time jumps as it likes while time itself goes on. */
import { describe, expect, it } from 'vitest'
import type { RunningClock } from '../clock.ts'
import { every } from './every.ts'

const PERIOD_MS = 1000
const OFFSET_MS = 100

/** Wall time is true time and an offset; timers go by true time. */
function createTestClock() {
  let trueMs = 0
  let offsetMs = 0
  const timers = new Set<{ dueMs: number; work: () => void }>()
  const clock: RunningClock = {
    kind: 'system',
    nowMs: () => trueMs + offsetMs,
    monotonicMs: () => trueMs,
    after(delayMs, work) {
      const timer = { dueMs: trueMs + delayMs, work }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  return {
    clock,
    jump(byMs: number) {
      offsetMs += byMs
    },
    async pass(ms: number) {
      const endMs = trueMs + ms
      for (;;) {
        const next = [...timers].sort((a, b) => a.dueMs - b.dueMs)[0]
        if (!next || next.dueMs > endMs) break
        timers.delete(next)
        trueMs = next.dueMs
        next.work()
        await new Promise(setImmediate)
      }
      trueMs = endMs
    },
  }
}

type Work = (test: ReturnType<typeof createTestClock>) => Promise<void>

function start(work: Work = async () => {}, ranMs?: number) {
  const test = createTestClock()
  const ran: number[] = []
  let skipped = 0
  const loop = every({
    periodMs: PERIOD_MS,
    offsetMs: OFFSET_MS,
    ...{ clock: test.clock, ranMs },
    onSkip: (n) => {
      skipped += n
    },
    async run() {
      ran.push(test.clock.monotonicMs())
      await work(test)
    },
  })
  return { ...test, ran, loop, skipped: () => skipped }
}

describe('the loop on the grid', () => {
  it('runs once a period, on the grid, until it is stopped', async () => {
    const test = start()
    await test.pass(3500)
    expect(test.ran).toEqual([100, 1100, 2100, 3100])
    await test.loop.stop()
    await test.pass(3000)
    expect(test.ran).toHaveLength(4)
  })

  it('never overlaps itself: what is late is skipped and counted', async () => {
    let first = true
    const test = start(async ({ clock }) => {
      if (!first) return
      first = false
      await new Promise<void>((done) => clock.after(2500, done))
    })
    await test.pass(4500)
    expect(test.ran).toEqual([100, 3100, 4100])
    expect(test.skipped()).toBe(2)
  })

  it('leaves out what would follow close on a late one: what that set going takes its time', async () => {
    const test = start()
    await test.pass(600)
    test.jump(900)
    await test.pass(3000)
    // the second is due at 1100 of the wall clock, comes at 2000, and 2100 is too near
    expect(test.ran).toEqual([100, 1100, 2200, 3200])
    const late = start(async () => {}, 0)
    await late.pass(3000)
    expect(late.ran).toEqual([1100, 2100])
  })

  it('goes on within a period when the clock is set back, by however much', async () => {
    for (const backMs of [10, 900, 5000, 3_600_000]) {
      const test = start()
      await test.pass(2500)
      test.jump(-backMs)
      await test.pass(20_000)
      const gaps = test.ran.slice(1).map((atMs, k) => atMs - test.ran[k]!)
      expect(Math.max(...gaps), `${backMs} ms back`).toBeLessThanOrEqual(2 * PERIOD_MS)
      expect(gaps.slice(-5), `${backMs} ms back`).toEqual(Array(5).fill(PERIOD_MS))
    }
  })

  it('catches up with at most one run when the clock is set forward', async () => {
    const test = start()
    await test.pass(2500)
    test.jump(3_600_000)
    await test.pass(5000)
    const later = test.ran.filter((atMs) => atMs > 2500)
    expect(later.length).toBeLessThanOrEqual(6)
  })
})
