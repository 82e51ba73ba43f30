/**
 * What became of the requests of one run, real or simulated, and how far the two are apart. Requests are gathered in
 * blocks of time by when they arrived; the same blocks of both are drawn again together (paired block bootstrap).
 */
import { bootstrapInterval, type Interval } from '../bootstrap.ts'

const LEAST_SECONDS = 0.001
const LOG_GROWTH = Math.log(1.01)
/** To more than a minute; a quantile is off by half a per cent at most. */
const BUCKETS = 1150

export interface Request {
  readonly arrivedAtMs: number
  readonly seconds: number
  readonly isGood: boolean
}

export interface Block {
  requests: number
  failures: number
  /** Failures, and good answers later than the SLO. */
  violations: number
  /** Latencies of good answers. */
  readonly latencies: Uint32Array
}

export interface BlockOptions {
  readonly durationMs: number
  readonly blockMs: number
  readonly sloSeconds: number
}

/** Blocks of [i·blockMs, (i + 1)·blockMs); what arrived outside of the duration is left out. */
export function blocksOf(requests: Iterable<Request>, options: BlockOptions): Block[] {
  const { durationMs, blockMs, sloSeconds } = options
  const blocks = Array.from({ length: Math.ceil(durationMs / blockMs) }, blank)
  for (const { arrivedAtMs, seconds, isGood } of requests) {
    const block = blocks[Math.floor(arrivedAtMs / blockMs)]
    if (!block) continue
    block.requests++
    if (!isGood) block.failures++
    if (!isGood || seconds > sloSeconds) block.violations++
    if (isGood) block.latencies[bucketOf(seconds)]!++
  }
  return blocks
}

export function merge(blocks: Iterable<Block>): Block {
  const whole = blank()
  for (const block of blocks) {
    whole.requests += block.requests
    whole.failures += block.failures
    whole.violations += block.violations
    for (let i = 0; i < BUCKETS; i++) whole.latencies[i]! += block.latencies[i]!
  }
  return whole
}

export interface Figures {
  /** Seconds, of good answers; NaN without any. */
  readonly p50: number
  readonly p95: number
  /** Violations ÷ requests; 0 without any. */
  readonly violations: number
}
type Figure = keyof Figures

const FIGURES: Readonly<Record<Figure, (block: Block) => number>> = {
  p50: ({ latencies }) => quantileOf(latencies, 0.5),
  p95: ({ latencies }) => quantileOf(latencies, 0.95),
  violations: ({ violations, requests }) => (requests > 0 ? violations / requests : 0),
}

export interface Compared {
  readonly real: number
  /** Over all simulated runs together. */
  readonly simulated: number
  /** Where 95 % of the single simulated runs lie: what chance alone makes of one run. */
  readonly runs: Interval
  /** Latencies: simulated ÷ real − 1; violations: simulated − real. With its 95 % interval. */
  readonly difference: number
  readonly interval: Interval
}

export type Comparison = Readonly<Record<Figure, Compared>>

/** `simulated[r]` is run r in the blocks of the real one. */
export function compareRuns(
  real: readonly Block[],
  simulated: readonly (readonly Block[])[],
  random: () => number,
): Comparison {
  const pairs = real.map((block, i) => ({
    real: block,
    simulated: merge(simulated.map((run) => run[i]!)),
  }))
  const compare = (name: Figure): Compared => {
    const figure = FIGURES[name]
    const apart = (drawn: typeof pairs): number => {
      const ours = figure(merge(drawn.map((pair) => pair.real)))
      const theirs = figure(merge(drawn.map((pair) => pair.simulated)))
      return name === 'violations' ? theirs - ours : theirs / ours - 1
    }
    const single = simulated.map((run) => figure(merge(run))).sort((a, b) => a - b)
    return {
      real: figure(merge(real)),
      simulated: figure(merge(pairs.map((pair) => pair.simulated))),
      runs: { low: atShare(single, 0.025), high: atShare(single, 0.975) },
      difference: apart(pairs),
      interval: bootstrapInterval(pairs, (drawn) => apart([...drawn]), random, { draws: 500 }),
    }
  }
  return { p50: compare('p50'), p95: compare('p95'), violations: compare('violations') }
}

const atShare = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN

function blank(): Block {
  return { requests: 0, failures: 0, violations: 0, latencies: new Uint32Array(BUCKETS) }
}

function bucketOf(seconds: number): number {
  const bucket = Math.floor(Math.log(seconds / LEAST_SECONDS) / LOG_GROWTH)
  return Math.min(BUCKETS - 1, Math.max(0, bucket))
}

function quantileOf(counts: Uint32Array, level: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const rank = level * total
  let seen = 0
  for (let i = 0; i < BUCKETS; i++) {
    seen += counts[i]!
    if (total > 0 && seen >= rank && counts[i]! > 0)
      return LEAST_SECONDS * Math.exp((i + 0.5) * LOG_GROWTH)
  }
  return Number.NaN
}
