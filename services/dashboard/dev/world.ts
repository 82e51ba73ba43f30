/**
 * TEST-ONLY and synthetic: an imagined fleet that behaves plausibly, so that the page can be built and tested without
 * a controller. Nothing here is measured and nothing of it ships. Deterministic given its options and the spikes.
 */
import { LEVELS } from '../../../forecaster/forecast.ts'
import { createNoise, lossAt, shareOut, type Want } from './arithmetic.ts'

export interface WorldOptions {
  readonly names: readonly string[]
  readonly epochMs: number
  readonly dayMs: number
  readonly stepMs: number
  readonly tickMs: number
  readonly seed: number
  readonly budget: number
}

export const HORIZON_STEPS = 30
export const STARTUP_MS = 5000
export const CAPACITY = [25, 22, 26, 30]
const PEAK_RPS = [120, 80, 50, 60]
export const PRICE = [0.12, 0.1, 0.2, 0.08]
export const SLO_SECONDS = [0.5, 0.6, 0.4, 0.4]
export const OBJECTIVE = 0.99
export const MAX_REPLICAS = 12

export interface Measured {
  /** End of the step. */
  readonly t: number
  readonly load: number
  readonly p95: number
  readonly violations: number
  readonly ready: number
  readonly starting: number
}

export interface Decided {
  readonly from: number
  readonly to: number
  readonly wanted: number
  readonly reactiveNeed: number
  readonly loss: number
  readonly demand: readonly number[]
}

export interface TickOf {
  readonly tick: number
  readonly atMs: number
  readonly budget: number
  readonly spend: number
  readonly price: number
  readonly minimum: number
  readonly rows: readonly Decided[]
}

export interface SyntheticSpike {
  readonly id: string
  readonly service: string
  readonly factor: number
  readonly fromMs: number
  toMs: number
  readonly durationMs: number
}

export interface World {
  readonly options: WorldOptions
  readonly measured: readonly Measured[][]
  readonly ticks: readonly TickOf[]
  spikes: SyntheticSpike[]
  budget: number
  /** False in recommend mode or while paused: replicas stay as they are. */
  acts: boolean
  /** Lets time pass: steps are measured, ticks decided. */
  advance(toMs: number): TickOf[]
  quantiles(service: number, issuedAtMs: number): number[][]
}

/** A working day: quiet night, morning and evening peaks. */
function shape(fraction: number, lag: number): number {
  const hour = ((fraction * 24 - lag + 48) % 24) / 24
  const bump = (at: number, width: number) => Math.exp(-(((hour - at / 24) / width) ** 2))
  return 0.16 + 0.72 * bump(11, 0.12) + 0.62 * bump(19, 0.09)
}

const peakOf = (i: number): number => PEAK_RPS[i % 4]!
const capacityOf = (i: number): number => CAPACITY[i % 4]!

interface Fleet {
  ready: number
  requested: number
  startingUntil: number[]
}

/** The world with what it keeps to itself. */
interface Inner extends World {
  readonly measured: Measured[][]
  readonly ticks: TickOf[]
  readonly running: Fleet[]
  readonly noise: () => number
  stepEnd: number
  nextTickMs: number
}

export function createWorld(options: WorldOptions): World {
  const { names, epochMs, dayMs, stepMs, tickMs, seed, budget } = options
  const inner: Inner = {
    options,
    measured: names.map(() => []),
    running: names.map(() => ({ ready: 3, requested: 3, startingUntil: [] })),
    ticks: [],
    noise: createNoise(seed),
    stepEnd: epochMs - 2 * dayMs,
    nextTickMs: epochMs,
    spikes: [],
    budget,
    acts: true,
    advance(toMs) {
      const made: TickOf[] = []
      for (;;) {
        if (inner.stepEnd + stepMs <= Math.min(toMs, inner.nextTickMs)) measure(inner)
        else if (inner.nextTickMs <= toMs) {
          made.push(decide(inner, inner.nextTickMs))
          inner.nextTickMs += tickMs
        } else return made
      }
    },
    quantiles: (i, issuedAtMs) => quantilesOf(inner, i, issuedAtMs),
  }
  return inner
}

function meanAt({ options }: World, i: number, atMs: number): number {
  const fraction = ((atMs - options.epochMs) / options.dayMs) % 1
  return peakOf(i) * shape(fraction + 1, i * 0.7)
}

function factorAt({ spikes, options }: World, i: number, atMs: number): number {
  return spikes
    .filter((s) => s.service === options.names[i] && s.fromMs <= atMs && atMs < s.toMs)
    .reduce((factor, spike) => factor * spike.factor, 1)
}

