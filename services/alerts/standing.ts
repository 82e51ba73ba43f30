/**
 * Conditions that stand for a while: each opens when it has held for long enough and closes when it has been gone for
 * long enough; what is not known just now stays as it was. A restart goes on with what was open.
 */
import type { Alert } from './alert.ts'
import type { Condition } from './follow.ts'

export interface Standing {
  readonly key: string
  /** Undefined: not known now. */
  readonly holds: boolean | undefined
  readonly openAfterMs: number
  readonly closeAfterMs: number
  readonly describe: (sinceMs: number) => Omit<Condition, 'key' | 'sinceMs'>
}

interface Hold {
  isOpen: boolean
  /** Since when it holds; NaN while it does not. */
  sinceMs: number
  /** Since when it does not hold any more; NaN while it does. */
  goneMs: number
  last: Condition | undefined
}

export interface Holds {
  /** Whether this key is open, or on its way there: it must be named again. */
  knows(key: string): boolean
  /** The conditions that are open, of all that are named; others are forgotten. */
  update(standing: readonly Standing[], nowMs: number): Condition[]
}

export function createHolds(open: readonly Alert[]): Holds {
  let holds = new Map<string, Hold>(
    open.map((alert) => [
      alert.key,
      { isOpen: true, sinceMs: alert.sinceMs, goneMs: Number.NaN, last: alert },
    ]),
  )
  return {
    knows: (key) => holds.has(key),
    update(standing, nowMs) {
      const next = new Map<string, Hold>()
      const conditions: Condition[] = []
      for (const one of standing) {
        const hold = move(holds.get(one.key), one, nowMs)
        if (!hold) continue
        next.set(one.key, hold)
        if (!hold.isOpen) continue
        if (one.holds || !hold.last)
          hold.last = { ...one.describe(hold.sinceMs), key: one.key, sinceMs: hold.sinceMs }
        conditions.push(hold.last)
      }
      holds = next
      return conditions
    },
  }
}

function move(known: Hold | undefined, one: Standing, nowMs: number): Hold | undefined {
  if (one.holds === undefined) return known
  if (one.holds) {
    const hold = known ?? { isOpen: false, sinceMs: nowMs, goneMs: Number.NaN, last: undefined }
    hold.goneMs = Number.NaN
    if (nowMs - hold.sinceMs >= one.openAfterMs) hold.isOpen = true
    return hold
  }
  if (!known?.isOpen) return undefined
  if (Number.isNaN(known.goneMs)) known.goneMs = nowMs
  return nowMs - known.goneMs >= one.closeAfterMs ? undefined : known
}
