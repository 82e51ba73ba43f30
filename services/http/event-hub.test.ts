import { afterEach, describe, expect, it, vi } from 'vitest'
import { toDocument } from '../../forecaster/forecast.ts'
import type { ControlEvent } from '../control-plane.ts'
import { createEventHub, type Frame, type HubOptions, type Listener } from './event-hub.ts'
import { createTestParts, testForecast } from './test-plane.ts'

const budgetSet = (value: number): ControlEvent => ({
  kind: 'setting',
  data: { key: 'budget', value, atMs: 0 },
})

/** A listener that takes `room` frames and then no more. */
function recorder(room = Number.POSITIVE_INFINITY) {
  const frames: Frame[] = []
  const dropped = vi.fn()
  const listener: Listener = {
    catchUp: (missed) => void frames.push(...missed),
    frame(frame) {
      if (frames.length >= room) return false
      frames.push(frame)
      return true
    },
    heartbeat: () => true,
    drop: dropped,
    close: () => {},
  }
  return { listener, frames, dropped, ids: () => frames.map(({ id }) => id) }
}

function hubWith(options: HubOptions = {}) {
  const parts = createTestParts()
  return { ...parts, hub: createEventHub(parts.control, { firstId: 100, ...options }) }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('an event hub', () => {
  it('begins with a snapshot: status, last tick, forecasts, open alerts', () => {
    const { hub } = hubWith()
    const { listener, frames } = recorder()
    hub.join(listener, undefined)
    expect(frames.map(({ event }) => event.kind)).toEqual(['status', 'tick', 'forecast', 'alert'])
    hub.close()
  })

  it('numbers frames and writes each once for all listeners', () => {
    const { hub, emit } = hubWith()
    const a = recorder()
    const b = recorder()
    hub.join(a.listener, 99)
    hub.join(b.listener, 99)
    emit(budgetSet(1))
    emit(budgetSet(2))
    expect(a.ids()).toEqual([100, 101])
    expect(a.frames[1]).toBe(b.frames[1])
    expect(a.frames[1]?.sse).toBe(b.frames[1]?.sse)
    expect(String(a.frames[1]?.sse)).toBe(
      'id: 101\nevent: setting\ndata: {"key":"budget","value":2,"atMs":0}\n\n',
    )
    expect(JSON.parse(String(a.frames[1]?.json))).toEqual({ id: 101, ...budgetSet(2) })
    hub.close()
  })

  it('resumes after the last frame seen, with nothing missing and nothing twice', () => {
    const { hub, emit } = hubWith()
    const first = recorder()
    const leave = hub.join(first.listener, 99)
    emit(budgetSet(1))
    leave()
    emit(budgetSet(2))
    emit(budgetSet(3))
    const again = recorder()
    hub.join(again.listener, 100)
    emit(budgetSet(4))
    expect(first.ids()).toEqual([100])
    expect(again.ids()).toEqual([101, 102, 103])
    hub.close()
  })

  it('gives a snapshot to one who was away longer than the ring reaches', () => {
    const { hub, emit } = hubWith({ ringFrames: 4 })
    hub.join(recorder().listener, 99)
    for (let i = 0; i < 20; i++) emit(budgetSet(i))
    const late = recorder()
    hub.join(late.listener, 102)
    expect(late.frames[0]?.event.kind).toBe('status')
    expect(late.ids()).toEqual([119, 119, 119, 119])
    hub.close()
  })

  it('gives a snapshot to one who comes with a number of the future', () => {
    const { hub } = hubWith()
    const odd = recorder()
    hub.join(odd.listener, 5000)
    expect(odd.frames[0]?.event.kind).toBe('status')
    hub.close()
  })

  it('drops a listener whose backlog is full, and goes on for the others', () => {
    const { hub, emit } = hubWith()
    const slow = recorder(2)
    const quick = recorder()
    hub.join(slow.listener, 99)
    hub.join(quick.listener, 99)
    for (let i = 0; i < 5; i++) emit(budgetSet(i))
    expect(slow.dropped).toHaveBeenCalledOnce()
    expect([slow.frames.length, quick.frames.length]).toEqual([2, 5])
    expect([hub.listeners(), hub.dropped()]).toEqual([1, 1])
    hub.close()
  })

  it('sends no forecasts where there are too many services for that', () => {
    const { hub, state, emit } = hubWith()
    const names = Array.from({ length: 501 }, (_, i) => [`s${i}`, state.config.services.search!])
    state.config = { ...state.config, services: Object.fromEntries(names) }
    const { listener, frames } = recorder()
    hub.join(listener, undefined)
    emit({ kind: 'forecast', data: toDocument(testForecast('s1', 0)) })
    emit(budgetSet(1))
    expect(frames.map(({ event }) => event.kind)).toEqual(['status', 'tick', 'alert', 'setting'])
    hub.close()
  })

  it('follows the controller only while somebody listens, and a little longer', () => {
    vi.useFakeTimers()
    const { hub, subscribers, emit } = hubWith({ lingerMs: 1000 })
    expect(subscribers()).toBe(0)
    const leave = hub.join(recorder().listener, 99)
    expect(subscribers()).toBe(1)
    leave()
    vi.advanceTimersByTime(999)
    expect(subscribers()).toBe(1)
    vi.advanceTimersByTime(1)
    expect(subscribers()).toBe(0)
    emit(budgetSet(1)) // nobody sees this
    const back = recorder()
    hub.join(back.listener, 99)
    expect(back.frames[0]?.event.kind, 'no resuming across the gap').toBe('status')
    hub.close()
  })
})
