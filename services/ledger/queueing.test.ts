/** A ledger that goes away at any moment: ticks go on, nothing acknowledged is lost, nothing arrives twice. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Ledger, type LedgerHealth, LedgerUnavailable } from './ledger.ts'
import { openLibsqlLedger } from './libsql.ts'
import { openQueueFile } from './queue-file.ts'
import { createQueueing } from './queueing.ts'
import { AT_MS, decisionOf, forecastOf, tickOf } from './test-rows.ts'

type Fault = 'none' | 'away' | 'lost-answer'

let folder: string
let inner: Ledger
let fault: Fault
let timers: (() => void)[]
let seen: LedgerHealth[]
let asides: string[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-away-'))
  inner = await openLibsqlLedger(folder, 'epoch')
  fault = 'none'
  timers = []
  seen = []
  asides = []
})
afterEach(async () => {
  await inner.close()
  await rm(folder, { recursive: true, force: true })
})

/** The real ledger behind a way that may be cut before a call arrives, or before its answer does. */
function faulty(): Ledger {
  const calls = Object.entries(inner).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function' || name === 'fence') return [name, value]
    const call = value as (...given: unknown[]) => Promise<unknown>
    return [
      name,
      async (...given: unknown[]) => {
        if (fault === 'away') throw new LedgerUnavailable('no answer')
        const answer = await call(...given)
        if (fault === 'lost-answer') throw new LedgerUnavailable('no answer')
        return answer
      },
    ]
  })
  return { ...(Object.fromEntries(calls) as Ledger), close: async () => {} }
}

async function open(): Promise<Ledger> {
  return createQueueing({
    ledger: faulty(),
    queue: await openQueueFile(path.join(folder, 'ledger.queue')),
    nowMs: () => 7,
    after(_ms, work) {
      timers.push(work)
      return () => {
        timers = timers.filter((one) => one !== work)
      }
    },
    retryMs: 1000,
    onChange: (health) => seen.push(health),
    onSetAside: (file, records, why) => asides.push(`${path.basename(file)} ${records} ${why}`),
  })
}

/** Time passes: whatever was to be tried again is. */
async function later(ledger: Ledger): Promise<void> {
  for (const work of timers.splice(0)) work()
  for (
    let turn = 0;
    turn < 200 && ledger.health!().state === 'degraded' && timers.length === 0;
    turn++
  )
    await new Promise((resolve) => setTimeout(resolve, 2))
}

const tick = (ledger: Ledger, n: number) =>
  ledger.openTick(tickOf(n), [decisionOf(n, 'a')], [forecastOf('a', n)])
const settle = (ledger: Ledger, n: number) =>
  ledger.settle([{ id: `${n}-a`, settlement: 'applied', atMs: AT_MS }])

