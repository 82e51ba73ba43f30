import { describe, expect, it } from 'vitest'
import { createWatchers } from './watchers.ts'

describe('who must know before a replica drains', () => {
  it('waits for a poll after the mark, and for requests sent before it to arrive', () => {
    const watchers = createWatchers()
    watchers.polled('gateway', 900)
    expect(watchers.allKnow(1000, 1200)).toBe(false)
    watchers.polled('gateway', 1150)
    expect(watchers.allKnow(1000, 1200)).toBe(false)
    expect(watchers.allKnow(1000, 1250)).toBe(true)
  })

  it('waits for all of them', () => {
    const watchers = createWatchers()
    for (const name of ['one', 'two']) watchers.polled(name, 900)
    watchers.polled('one', 1100)
    expect(watchers.allKnow(1000, 1500)).toBe(false)
    watchers.polled('two', 1300)
    expect(watchers.allKnow(1000, 1500)).toBe(true)
  })

  it('keeps the first poll that told while later ones come in', () => {
    const watchers = createWatchers()
    for (const atMs of [900, 1010, 1090, 1170]) watchers.polled('gateway', atMs)
    expect(watchers.allKnow(1000, 1180)).toBe(true)
  })

  it('does not wait for one that has gone silent', () => {
    const watchers = createWatchers()
    watchers.polled('gateway', 900)
    expect(watchers.allKnow(1000, 3000)).toBe(false)
    expect(watchers.allKnow(1000, 4000)).toBe(true)
  })

  it('gives unknown ones the time of two polls', () => {
    const watchers = createWatchers()
    expect(watchers.allKnow(1000, 1500)).toBe(false)
    expect(watchers.allKnow(1000, 1700)).toBe(true)
  })
})
