/**
 * What can be chosen for one service: the analytic policy at some setting of its sweep, or the learned one with a tuning
 * (agents/policies/learned/tuning.ts) at some objective. Numbers from 0 to 1 stand for tunings where one is searched.
 */
import type { LearnedActor } from '../../../agents/policies/learned/act.ts'
import type { Tuning } from '../../../agents/policies/learned/tuning.ts'
import type { PolicyKind } from '../../../agents/service-spec.ts'
import { sweepParams } from '../../controllers/forescale/params.ts'

export interface Candidate {
  readonly policy: PolicyKind
  /** What floor and capacity are meant for; the sweep of the analytic policy moves it too. */
  readonly objective: number
  readonly targetUtilization: number
  /** Of the floor's way down; none where absent. */
  readonly stabilizationSeconds?: number | undefined
  readonly tuning?: Tuning | undefined
}

/** Further objectives between those of the sweep, so that no frontier looks worse for being drawn with few points. */
const DENSER = 2

/** The analytic policy's own frontier, whole: every setting that `forescale` is swept over, and objectives between them. */
export function analyticCandidates(): Candidate[] {
  const swept = sweepParams().flatMap(({ policy, objective, targetUtilization }) =>
    objective === undefined ? [] : [{ policy, objective, targetUtilization }],
  )
  const between = swept.flatMap((one, k) => {
    const next = swept[k + 1]
    if (next?.policy !== 'predictive' || next.objective >= one.objective) return []
    return Array.from({ length: DENSER - 1 }, (_, d) => {
      const share =
        (1 - one.objective) ** (1 - (d + 1) / DENSER) * (1 - next.objective) ** ((d + 1) / DENSER)
      return { ...one, objective: 1 - Number(share.toPrecision(3)) }
    })
  })
  return [...swept, ...between]
}

/** What a service is, for whom a tuning is searched. */
export interface Measure {
  /** The load of its busy hours in the history, requests/s. */
  readonly busyRps: number
  /** What its owner declared and no search may change; absent: they are searched too. */
  readonly declared?: Omit<Candidate, 'policy' | 'tuning'> | undefined
}

interface Gene {
  /** From 0 to 1 to what is meant. */
  readonly mean: (share: number, measure: Measure) => number
  /** Where the analytic policy stands. */
  readonly neutral: number
}

const between = (low: number, high: number) => (share: number) => low + (high - low) * share
const octaves = (low: number, high: number) => (share: number) => low * (high / low) ** share
/** Nothing in the first quarter, so that nothing can be chosen. */
const above = (share: number, low: number, high: number) =>
  share < 0.25 ? 0 : between(low, high)((share - 0.25) / 0.75)
const HOLD_MOST = 200

/** Nines of the least and the most of the analytic sweep. */
const NINES = { low: 0.456, high: 4 } as const
const TOLERATED = { low: 0.15, high: 5 } as const

/** Ranges are wide enough for anything sensible; nothing in them is of a trace. */
const GENES = {
  /** Below a half a share is tolerated at every tick, above it a violation has a worth. */
  rule: { mean: (share) => (share < 0.5 ? 0 : 1), neutral: 0.25 },
  /** Nines of the share that is tolerated; decades of the worth. */
  strictness: { mean: between(0, 1), neutral: 0.5 },
  /** Nines of the objective. */
  nines: { mean: between(NINES.low, NINES.high), neutral: 0.5 },
  stretch: { mean: octaves(0.6, 1 / 0.6), neutral: 0.5 },
  spread: { mean: between(0, 2), neutral: 0.5 },
  /** Below a quarter: none. */
  recent: { mean: (share) => above(share, 0.5, 1.5), neutral: 0.125 },
  /** Below a quarter: none. */
  standing: { mean: (share, { busyRps }) => above(share, 0, 1.5) * busyRps, neutral: 0.125 },
  hold: { mean: (share) => HOLD_MOST ** share - 1, neutral: Math.log(2) / Math.log(HOLD_MOST) },
} as const satisfies Record<string, Gene>

export const GENE_NAMES = Object.keys(GENES) as readonly (keyof typeof GENES)[]

/** As the analytic policy stands at `objective`. */
export function genesOf({ objective }: Pick<Candidate, 'objective'>): number[] {
  const nines = -Math.log10(1 - objective)
  const place = ({ low, high }: { low: number; high: number }) =>
    Math.min(Math.max((nines - low) / (high - low), 0), 1)
  const own = { strictness: place(TOLERATED), nines: place(NINES) }
  return GENE_NAMES.map((name) => ({ ...own })[name as keyof typeof own] ?? GENES[name].neutral)
}

/** `genes`: numbers from 0 to 1 in the order of GENE_NAMES. */
export function candidateOf(genes: readonly number[], measure: Measure): Candidate {
  const meant = (name: keyof typeof GENES) => {
    const { mean }: Gene = GENES[name]
    return Number(mean(genes[GENE_NAMES.indexOf(name)]!, measure).toPrecision(4))
  }
  const strictness = genes[GENE_NAMES.indexOf('strictness')]!
  return {
    policy: 'learned',
    ...(measure.declared ?? {
      objective: 1 - Number((10 ** -meant('nines')).toPrecision(3)),
      targetUtilization: 1,
    }),
    tuning: {
      weighing:
        meant('rule') === 0
          ? {
              kind: 'tolerated',
              share: Number(
                (10 ** -between(TOLERATED.low, TOLERATED.high)(strictness)).toPrecision(3),
              ),
            }
          : { kind: 'worth', requests: Number((10 ** (6 * strictness)).toPrecision(3)) },
      stretch: meant('stretch'),
      spread: meant('spread'),
      recent: meant('recent'),
      standingRps: meant('standing'),
      holdLeads: meant('hold'),
    },
  }
}

/** An actor that has tunings and nothing else. */
export function tunedActor(tuningOf: (service: string) => Tuning | undefined): LearnedActor {
  return { version: 'history', features: [], stretch: () => 1, tuningOf }
}