function measure(world: Inner): void {
  const { options, running, measured } = world
  world.stepEnd += options.stepMs
  options.names.forEach((_, i) => {
    const fleet = running[i]!
    fleet.ready += fleet.startingUntil.filter((t) => t <= world.stepEnd).length
    fleet.startingUntil = fleet.startingUntil.filter((t) => t > world.stepEnd)
    measured[i]!.push(measureOne(world, i, fleet))
    if (measured[i]!.length > 4000) measured[i]!.splice(0, 1000)
  })
}

function measureOne(world: Inner, i: number, fleet: Fleet): Measured {
  const { options, stepEnd, noise } = world
  const expected = meanAt(world, i, stepEnd) * factorAt(world, i, stepEnd)
  const load = Math.max(0, expected + noise() * Math.sqrt((expected * 1000) / options.stepMs) * 1.3)
  // days before the epoch are the "recording": always enough replicas
  const enough = Math.ceil(load / (0.7 * capacityOf(i)))
  const ready = stepEnd <= options.epochMs ? enough : fleet.ready
  const use = load / (ready * capacityOf(i))
  const slower = (0.34 + 0.4 * use ** 4 + 6 * Math.max(0, use - 1)) * (1 + 0.06 * Math.abs(noise()))
  const p95 = Math.min(4, SLO_SECONDS[i % 4]! * slower)
  const violations = Math.min(1, Math.max(0, use - 1.02) * 1.6 + 0.002 * use ** 6)
  return { t: stepEnd, load, p95, violations, ready, starting: fleet.startingUntil.length }
}

function wantOf(world: Inner, i: number): Want {
  const { options, stepEnd, measured, running } = world
  const capacity = capacityOf(i)
  const steps = Math.ceil((STARTUP_MS + 2 * options.tickMs) / options.stepMs)
  const demand = quantilesOf(world, i, stepEnd).map((row) => Math.max(...row.slice(0, steps)))
  const needs = (rps: number) => Math.min(MAX_REPLICAS, Math.max(1, Math.ceil(rps / capacity)))
  const reactiveNeed = needs(measured[i]!.at(-1)!.load / 0.8)
  const { requested } = running[i]!
  return {
    demand,
    reactiveNeed,
    wanted: Math.max(reactiveNeed, needs(demand.at(-1)!)),
    from: requested,
    lowest: Math.max(1, requested - 1),
    capacity,
    cost: PRICE[i % 4]!,
  }
}

function decide(world: Inner, atMs: number): TickOf {
  const { options, ticks, budget } = world
  const asked = options.names.map((_, i) => wantOf(world, i))
  const shared = shareOut(asked, budget)
  const rows = asked.map(({ demand, reactiveNeed, wanted, from, capacity }, i) => {
    const to = shared.to[i]!
    if (world.acts) scale(world.running[i]!, to, atMs + STARTUP_MS)
    return { from, to, wanted, reactiveNeed, demand, loss: lossAt(demand, to * capacity) }
  })
  const cost = (count: (i: number) => number) =>
    rows.reduce((sum, _, i) => sum + count(i) * PRICE[i % 4]!, 0)
  const tick = {
    tick: (ticks.at(-1)?.tick ?? 0) + 1,
    atMs,
    budget,
    spend: cost((i) => rows[i]!.to),
    price: shared.price,
    minimum: cost(() => 1),
    rows,
  }
  ticks.push(tick)
  if (ticks.length > 1500) ticks.splice(0, 500)
  return tick
}

function scale(fleet: Fleet, to: number, readyAtMs: number): void {
  for (let k = fleet.requested; k < to; k++) fleet.startingUntil.push(readyAtMs)
  if (to < fleet.requested) {
    fleet.startingUntil = []
    fleet.ready = to
  }
  fleet.requested = to
}

function quantilesOf(world: Inner, i: number, issuedAtMs: number): number[][] {
  const { options, measured } = world
  const now = measured[i]!.find((m) => m.t >= issuedAtMs) ?? measured[i]!.at(-1)!
  const surprise = now.load / meanAt(world, i, now.t)
  const points = Array.from({ length: HORIZON_STEPS }, (_, k) => {
    const weight = (surprise > 1.6 ? 0.9 : 0.3) * 0.95 ** k
    return meanAt(world, i, issuedAtMs + (k + 1) * options.stepMs) * (1 + weight * (surprise - 1))
  })
  const spread = (p: number, k: number) =>
    Math.sqrt((p * 1000) / options.stepMs) * (1.25 + 0.02 * k)
  return LEVELS.map((level) => points.map((p, k) => Math.max(0, p + probit(level) * spread(p, k))))
}

/** Normal quantile by the logistic approximation: good enough for a picture. */
function probit(level: number): number {
  return Math.log(level / (1 - level)) / 1.7
}
