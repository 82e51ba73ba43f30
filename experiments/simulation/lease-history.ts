/**
 * Who led when, as those who asked saw it: every read and every compare-and-set of the lease's row with the times of its
 * request and its answer, and after every event who holds himself to be the leader. Checked afterwards as Jepsen checks a
 * register: is there one order of all that was done in which each answer is right and nothing comes before what had been
 * answered already (linearizability; Herlihy & Wing 1990)? As every row is written once, the order can be read off the
 * rows, where in general it has to be searched for.
 */
import type { LeaseRow, LeaseStore } from '../../services/leader/lease.ts'

/** One request as its sender saw it. `answeredMs` is infinite and `answer` 'unknown' where no answer came. */
export type LeaseOp = {
  readonly who: string
  readonly invokedMs: number
  answeredMs: number
} & (
  | { readonly kind: 'read'; answer: 'unknown' | { readonly row: LeaseRow | undefined } }
  | {
      readonly kind: 'swap'
      readonly expected: LeaseRow | undefined
      readonly next: LeaseRow
      answer: 'unknown' | boolean
    }
)

/** Somebody who holds himself to be the leader at an instant. */
export interface Claim {
  readonly atMs: number
  readonly who: string
  readonly token: number
}

export interface LeaseHistory {
  readonly ops: LeaseOp[]
  /** `store` as `who` uses it, written down. */
  follow(store: LeaseStore, who: string): LeaseStore
  /** All who claim to lead now. */
  claimed(claims: readonly Omit<Claim, 'atMs'>[]): void
  /** How often somebody came to lead. */
  leaders(): number
  /** What is wrong with it, in words; nothing: it is linearizable, and one led at a time. */
  faults(): string[]
}

export function createLeaseHistory(nowMs: () => number): LeaseHistory {
  const ops: LeaseOp[] = []
  const faults: string[] = []
  const claims: Claim[] = []
  const begin = <T extends LeaseOp>(op: T): T => {
    ops.push(op)
    return op
  }
  return {
    ops,
    follow: (store, who) => ({
      async read() {
        const when = { who, invokedMs: nowMs(), answeredMs: Number.POSITIVE_INFINITY }
        const op = begin({ ...when, kind: 'read' as const, answer: 'unknown' as LeaseAnswer })
        const row = await store.read()
        op.answer = { row }
        op.answeredMs = nowMs()
        return row
      },
      async swap(expected, next) {
        const when = { who, invokedMs: nowMs(), answeredMs: Number.POSITIVE_INFINITY }
        const answer = 'unknown' as 'unknown' | boolean
        const op = begin({ ...when, kind: 'swap' as const, expected, next, answer })
        const done = await store.swap(expected, next)
        op.answer = done
        op.answeredMs = nowMs()
        return done
      },
    }),
    claimed(now) {
      const atMs = nowMs()
      if (now.length > 1)
        faults.push(
          `${now.map(({ who, token }) => `${who} (${token})`).join(' and ')} lead at once`,
        )
      for (const { who, token } of now) {
        const last = claims.at(-1)
        if (last?.who === who && last.token === token) continue
        if (last && token <= last.token)
          faults.push(`${who} leads under ${token} after ${last.who} under ${last.token}`)
        claims.push({ atMs, who, token })
      }
    },
    leaders: () => claims.length,
    faults: () => [...faults, ...faultsOf(ops), ...claimFaults(claims, ops)],
  }
}
type LeaseAnswer = 'unknown' | { readonly row: LeaseRow | undefined }

/** A row's name; every row is written once. */
const idOf = (row: LeaseRow | undefined): string =>
  row ? `${row.token}/${row.renewals}/${row.holder ?? ''}` : 'none'

type Swap = Extract<LeaseOp, { kind: 'swap' }>

interface Order {
  /** Place of each row in the order in which they were written; none: 0. */
  readonly places: ReadonlyMap<string, number>
  /** The writer of the row at each place; undefined at 0. */
  readonly writers: readonly (Swap | undefined)[]
}

/** What is wrong with the reads and swaps. */
export function faultsOf(ops: readonly LeaseOp[]): string[] {
  const faults: string[] = []
  const order = orderOf(ops, faults)
  for (const op of ops) faults.push(...wrongAnswer(op, order))
  return faults.length > 0 ? faults : outOfOrder(ops, order)
}