describe('while the ledger is away', () => {
  it('ticks are recorded locally, said to be degraded, and arrive in order when it is back', async () => {
    const ledger = await open()
    await tick(ledger, 1)
    fault = 'away'
    await settle(ledger, 1)
    await tick(ledger, 2)
    await ledger.saveDemandDays(
      [{ service: 'a', dayMs: 1000, startMs: 0, parts: Float64Array.of(1 / 3, Number.NaN) }],
      0,
    )
    expect(ledger.health!()).toMatchObject({ state: 'degraded', sinceMs: 7, queued: 3 })
    expect((await ledger.lastTick())!.tick).toBe(2)
    expect((await inner.lastTick())!.tick).toBe(1)
    fault = 'none'
    await later(ledger)
    expect(ledger.health!()).toMatchObject({ state: 'ok', queued: 0, queuedBytes: 0 })
    expect(seen.map((health) => health.state)).toEqual(['degraded', 'ok'])
    expect(await inner.lastTick()).toStrictEqual(tickOf(2))
    expect(await inner.decision('1-a')).toMatchObject({ settlement: 'applied' })
    expect(await inner.forecast('a', 'requests_per_second', tickOf(2).atMs)).toStrictEqual(
      forecastOf('a', 2),
    )
    const days = await inner.demandDays({ dayMs: 1000, fromMs: 0, services: ['a'] })
    expect(days[0]!.parts).toEqual(Float64Array.of(1 / 3, Number.NaN))
    await ledger.close()
  })

  it('what needs an answer fails at once, without asking again', async () => {
    const ledger = await open()
    fault = 'away'
    await expect(ledger.settings()).rejects.toThrow(LedgerUnavailable)
    fault = 'none'
    await expect(ledger.settings()).rejects.toThrow(LedgerUnavailable) // nobody was asked
    await later(ledger)
    expect(await ledger.settings()).toEqual([])
    await ledger.close()
  })

  it('what was queued before a crash arrives before anything else', async () => {
    const ledger = await open()
    fault = 'away'
    await tick(ledger, 1)
    await ledger.putSetting({ key: 'budget', value: 5, changedAtMs: 1, actor: 'a' })
    await ledger.close()
    await expect(open()).rejects.toThrow(LedgerUnavailable)
    fault = 'none'
    const again = await open()
    expect((await again.lastTick())!.tick).toBe(1)
    expect(await again.settingHistory('budget')).toHaveLength(1)
    await again.close()
  })

  it('what was queued under a token that is no longer the newest is put aside, not written', async () => {
    const ledger = await open()
    await inner.lease.swap(undefined, { token: 1, holder: 'a', url: '', renewals: 0 })
    ledger.fence(1)
    fault = 'away'
    await tick(ledger, 1)
    await inner.lease.swap(
      { token: 1, holder: 'a', url: '', renewals: 0 },
      { token: 2, holder: 'b', url: '', renewals: 0 },
    )
    fault = 'none'
    await later(ledger)
    expect(asides).toEqual(['ledger.queue.refused-7 1 token 1 is no longer the newest'])
    expect(await inner.lastTick()).toBeUndefined()
    await expect(tick(ledger, 1)).rejects.toThrow(/no longer the newest/)
    await ledger.close()
  })
})

type Step = { kind: 'fault'; next: Fault } | { kind: 'tick' | 'later' | 'crash' }

/** Ticks after `from` that were acknowledged; no ledger while it cannot be opened. */
async function runSteps(
  steps: readonly Step[],
  from: number,
): Promise<{ ledger: Ledger | undefined; n: number }> {
  let ledger: Ledger | undefined = await open()
  let n = from
  for (const one of steps) {
    if (one.kind === 'fault') fault = one.next
    if (one.kind === 'later' && ledger) await later(ledger)
    if (one.kind === 'crash') {
      await ledger?.close()
      ledger = undefined
      timers = []
    }
    ledger ??= await open().catch(() => undefined)
    if (one.kind === 'tick' && ledger) await tickAndSettle(ledger, ++n)
  }
  return { ledger, n }
}

async function tickAndSettle(ledger: Ledger, n: number): Promise<void> {
  await tick(ledger, n)
  await settle(ledger, n)
}

it('however often it goes and comes, and whichever answers are lost: all is there once, in order', async () => {
  const step = fc.oneof(
    fc
      .constantFrom<Fault>('none', 'away', 'lost-answer')
      .map((next) => ({ kind: 'fault' as const, next })),
    fc.constant({ kind: 'tick' as const }),
    fc.constant({ kind: 'tick' as const }),
    fc.constant({ kind: 'later' as const }),
    fc.constant({ kind: 'crash' as const }),
  )
  let from = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      fault = 'none'
      const run = await runSteps(steps, from)
      let { ledger } = run
      const { n } = run
      fault = 'none'
      ledger ??= await open()
      while (ledger.health!().state === 'degraded') await later(ledger)
      expect((await inner.lastTick())?.tick ?? 0).toBe(n)
      for (let tick = from + 1; tick <= n; tick++)
        expect(await inner.decisionsOfTick(tick)).toMatchObject([{ settlement: 'applied' }])
      expect(asides).toEqual([])
      from = n
      await ledger.close()
    }),
    { numRuns: 25 },
  )
}, 60_000)
