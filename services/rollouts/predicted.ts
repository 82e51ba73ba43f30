/**
 * What a policy that never acted would lose beside what acts now, by the doubly robust estimate over the units that earlier
 * shadow stages left in the ledger: chance drew the arms then, and the frames of their blocks' first ticks say what the
 * policy would have seen. Only units under what acts now for their service speak of it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { decodeFrame } from '../../coordinator/frame.ts'
import { type Findings, findingsOf, type Unit } from '../../coordinator/rollout/findings.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { specsOfTick } from '../loops/recovery.ts'
import { type ActorBook, actorsOf, createActorBook } from './actors.ts'
import { armsOf } from './arms.ts'
import type { Rollout, RolloutSettings, Strategy } from './rollout.ts'
import { sameStrategy } from './rollout.ts'

/** Newest rollouts whose shadow stages are looked through, and ticks of theirs that are read again. */
const MOST_ROLLOUTS = 20
const MOST_TICKS = 400

export interface PredictedInput {
  readonly ledger: Ledger
  /** Of a learned policy in the registry. */
  readonly candidate: Strategy
  /** What acts for a service now. */
  readonly inForce: (service: ServiceId) => Strategy
  readonly services: readonly ServiceId[]
  readonly settings: Pick<RolloutSettings, 'alpha' | 'leastUnits'>
}

/** Undefined where fewer than `leastUnits` units speak of it. */
export async function predictedOf(input: PredictedInput): Promise<Findings | undefined> {
  const { ledger, candidate, settings } = input
  const book = createActorBook(ledger)
  if (candidate.version !== null) await book.load(candidate.version)
  const frames = createFrames(ledger, book)
  const units: Unit[] = []
  const { items } = await ledger.rollouts({ limit: MOST_ROLLOUTS })
  for (const rollout of items.filter(
    ({ kind, changes }) => kind === 'rollout' && changes[0]?.stage === 'shadow',
  ))
    units.push(...(await unitsOf(input, rollout, frames, book)))
  if (units.length < settings.leastUnits) return undefined
  const { alpha, leastUnits } = settings
  return findingsOf(units, { alpha, tightestAt: 2 * leastUnits })
}

/** A shadow stage's units as they would have been with the candidate in it. */
async function unitsOf(
  { ledger, candidate, inForce, services }: PredictedInput,
  rollout: Rollout,
  frames: Frames,
  book: ActorBook,
): Promise<Unit[]> {
  const { before, blockTicks, changes } = rollout
  for (const { version } of Object.values(before)) if (version !== null) await book.load(version)
  const arms = armsOf({ ...rollout, candidate, stage: 'shadow' }, book.get)
  const firstTick = changes[0]!.tick + 1
  const found: Unit[] = []
  for (const unit of await ledger.units(rollout.number, 'shadow')) {
    const { service, block } = unit
    if (!services.includes(service) || !sameStrategy(before[service]!, inForce(service))) continue
    const tick = await frames(firstTick + block * blockTicks)
    const seen = tick?.services.find((row) => row.observation.service === service)
    if (seen) found.push({ ...unit, candidate: arms.candidateChances(service, seen) })
  }
  return found
}

type Frames = (tick: number) => Promise<TickInput | undefined>

/** Each read once, and others have their turn between two. */
function createFrames(ledger: Ledger, book: ActorBook): Frames {
  const known = new Map<number, TickInput | undefined>()
  return async (tick) => {
    if (known.has(tick) || known.size >= MOST_TICKS) return known.get(tick)
    await nextTurn()
    const record = await ledger.tick(tick)
    const specs = record && (await specsOfTick(ledger, record))
    const input = specs && decodeFrame(record.inputs, specs, await actorsOf(book, specs))
    known.set(tick, input)
    return input
  }
}
