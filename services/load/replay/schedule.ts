/**
 * When each request of a replay is meant to be sent: a pure function of curve and seed, drawn second by second by the
 * generator's own arrivals, so that a second run meets its target with the very same requests.
 */
import { arrivalsInSlot, SLOT_MS } from '../arrivals.ts'
import type { Curve } from './curve.ts'

export interface Schedule {
  readonly curve: Curve
  readonly seed: number
  readonly durationMs: number
}

/** No stage is shorter; a replay has at most so many. */
const LEAST_STAGE_MS = 1000
const MOST_STAGES = 10
const SAMPLES_A_STAGE = 200
/** The rate holds for so long, as it is in the middle: asked for each arrival, a curve would hold up a fast replay. */
const RATE_MS = 10

export interface Stage {
  readonly fromMs: number
  readonly toMs: number
  /** Of the curve, requests/s. */
  readonly meanRps: number
  readonly mostRps: number
}

/** Send times, ms since the start, ascending, second by second; the last slot is cut at the end. */
export function* arrivalsBySecond({ curve, seed, durationMs }: Schedule): Generator<number[]> {
  const slots = Math.ceil(durationMs / SLOT_MS)
  for (let slot = 0; slot < slots; slot++) {
    const fromMs = slot * SLOT_MS
    const rates = Array.from({ length: SLOT_MS / RATE_MS }, (_, i) =>
      curve.rpsAt(fromMs + (i + 0.5) * RATE_MS),
    )
    yield arrivalsInSlot({
      seed,
      service: curve.name,
      stream: 'replay',
      slot,
      rateAtMs: (at) => (at < durationMs ? rates[Math.floor((at - fromMs) / RATE_MS)]! : 0),
      mostRps: curve.mostRps,
    })
  }
}

/** Equal parts of the replay, at most ten, with what the curve asks for in each. */
export function stagesOf({ curve, durationMs }: Schedule): Stage[] {
  const count = Math.max(1, Math.min(MOST_STAGES, Math.floor(durationMs / LEAST_STAGE_MS)))
  const lengthMs = durationMs / count
  return Array.from({ length: count }, (_, i) => {
    const fromMs = i * lengthMs
    const rates = Array.from({ length: SAMPLES_A_STAGE }, (_, k) =>
      curve.rpsAt(fromMs + ((k + 0.5) / SAMPLES_A_STAGE) * lengthMs),
    )
    const meanRps = rates.reduce((sum, rps) => sum + rps, 0) / rates.length
    return { fromMs, toMs: fromMs + lengthMs, meanRps, mostRps: Math.max(...rates) }
  })
}
