import { expect, it } from 'vitest'
import { createSpikes } from './spikes.ts'

it('a spike multiplies one service while it lasts', () => {
  const spikes = createSpikes()
  const { id, toMs } = spikes.start({ service: 'search', factor: 3, durationMs: 1000 }, 5000)
  expect(toMs).toBe(6000)
  expect([4999, 5000, 5999, 6000].map((at) => spikes.factorAt('search', at))).toEqual([1, 3, 3, 1])
  expect(spikes.factorAt('auth', 5500)).toBe(1)
  expect(spikes.active(5500).map((s) => s.id)).toEqual([id])
  expect(spikes.active(6000)).toEqual([])
})

it('spikes at once multiply one another, and the bound covers what begins or ends within the span', () => {
  const spikes = createSpikes()
  spikes.start({ service: 'search', factor: 3, durationMs: 1000 }, 0)
  spikes.start({ service: 'search', factor: 0.5, durationMs: 2000 }, 500)
  expect([100, 700, 1500].map((at) => spikes.factorAt('search', at))).toEqual([3, 1.5, 0.5])
  expect(spikes.mostFactor('search', 0, 1000)).toBe(3)
  expect(spikes.mostFactor('search', 1000, 2000)).toBe(1)
})

it('a spike can be stopped once', () => {
  const spikes = createSpikes()
  const { id } = spikes.start({ service: 'search', factor: 3, durationMs: 10_000 }, 0)
  expect(spikes.stop(id, 4000)).toBe(true)
  expect([3999, 4000].map((at) => spikes.factorAt('search', at))).toEqual([3, 1])
  expect(spikes.stop(id, 5000)).toBe(false)
  expect(spikes.stop('nobody', 5000)).toBe(false)
})
