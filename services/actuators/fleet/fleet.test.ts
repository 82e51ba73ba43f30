/** What holds for every fleet, with targets that a test plays: order, deadlines, fences, limits, start-up times. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Actuator } from '../actuator.ts'
import { createFleet, FleetUnreachable } from './fleet.ts'
import { markOf, tagsOf } from './marks.ts'
import { countMembers, createStartupBook } from './members.ts'
import { loadSdk } from './sdk.ts'
import type { FleetTarget, Mark, Member, TargetView } from './target.ts'

interface Played extends FleetTarget {
  view: TargetView
  readonly scaled: number[]
}

const members = (n: number): Member[] =>
  Array.from({ length: n }, (_, i) => ({ id: `${i}`, state: 'ready' }))

function played(requested: number, over: Partial<TargetView> = {}): Played {
  const target: Played = {
    name: 'played',
    view: {
      requested,
      members: members(requested),
      bounds: { min: 0, max: 100 },
      mark: {},
      ...over,
    },
    scaled: [],
    observe: async () => target.view,
    async scale(replicas) {
      target.scaled.push(replicas)
      target.view = { ...target.view, requested: replicas, members: members(replicas) }
    },
  }
  return target
}

const open: Actuator[] = []
const warnings: string[] = []
function fleetOf(targets: Record<string, FleetTarget>, over = {}): Actuator {
  const fleet = createFleet({
    targets: new Map(Object.entries(targets)),
    deadlineMs: 200,
    releaseWaitMs: 10_000,
    warn: (service, problem) => warnings.push(`${service}: ${problem}`),
    ...over,
  })
  open.push(fleet)
  return fleet
}
afterEach(async () => {
  warnings.length = 0
  for (const fleet of open.splice(0)) await fleet.close()
})

let sent = 0
const order = (service: string, from: number, to: number) => ({
  decisionId: `d${++sent}`,
  ...{ service, from, to },
})
const never = () => new Promise<never>(() => {})

describe('one that fails', () => {
  it('or hangs stops no other, and ends by its deadline', async () => {
    const hanging = { ...played(1), observe: never }
    const broken = { ...played(1), observe: () => Promise.reject(new Error('no such group')) }
    const good = played(1)
    const fleet = fleetOf({ hanging, broken, good })
    const startMs = Date.now()
    expect([...(await fleet.observe()).keys()]).toEqual(['good'])
    expect(Date.now() - startMs).toBeLessThan(5000)
    expect(warnings.sort()).toEqual([
      'broken: no such group',
      'hanging: played: no answer in 200 ms',
    ])
    const results = await fleet.apply([
      order('hanging', 1, 2),
      order('broken', 1, 2),
      order('good', 1, 2),
    ])
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'applied'])
    expect(good.scaled).toEqual([2])
    expect(await fleet.health!()).toMatchObject({
      ...{ ok: true, degraded: true },
      detail: expect.stringContaining('broken: no such group'),
    })
  })

  it('to answer an order may still carry it out, and says so; one that refuses, or was not asked, will not', async () => {
    const silent = { ...played(1), scale: never }
    const refusing = { ...played(1), scale: () => Promise.reject(new Error('no capacity')) }
    const unread = { ...played(1), observe: never }
    const orders = ['silent', 'refusing', 'unread'].map((name) => order(name, 1, 2))
    const results = await fleetOf({ silent, refusing, unread }).apply(orders)
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed'])
    expect(results.map(({ isUnanswered }) => isUnanswered)).toEqual([true, undefined, undefined])
  })

  it('again and again is left alone for a while', async () => {
    let looks = 0
    const broken = {
      ...played(1),
      observe: async () => {
        looks++
        throw new Error('away')
      },
    }
    const fleet = fleetOf({ broken, good: played(1) })
    for (let i = 0; i < 8; i++) await fleet.observe()
    expect(looks).toBe(5)
  })

  it('throws when it is all there is', async () => {
    const fleet = fleetOf({
      broken: { ...played(1), observe: () => Promise.reject(new Error('away')) },
    })
    await expect(fleet.observe()).rejects.toThrow(FleetUnreachable)
    expect(await fleet.health!()).toMatchObject({ ok: false, detail: 'broken: away' })
  })
})

describe('money', () => {
  it('is waited for: an increase goes when what a decrease let go is gone', async () => {
    const down = played(3)
    const up = played(1)
    let releasedMs = 0
    const slow: FleetTarget = {
      ...down,
      observe: async () => down.view,
      async scale(replicas) {
        down.view = { ...down.view, requested: replicas }
        setTimeout(() => {
          releasedMs = Date.now()
          down.view = { ...down.view, members: members(replicas) }
        }, 300)
      },
    }
    let raisedMs = 0
    const watched: FleetTarget = {
      ...up,
      async scale(...args) {
        raisedMs = Date.now()
        await up.scale(...args)
      },
    }
    const fleet = fleetOf({ slow, watched })
    const results = await fleet.apply([order('watched', 1, 2), order('slow', 3, 1)])
    expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
    expect(raisedMs).toBeGreaterThanOrEqual(releasedMs)
    expect(releasedMs).toBeGreaterThan(0)
  })

  it('that does not come free in time leaves the increase undone, and says so', async () => {
    const stuck: FleetTarget = {
      ...played(3),
      scale: async () => {},
      observe: async () => ({ ...played(3).view, requested: 1 }),
    }
    const up = played(1)
    const fleet = fleetOf({ stuck, up }, { releaseWaitMs: 100 })
    const [raised] = await fleet.apply([order('up', 1, 2), order('stuck', 3, 1)])
    expect(raised).toMatchObject({
      outcome: 'failed',
      detail: 'the replicas to be released first are still there',
    })
    expect(up.scaled).toEqual([])
  })
})

describe('an order', () => {
  it('under a token that a newer leader has left behind is refused', async () => {
    const target = played(1, { mark: { ledger: 'a', token: 7 } })
    const fleet = fleetOf({ target })
    const under = async (ledger: string, token: number) =>
      (await fleet.apply([{ ...order('target', 1, 2), fence: { ledger, token } }]))[0]!
    expect(await under('a', 6)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('7 or greater'),
    })
    expect(target.scaled).toEqual([])
    expect((await under('a', 7)).outcome).toBe('applied')
    // of another ledger: nothing to do with one another
    expect((await under('b', 1)).outcome).toBe('applied')
  })

  it('is refused under an older token also where the target holds none: this process remembers', async () => {
    const fleet = fleetOf({ target: played(1) })
    await fleet.announce!({ ledger: 'a', token: 3 })
    const [late] = await fleet.apply([
      { ...order('target', 1, 2), fence: { ledger: 'a', token: 2 } },
    ])
    expect(late!.outcome).toBe('failed')
  })

  it.each([
    [9, 4],
    [0, 2],
  ])(
    'beyond the limits of the group (%d of 2 to 4) goes as far as they do, and says so',
    async (to, set) => {
      const target = played(3, { bounds: { min: 2, max: 4 } })
      const fleet = fleetOf({ target })
      const [result] = await fleet.apply([order('target', 3, to)])
      expect(result).toMatchObject({
        outcome: 'applied',
        detail: `set to ${set}, not ${to}: the group itself allows 2 to 4`,
      })
      expect(target.scaled).toEqual([set])
    },
  )

  it('does not fight another that sets the count', async () => {
    const target = played(1, { otherWriter: 'its own policy' })
    const fleet = fleetOf({ target })
    const [result] = await fleet.apply([order('target', 1, 2)])
    expect(result!.detail).toMatch(/its own policy sets the count too/)
    expect(target.scaled).toEqual([])
    // the controller only advises meanwhile, and the service's view says why
    expect((await fleet.observe()).get('target')!.conflict).toMatchObject({
      ...{ kind: 'autoscaler', by: 'its own policy', holds: true },
      detail: expect.stringContaining('Switch it off'),
    })
  })

  it('is not taken to be behind a count that somebody else set since', async () => {
    const target = played(1)
    const fleet = fleetOf({ target })
    await fleet.apply([order('target', 1, 2)])
    expect((await fleet.observe()).get('target')!.lastDecisionId).toBe(`d${sent}`)
    target.view = { ...target.view, requested: 5 }
    expect((await fleet.observe()).get('target')!.lastDecisionId).toBeUndefined()
  })
})

describe('a new leader', () => {
  it('marks the targets that can hold it, and leaves the decision there alone', async () => {
    const marks: Mark[] = []
    const target: FleetTarget = {
      ...played(1, { mark: { decisionId: 'old', replicas: 1, ledger: 'a', token: 1 } }),
      writeMark: async (mark) => void marks.push(mark),
    }
    const fleet = fleetOf({ target })
    await fleet.announce!({ ledger: 'a', token: 2 })
    await fleet.announce!({ ledger: 'a', token: 1 })
    expect(marks).toEqual([{ decisionId: 'old', replicas: 1, ledger: 'a', token: 2 }])
  })
})

describe('a mark', () => {
  it('is read as it was written', () => {
    const whole = fc.option(fc.nat(), { nil: undefined })
    const text = fc.option(fc.uuid(), { nil: undefined })
    const mark = fc.record({ decisionId: text, replicas: whole, ledger: text, token: whole })
    fc.assert(
      fc.property(mark, (m) => {
        expect(markOf(tagsOf(m))).toEqual(m)
      }),
    )
  })

  it('that somebody spoilt is none', () => {
    expect(markOf({ 'forescale-token': '9e9', 'forescale-replicas': '-1' })).toEqual({
      ...{ decisionId: undefined, replicas: undefined, ledger: undefined, token: undefined },
    })
  })
})

describe('start-up times', () => {
  it('are those that the target tells', () => {
    const book = createStartupBook()
    const told: Member = { id: 'a', state: 'ready', createdAtMs: 1000, readyAtMs: 4000 }
    expect(book.follow([told], 90_000)).toEqual([3000])
    expect(book.follow([told], 99_000)).toEqual([3000])
  })

  it('are watched where it tells none; a start that was not seen is not guessed', () => {
    const book = createStartupBook()
    const at = (state: Member['state'], nowMs: number) =>
      book.follow(
        [
          { id: 'new', state },
          { id: 'old', state: 'ready' },
        ],
        nowMs,
      )
    at('starting', 10_000)
    at('starting', 15_000)
    expect(at('ready', 20_000)).toEqual([10_000])
  })

  it('are never more than the target can have, and counts add up, whatever comes', () => {
    const member = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      state: fc.constantFrom<Member['state']>('starting', 'ready', 'terminating'),
      createdAtMs: fc.option(fc.nat(), { nil: undefined }),
      readyAtMs: fc.option(fc.nat(), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(member, { selector: ({ id }) => id })), (looks) => {
        const book = createStartupBook()
        looks.forEach((seen, i) => {
          const { ready, starting, terminating } = countMembers(seen)
          expect(ready + starting + terminating).toBe(seen.length)
          const times = book.follow(seen, i * 1000)
          expect(times.length).toBeLessThanOrEqual(20)
          expect(times.every((ms) => ms > 0 && Number.isFinite(ms))).toBe(true)
        })
      }),
    )
  })
})

describe("a vendor's library", () => {
  it('that is not installed is named, with what installs it', async () => {
    const name = 'no-such-sdk'
    await expect(loadSdk(name, 'actuator.kind "x"', () => import(name))).rejects.toThrow(
      'actuator.kind "x" needs the package no-such-sdk, which is not installed here: npm install no-such-sdk',
    )
  })

  it('that is broken keeps its own error', async () => {
    const broken = () => Promise.reject(new Error('its own'))
    await expect(loadSdk('x', 'y', broken)).rejects.toThrow('its own')
  })
})
