/**
 * What goes wrong, and when: a list drawn from the seed before the run begins, so that a run without some of them is the
 * same run otherwise. Each fault begins, lasts and ends by itself; one that `lasts` to the end is permanent.
 */
import type { Mode } from '../../agents/service-spec.ts'
import { type Chance, chanceOf } from './chance.ts'
import { begin } from './inject.ts'
import type { Knobs } from './knobs.ts'
import { LIES, type Lie } from './load.ts'
import { START_MS, type World } from './world.ts'

export const SERVERS = ['ledger', 'store', 'platform'] as const
export type ServerName = (typeof SERVERS)[number]

export type Fault = {
  /** After the start of the run, ms. */
  readonly atMs: number
  readonly forMs: number
} & (
  | { readonly kind: 'crash'; readonly controller: number }
  | { readonly kind: 'power-cut' }
  | { readonly kind: 'freeze'; readonly controller: number }
  | { readonly kind: 'clock-jump'; readonly controller: number; readonly byMs: number }
  | { readonly kind: 'moved'; readonly controller: number; readonly byMs: number }
  | { readonly kind: 'clock-drift'; readonly controller: number; readonly rate: number }
  | { readonly kind: 'server-down'; readonly server: ServerName }
  | { readonly kind: 'server-slow'; readonly server: ServerName; readonly times: number }
  | {
      readonly kind: 'server-fails'
      readonly server: ServerName
      readonly before: number
      readonly after: number
    }
  | {
      readonly kind: 'partition'
      readonly controller: number
      readonly server: ServerName
      readonly way: 'both' | 'requests' | 'answers'
    }
  | {
      readonly kind: 'bad-link'
      readonly controller: number
      readonly server: ServerName
      readonly loss: number
    }
  | { readonly kind: 'late-requests'; readonly controller: number; readonly server: ServerName }
  | { readonly kind: 'swizzle'; readonly controller: number; readonly order: readonly ServerName[] }
  | { readonly kind: 'lie'; readonly service: string; readonly lie: Lie }
  | {
      readonly kind: 'rival'
      readonly service: string
      readonly to: number
      readonly times: number
    }
  | { readonly kind: 'refused'; readonly service: string }
  | { readonly kind: 'never-ready'; readonly service: string }
  | { readonly kind: 'quota'; readonly service: string; readonly pods: number }
  | { readonly kind: 'recreated'; readonly service: string; readonly replicas: number }
  | { readonly kind: 'wrong-forecasts'; readonly how: 'zero' | 'enormous' | 'inverted' | 'late' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'budget'; readonly times: number }
  | { readonly kind: 'mode'; readonly service: string; readonly mode: Mode }
  | { readonly kind: 'reload' }
)
export type FaultKind = Fault['kind']

const MINUTE_MS = 60_000

const LONGEST_MS = 120 * MINUTE_MS

/** Mean number of faults an hour. */
const RATES = [0.2, 0.5, 1, 3]

export interface FaultChoice {
  /** Only faults of these kinds. */
  readonly kinds?: readonly FaultKind[] | undefined
  /** Mean number an hour; else the seed chooses. */
  readonly faultsAnHour?: number | undefined
}

export function drawFaults(knobs: Knobs, choice: FaultChoice = {}): Fault[] {
  const chance = chanceOf(knobs.seed, 'faults')
  const drawn = chance.pick(RATES)
  const anHour = choice.faultsAnHour ?? drawn
  const faults: Fault[] = []
  // some seeds know few kinds of faults: a rare pair meets more often among few
  const all = choice.kinds ?? KINDS
  const kinds = chance.maybe(0.5) ? all : Array.from({ length: 4 }, () => chance.pick(all))
  let atMs = 0
  for (;;) {
    atMs += (-Math.log(1 - chance.unit()) / anHour) * 60 * MINUTE_MS
    if (atMs >= knobs.lengthMs) return faults
    const kind = chance.pick(kinds)
    const isAimed = AIMED.has(kind) && chance.maybe(0.7)
    faults.push(
      drawFault(kind, Math.round(isAimed ? withinTick(atMs, knobs, chance) : atMs), knobs, chance),
    )
  }
}

/** Some faults hit where it hurts: while a tick is at work, which is a thousandth of the time. */
const AIMED: ReadonlySet<FaultKind> = new Set([
  'crash',
  'power-cut',
  'freeze',
  'partition',
  'rival',
])
const TICK_OFFSET_MS = 500
const CALLS_A_TICK = 20

function withinTick(atMs: number, { config, wayMs, ledgerWorkMs }: Knobs, chance: Chance): number {
  const workMs = CALLS_A_TICK * 2 * wayMs + 3 * ledgerWorkMs
  return Math.floor(atMs / config.tickMs) * config.tickMs + TICK_OFFSET_MS + chance.unit() * workMs
}

export const KINDS: readonly FaultKind[] = [
  'crash',
  'crash',
  'crash',
  'power-cut',
  'freeze',
  'clock-jump',
  'clock-drift',
  'moved',
  'server-down',
  'server-slow',
  'server-fails',
  'server-fails',
  'partition',
  'partition',
  'bad-link',
  'late-requests',
  'swizzle',
  'lie',
  'lie',
  'rival',
  'refused',
  'never-ready',
  'quota',
  'recreated',
  'wrong-forecasts',
  'pause',
  'budget',
  'mode',
  'reload',
]

