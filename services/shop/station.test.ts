import { describe, expect, it } from 'vitest'
import { createStation } from './station.ts'

/** Time that moves by hand: `step` ends the service that is due first. */
function handClock() {
  let now = 0
  let due: { at: number; done: () => void }[] = []
  return {
    after(ms: number, done: () => void) {
      due.push({ at: now + ms, done })
    },
    async step() {
      due.sort((a, b) => a.at - b.at)
      const next = due[0]!
      due = due.slice(1)
      now = next.at
      next.done()
      await Promise.resolve()
    },
    now: () => now,
  }
}

describe('a station', () => {
  it('serves as many at once as declared, lets as many wait, and refuses the next', () => {
    const clock = handClock()
    const station = createStation({
      concurrency: 2,
      queueLimit: 3,
      serviceMs: () => 10,
      after: clock.after,
    })
    const served = Array.from({ length: 7 }, () => station.serve())
    expect(served.map((s) => s !== undefined)).toEqual([true, true, true, true, true, false, false])
    expect([station.inService(), station.queueLength()]).toEqual([2, 3])
  })

  it('serves in order of arrival', async () => {
    const clock = handClock()
    const station = createStation({
      concurrency: 1,
      queueLimit: 10,
      serviceMs: () => 5,
      after: clock.after,
    })
    const order: string[] = []
    for (const name of ['a', 'b', 'c'])
      void station.serve()?.then(() => order.push(`${name}@${clock.now()}`))
    for (let i = 0; i < 3; i++) await clock.step()
    expect(order).toEqual(['a@5', 'b@10', 'c@15'])
  })

  it('takes new work as soon as there is room again', async () => {
    const clock = handClock()
    const station = createStation({
      concurrency: 1,
      queueLimit: 0,
      serviceMs: () => 5,
      after: clock.after,
    })
    expect(station.serve()).toBeDefined()
    expect(station.serve()).toBeUndefined()
    await clock.step()
    expect(station.serve()).toBeDefined()
  })

  it('is idle only when the queue is served too', async () => {
    const clock = handClock()
    const station = createStation({
      concurrency: 1,
      queueLimit: 1,
      serviceMs: () => 5,
      after: clock.after,
    })
    let idle = false
    void station.serve()
    void station.serve()
    void station.idle().then(() => {
      idle = true
    })
    await clock.step()
    expect(idle).toBe(false)
    await clock.step()
    expect(idle).toBe(true)
    await station.idle()
  })
})