/** From row to row by the swaps that were done. One that got no answer was done if somebody saw its row, or built upon it. */
function orderOf(ops: readonly LeaseOp[], faults: string[]): Order {
  const byExpected = Map.groupBy(doneOf(ops), (swap) => idOf(swap.expected))
  const places = new Map([['none', 0]])
  const writers: (Swap | undefined)[] = [undefined]
  for (let id = 'none'; ; ) {
    const [next, other] = byExpected.get(id) ?? []
    if (!next) return { places, writers }
    if (other)
      faults.push(`${id} was replaced twice: by ${idOf(next.next)} and by ${idOf(other.next)}`)
    if (other) return { places, writers }
    id = idOf(next.next)
    places.set(id, writers.length)
    writers.push(next)
  }
}

function doneOf(ops: readonly LeaseOp[]): Set<Swap> {
  const writerOf = writersOf(ops)
  const done = new Set<Swap>()
  for (const id of ops.flatMap(seenBy)) {
    for (let swap = writerOf.get(id); swap && !done.has(swap); ) {
      done.add(swap)
      swap = writerOf.get(idOf(swap.expected))
    }
  }
  return done
}

/**
 * By row. Who tried in vain to take the lead tries with the same row again: of several the one that was told so wrote it, and
 * where none was the last that had been asked for when somebody saw it.
 */
function writersOf(ops: readonly LeaseOp[]): Map<string, Swap> {
  const seenMs = new Map<string, number>()
  for (const op of ops)
    for (const id of seenBy(op))
      seenMs.set(id, Math.min(op.answeredMs, seenMs.get(id) ?? Number.POSITIVE_INFINITY))
  const writers = new Map<string, Swap>()
  for (const op of ops) {
    if (op.kind !== 'swap' || op.answer === false) continue
    const id = idOf(op.next)
    const known = writers.get(id)
    const isInTime = op.invokedMs <= (seenMs.get(id) ?? Number.POSITIVE_INFINITY)
    if (!known || (known.answer !== true && (op.answer === true || isInTime))) writers.set(id, op)
  }
  return writers
}

/** Rows that were there for sure, by an answer. */
function seenBy(op: LeaseOp): string[] {
  if (op.kind === 'read') return op.answer === 'unknown' ? [] : [idOf(op.answer.row)]
  return op.answer === true ? [idOf(op.expected), idOf(op.next)] : []
}

function wrongAnswer(op: LeaseOp, { places, writers }: Order): string[] {
  if (op.answer === 'unknown') return []
  if (op.kind === 'read') {
    const id = idOf(op.answer.row)
    return places.has(id) ? [] : [`${op.who} read ${id}, which was never there`]
  }
  if (op.answer)
    return places.has(idOf(op.next)) ? [] : [`${op.who} wrote ${idOf(op.next)}, which was lost`]
  // it was refused: so at some time in between the row was another
  const at = places.get(idOf(op.expected))
  const successor = at === undefined ? undefined : writers[at + 1]
  const isWrong = at !== undefined && !(successor && successor.invokedMs <= op.answeredMs)
  return isWrong ? [`${op.who} was refused while the row was ${idOf(op.expected)}`] : []
}

/** Nothing is seen that is older than what somebody had been told before he who sees it asked. */
function outOfOrder(ops: readonly LeaseOp[], { places, writers }: Order): string[] {
  const faults: string[] = []
  const placed = ops.flatMap((op) => {
    if (op.answer === 'unknown' || op.answer === false) return []
    const id = idOf(op.kind === 'read' ? op.answer.row : op.next)
    return [{ op, place: places.get(id)! }]
  })
  const answered = placed.toSorted((a, b) => a.op.answeredMs - b.op.answeredMs)
  let [done, newest] = [0, 0]
  for (const { op, place } of placed.toSorted((a, b) => a.op.invokedMs - b.op.invokedMs)) {
    for (; done < answered.length && answered[done]!.op.answeredMs < op.invokedMs; done++)
      newest = Math.max(newest, answered[done]!.place)
    if (place < newest)
      faults.push(
        `${op.who} saw ${idOf(writers[place]?.next)} after ${idOf(writers[newest]?.next)}`,
      )
    const writer = writers[place]
    if (op.kind === 'read' && writer && writer.invokedMs > op.answeredMs)
      faults.push(`${op.who} read ${idOf(writer.next)} before it was written`)
  }
  return faults
}

/** Who leads was told so: by his own swap. */
function claimFaults(claims: readonly Claim[], ops: readonly LeaseOp[]): string[] {
  const won = new Set<string>()
  for (const op of ops)
    if (op.kind === 'swap' && op.answer === true) won.add(`${op.who} ${op.next.token}`)
  return claims
    .filter(({ who, token }) => !won.has(`${who} ${token}`))
    .map(({ who, token }) => `${who} leads under ${token}, which it never won`)
}
