/**
 * Open loop: sends each request when the workload says so, whether or not earlier ones were answered. The arrivals of
 * a slot are drawn when it begins, so a spike takes effect within one slot (a second).
 */
import { arrivalsInSlot, SLOT_MS } from './arrivals.ts'
import type { Spikes } from './spikes.ts'

/** A generator that was held up longer than this drops what it missed rather than sending it all at once. */
const MOST_LAG_SLOTS = 5

export interface GeneratedService {
  readonly name: string
  readonly peakRps: number
}

export interface GeneratorOptions {
  readonly services: readonly GeneratedService[]
  readonly seed: number
  readonly epochMs: number
  readonly dayMs: number
  /** Share of the peak at a time of day; at most `mostShare`. */
  readonly share: (service: string, dayFraction: number, dayIndex: number) => number
  readonly mostShare: number
  readonly spikes: Spikes
  readonly send: (service: string, intendedMs: number) => void
  readonly nowMs: () => number
}

export interface Generator {
  /** Requests/s that the service is offered at `atMs`, spikes included. */
  rateAt(service: GeneratedService, atMs: number): number
  /** Slots that were dropped because the process was held up. */
  droppedSlots(): number
  stop(): void
}

interface Arrival {
  readonly service: string
  readonly atMs: number
}

export function startGenerator(options: GeneratorOptions): Generator {
  const { services, seed, epochMs, dayMs, share, mostShare, spikes, send, nowMs } = options
  let queue: Arrival[] = []
  let head = 0
  let nextSlot = slotAt(nowMs())
  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  function slotAt(atMs: number): number {
    return Math.floor((atMs - epochMs) / SLOT_MS)
  }

  function baseRps({ name, peakRps }: GeneratedService, sinceEpochMs: number): number {
    const day = Math.floor(sinceEpochMs / dayMs)
    return peakRps * share(name, sinceEpochMs / dayMs - day, day)
  }

  function arrivalsOf(service: GeneratedService, slot: number): number[] {
    const { name, peakRps } = service
    const factorAt = (sinceEpochMs: number) => spikes.factorAt(name, epochMs + sinceEpochMs)
    const common = { seed, service: name, slot }
    const mostRps = peakRps * mostShare
    const base = arrivalsInSlot({
      ...common,
      stream: 'base',
      mostRps,
      rateAtMs: (at) => baseRps(service, at) * Math.min(1, factorAt(at)),
    })
    const fromMs = epochMs + slot * SLOT_MS
    const mostFactor = spikes.mostFactor(name, fromMs, fromMs + SLOT_MS)
    const extra = arrivalsInSlot({
      ...common,
      stream: 'spikes',
      mostRps: mostRps * (mostFactor - 1),
      rateAtMs: (at) => baseRps(service, at) * Math.max(0, factorAt(at) - 1),
    })
    return [...base, ...extra]
  }

  function drawSlot(slot: number): void {
    const drawn = services.flatMap((service) =>
      arrivalsOf(service, slot).map((at) => ({ service: service.name, atMs: epochMs + at })),
    )
    queue = [...queue.slice(head), ...drawn].sort((a, b) => a.atMs - b.atMs)
    head = 0
  }

  function run(): void {
    const now = nowMs()
    const slot = slotAt(now)
    if (slot - nextSlot > MOST_LAG_SLOTS) {
      dropped += slot - nextSlot
      nextSlot = slot
    }
    while (nextSlot <= slot) drawSlot(nextSlot++)
    for (; head < queue.length && queue[head]!.atMs <= now; head++) {
      const { service, atMs } = queue[head]!
      send(service, atMs)
    }
    const nextSlotMs = epochMs + nextSlot * SLOT_MS
    const nextMs = Math.min(nextSlotMs, queue[head]?.atMs ?? nextSlotMs)
    timer = setTimeout(run, Math.max(0, nextMs - nowMs()))
  }

  // begin inside a slot without the part of it that is over
  drawSlot(nextSlot++)
  while (queue[head] && queue[head]!.atMs < nowMs()) head++
  run()
  return {
    rateAt: (service, atMs) =>
      baseRps(service, atMs - epochMs) * spikes.factorAt(service.name, atMs),
    droppedSlots: () => dropped,
    stop: () => clearTimeout(timer),
  }
}
