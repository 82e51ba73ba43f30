/**
 * Learns from what a rollout's shadow stage left in the ledger: its units say which arm chance drew and what was lost, the
 * frames of the ticks at which their blocks began what was seen. Serving goes on meanwhile; what comes out is a policy in the
 * registry that acts for nobody until it is rolled out, and then has to prove itself on units of its own.
 */
import { storeFloats } from '../../agents/learning/numbers.ts'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { writeLearnedFeatures } from '../../agents/policies/learned/features.ts'
import { decodeFrame } from '../../coordinator/frame.ts'
import { exploringArms } from '../../coordinator/rollout/exploring.ts'
import type { Unit } from '../../coordinator/rollout/findings.ts'
import { type LearnedTable, learnTable, type Transition } from '../../coordinator/rollout/learn.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { Conflict } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { specsOfTick } from '../loops/recovery.ts'
import { actorsOf, createActorBook } from './actors.ts'
import type { Rollout } from './rollout.ts'

/** Where the load is going, and how unsure that is. */
const FEATURES = ['trend', 'doubt'] as const
/** Fewer cannot tell an arm from another in any cell. */
const LEAST_TRANSITIONS = 40

/** Of the units whose block's first tick is still kept, in the order of their blocks. */
export async function transitionsOf(ledger: Ledger, rollout: Rollout): Promise<Transition[]> {
  const units = await ledger.units(rollout.number, 'shadow')
  const book = createActorBook(ledger)
  const inputs = new Map<number, TickInput | undefined>()
  const firstTick = shadowFromTick(rollout) + 1
  const transitions: Transition[] = []
  for (const unit of units) {
    const tick = firstTick + unit.block * rollout.blockTicks
    if (!inputs.has(tick)) inputs.set(tick, await inputOf(tick))
    transitions.push(...transitionOf(unit, inputs.get(tick)))
  }
  return transitions

  async function inputOf(tick: number): Promise<TickInput | undefined> {
    const record = await ledger.tick(tick)
    const specs = record && (await specsOfTick(ledger, record))
    return specs && decodeFrame(record.inputs, specs, await actorsOf(book, specs))
  }
}

function shadowFromTick({ changes }: Rollout): number {
  return changes.find(({ stage }) => stage === 'shadow')?.tick ?? Number.NaN
}

/** Nothing where the tick is no longer kept, or nothing was foreseen in it. */
function transitionOf(unit: Unit, input: TickInput | undefined): Transition[] {
  const row = input?.services.find(({ observation }) => observation.service === unit.service)
  const demand = row?.observation.demand
  if (!row || !demand || Number.isNaN(row.observation.loadRps)) return []
  const features = new Float32Array(FEATURES.length)
  writeLearnedFeatures(FEATURES, row.spec, { ...row.observation, demand }, features)
  const { arm, probabilities, loss, predicted } = unit
  return [
    {
      ...{ features: [...features], arm, probabilities, loss },
      predicted: predicted.map((losses) => losses.loss),
    },
  ]
}

export interface Learned {
  readonly transitions: number
  readonly document: PolicyDocument | undefined
  /** What came of it, in words. */
  readonly why: string
}

/** Throws Conflict when the rollout explored around what a table cannot be learned around. */
export async function learnPolicy(ledger: Ledger, rollout: Rollout): Promise<Learned> {
  const { number, settings, before } = rollout
  if (Object.values(before).some(({ policy }) => policy === 'learned'))
    throw new Conflict(
      `rollout ${number} explored around a learned policy; a table is learned around the predictive one`,
    )
  const known = await transitionsOf(ledger, rollout)
  const transitions = known.length
  const nothing = (why: string): Learned => ({ transitions, document: undefined, why })
  if (transitions < LEAST_TRANSITIONS)
    return nothing(`too little to learn from: at least ${LEAST_TRANSITIONS} units are needed`)
  const { points, champion } = exploringArms(settings.explorationShare, settings.explorationReach)
  const table = learnTable(known, champion.indexOf(1), settings.alpha)
  if (table.changed === 0) return nothing('nothing was surely better than what acted')
  const document = documentOf(rollout, points, table, transitions)
  return { transitions, document, why: `another stretch pays in ${table.changed} cells` }
}

function documentOf(
  { number, services }: Rollout,
  points: readonly number[],
  { edges, values }: LearnedTable,
  steps: number,
): PolicyDocument {
  return PolicyDocument.parse({
    ...{ formatVersion: 1, name: `rollout-${number}`, learner: 'doubly-robust-table' },
    features: FEATURES,
    actions: { kind: 'discrete', stretches: points.map((point) => Math.exp(point)) },
    rule: { kind: 'table', edges, actions: points.length, values: storeFloats(values) },
    provenance: {
      command: `forescale policies learn ${number}`,
      ...{ revision: 'none', configHash: 'none', seed: 0, steps, loads: services },
    },
  })
}
