/** What one interval of a flow adds up to, and the parts of it whose answers follow different laws. */
import type { UnitLaw, Wait } from './response-law.ts'

/** Substeps times tries; more of them in one interval are told as one, the last. */
const MOST_PARTS = 256
export const PART_FIGURES = 9

/** Since the interval began. `served` and latencies are of those whose client still waited for the answer. */
export interface Sums {
  arrivals: number
  violations: number
  failures: number
  served: number
  latencySeconds: number
  busySeconds: number
  readySeconds: number
  /**
   * Parts of the interval with the law of their answers: answered, certain wait, probability of a wait, its mean, service
   * time, share of tries that took too long for their clients, spread of the certain wait,
   * time since the first try, by what the certain wait rose.
   */
  parts: number
  readonly partFigures: Float64Array
  readonly partLaws: UnitLaw[]
  /** Of the newest part where a table knew it, otherwise NaN. */
  p95Seconds: number
}

export function createSums(): Sums {
  return {
    arrivals: 0,
    violations: 0,
    failures: 0,
    served: 0,
    latencySeconds: 0,
    busySeconds: 0,
    readySeconds: 0,
    parts: 0,
    partFigures: new Float64Array(PART_FIGURES * MOST_PARTS),
    partLaws: [],
    p95Seconds: Number.NaN,
  }
}

export function clearSums(sums: Sums): void {
  sums.arrivals = 0
  sums.violations = 0
  sums.failures = 0
  sums.served = 0
  sums.latencySeconds = 0
  sums.busySeconds = 0
  sums.readySeconds = 0
  sums.parts = 0
  sums.p95Seconds = Number.NaN
}

/** Of one part: its law, and how many of its tries were answered. */
export interface Part {
  readonly law: UnitLaw
  readonly serviceSeconds: number
  readonly wait: Readonly<Wait>
  /** Share of its tries that outlasted their clients. */
  readonly late: number
  /** Mean of those that did not. */
  readonly latencySeconds: number
}

/** `beforeSeconds`: how long before this try the first one was. */
export function notePart(sums: Sums, part: Part, answered: number, beforeSeconds: number): void {
  const { wait } = part
  sums.served += answered
  sums.latencySeconds += answered * (part.latencySeconds + beforeSeconds)
  const figures = sums.partFigures
  const index = sums.parts < MOST_PARTS ? sums.parts : MOST_PARTS - 1
  const at = index * PART_FIGURES
  figures[at] = answered
  figures[at + 1] = wait.certainSeconds
  figures[at + 2] = wait.waitProbability
  figures[at + 3] = wait.waitSeconds
  figures[at + 4] = part.serviceSeconds
  figures[at + 5] = part.late
  figures[at + 6] = wait.spreadSeconds
  figures[at + 7] = beforeSeconds
  figures[at + 8] = wait.riseSeconds
  sums.partLaws[index] = part.law
  sums.parts = index + 1
}
