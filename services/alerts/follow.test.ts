import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Alert, rankOf, SEVERITIES } from './alert.ts'
import { type Condition, follow } from './follow.ts'
import { createHolds, type Standing } from './standing.ts'

const condition = (key: string, over: Partial<Condition> = {}): Condition => ({
  key,
  kind: 'spike',
  severity: 'info',
  service: 'a',
  summary: key,
  figures: {},
  sinceMs: 0,
  ...over,
})
const idOf = (key: string, atMs: number) => `${key}@${atMs}`

describe('follow', () => {
  it('opens, escalates, changes kind and closes; says nothing while nothing changes', () => {
    const open = new Map<string, Alert>()
    const seen = [
      [condition('a')],
      [condition('a', { summary: 'other words' })],
      [condition('a', { severity: 'critical' })],
      [condition('a', { severity: 'info' })],
      [condition('a', { kind: 'level-shift' }), condition('b')],
      [condition('b')],
    ].flatMap((conditions, i) =>
      follow(open, conditions, i, idOf).map(
        ({ event, alert }) => `${i} ${event} ${alert.key} ${alert.kind} ${alert.severity}`,
      ),
    )
    expect(seen).toEqual([
      '0 opened a spike info',
      '2 escalated a spike critical',
      '4 updated a level-shift critical',
      '4 opened b spike info',
      '5 closed a level-shift critical',
    ])
    expect([...open.keys()]).toEqual(['b'])
  })

  it('tells of each event once, whatever comes and goes', () => {
    const anyTick = fc.uniqueArray(
      fc.record({ key: fc.constantFrom('a', 'b', 'c'), severity: fc.constantFrom(...SEVERITIES) }),
      { selector: ({ key }) => key },
    )
    fc.assert(
      fc.property(fc.array(anyTick, { maxLength: 40 }), (ticks) => {
        const open = new Map<string, Alert>()
        const told = new Map<string, { isOpen: boolean; rank: number }>()
        ticks.forEach((tick, atMs) => {
          const conditions = tick.map(({ key, severity }) => condition(key, { severity }))
          for (const { event, alert } of follow(open, conditions, atMs, idOf)) {
            const before = told.get(alert.id)
            expect(before?.isOpen).toBe(event === 'opened' ? undefined : true)
            if (event === 'escalated') expect(rankOf(alert.severity)).toBeGreaterThan(before!.rank)
            told.set(alert.id, { isOpen: event !== 'closed', rank: rankOf(alert.severity) })
          }
          expect(new Set(open.keys())).toEqual(new Set(tick.map(({ key }) => key)))
        })
      }),
    )
  })
})

describe('a standing condition', () => {
  const standing = (holds: boolean | undefined): Standing => ({
    key: 'k',
    holds,
    openAfterMs: 10,
    closeAfterMs: 20,
    describe: (sinceMs) => ({
      kind: 'forecast-drifting',
      severity: 'warning',
      service: 'a',
      summary: `since ${sinceMs}`,
      figures: {},
    }),
  })
  const run = (steps: readonly (boolean | undefined)[], open: readonly Alert[] = []) => {
    const holds = createHolds(open)
    return steps
      .map((step, i) => (holds.update([standing(step)], i * 5).length > 0 ? 'x' : '.'))
      .join('')
  }
  const T = true
  const F = false

  it('opens after its time and closes after its time, not at the first blink', () => {
    expect(run([T, T, F, T, T, T, T, F, F, T, F, F, F, F, F, F])).toBe('.....xxxxxxxxx..')
  })

  it('stays as it was while nothing is known', () => {
    expect(run([T, T, T, undefined, undefined, T, F, F, undefined, F, F, F])).toBe('..xxxxxxxx..')
    expect(run([undefined, undefined])).toBe('..')
  })

  it('that was open before a restart is still open', () => {
    const changes = follow(new Map(), [condition('k', { sinceMs: -99 })], 0, idOf)
    const open = changes.map(({ alert }) => alert)
    expect(run([undefined, T, F, F, F, F, F, F], open)).toBe('xxxxxx..')
  })
})