function drawFault(kind: FaultKind, atMs: number, knobs: Knobs, chance: Chance): Fault {
  const { tickMs } = knobs.config
  const ticks = chance.pick([0.02, 0.3, 1, 3, 10, 70]) * chance.between(0.5, 1.5)
  const forMs = Math.round(Math.min(ticks * tickMs, LONGEST_MS))
  const when = { atMs, forMs }
  const controller = chance.whole(0, knobs.controllers - 1)
  const server = chance.pick(SERVERS)
  const service = chance.pick(knobs.services)
  const { maxReplicas } = knobs.config.services[service]!
  switch (kind) {
    case 'crash':
    case 'freeze':
      return { kind, ...when, controller }
    case 'power-cut':
    case 'pause':
    case 'reload':
      return { kind, ...when }
    case 'clock-jump':
    case 'moved': {
      const byMs = chance.pick([-1, 1]) * chance.pick([0.1, 1, 5, 60]) * MINUTE_MS
      return { kind, ...when, controller, byMs: Math.round(byMs * chance.unit()) }
    }
    case 'clock-drift':
      return { kind, ...when, controller, rate: 1 + chance.between(-0.05, 0.05) }
    case 'server-down':
      return { kind, ...when, server }
    case 'server-slow':
      return { kind, ...when, server, times: chance.pick([10, 100, 1000]) }
    case 'server-fails':
      return {
        kind,
        ...when,
        server,
        before: chance.pick([0, 0.2, 1]),
        after: chance.pick([0, 0.3]),
      }
    case 'partition':
      return {
        kind,
        ...when,
        controller,
        server,
        way: chance.pick(['both', 'requests', 'answers']),
      }
    case 'bad-link':
      return { kind, ...when, controller, server, loss: chance.pick([0.05, 0.3, 0.7]) }
    case 'late-requests':
      return { kind, ...when, controller, server }
    case 'swizzle': {
      const order = SERVERS.toSorted(() => chance.unit() - 0.5)
      return { kind, ...when, controller, order }
    }
    case 'lie':
      return { kind, ...when, service, lie: chance.pick(LIES) }
    case 'rival':
      return {
        kind,
        ...when,
        service,
        to: chance.whole(0, maxReplicas),
        times: chance.pick([1, 1, 5]),
      }
    case 'refused':
    case 'never-ready':
      return { kind, ...when, service }
    case 'quota':
      return { kind, ...when, service, pods: chance.whole(0, maxReplicas) }
    case 'recreated':
      return { kind, ...when, service, replicas: chance.whole(1, maxReplicas) }
    case 'wrong-forecasts':
      return { kind, ...when, how: chance.pick(['zero', 'enormous', 'inverted', 'late']) }
    case 'budget':
      return { kind, ...when, times: chance.pick([0.2, 0.5, 2]) }
    case 'mode':
      return { kind, ...when, service, mode: chance.pick(['off', 'recommend']) }
  }
}

/** Has every fault begin and end in its time. The answer ends what has not ended yet, `permanent` ones aside. */
export function schedule(
  world: World,
  faults: readonly Fault[],
  permanent: ReadonlySet<Fault>,
): () => void {
  const open = new Map<Fault, () => void>()
  watchTicks(world, () => [...open.keys()].some(({ kind }) => BLOCKING.has(kind)))
  for (const fault of faults) {
    const startMs = START_MS + fault.atMs
    world.scheduler.at(startMs, () => {
      world.note(`fault ${fault.kind}`)
      open.set(fault, begin(world, fault))
      if (permanent.has(fault)) return
      world.scheduler.at(startMs + fault.forMs, () => {
        open.get(fault)?.()
        open.delete(fault)
      })
    })
  }
  return () => {
    for (const [fault, end] of open) if (!permanent.has(fault)) end()
    open.clear()
  }
}

/** With these a controller may be unable to write a tick; all others it has to live with. */
const BLOCKING: ReadonlySet<FaultKind> = new Set([
  ...(['crash', 'power-cut', 'freeze', 'server-down', 'server-slow', 'server-fails'] as const),
  ...(['partition', 'moved', 'bad-link', 'late-requests', 'swizzle'] as const),
])
/** So many ticks after the last such fault there are ticks again. */
const QUIET_TICKS = 8

/** Ticks go on where nothing keeps them from it. */
function watchTicks({ scheduler, checker, knobs }: World, isBlocked: () => boolean): void {
  const { tickMs } = knobs.config
  const limitMs = QUIET_TICKS * tickMs
  let blockedMs = scheduler.nowMs()
  const look = (): void => {
    const now = scheduler.nowMs()
    if (isBlocked()) blockedMs = now
    const silentMs = now - Math.max(blockedMs, checker.told.lastTickMs)
    if (silentMs > limitMs)
      checker.broken('recovery', `no tick for ${silentMs} ms with nothing in the way`)
    scheduler.at(now + tickMs, look)
  }
  scheduler.at(blockedMs, look)
}
