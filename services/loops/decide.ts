/** One tick's judgement made into records: the pure tick, its frame, its hashes, its decisions with their sentences. */
import { hash } from 'node:crypto'
import type { AgentMemory } from '../../agents/agent.ts'
import { isActedOn, stretchOf } from '../../agents/policies/learned/stretch.ts'
import type { Decision, Settlement } from '../../coordinator/decision.ts'
import { encodeFrame, type SpecRow } from '../../coordinator/frame.ts'
import { encodeOutcome } from '../../coordinator/outcome-bytes.ts'
import { rationaleOf } from '../../coordinator/rationale.ts'
import { decideTick, type TickOutput } from '../../coordinator/tick.ts'
import type { ServiceInput, TickInput } from '../../coordinator/tick-input.ts'
import type { ServiceId } from '../../forecaster/series.ts'

export interface Decided {
  readonly input: TickInput
  readonly output: TickOutput
  readonly frame: Uint8Array
  readonly outputsHash: string
  readonly decisions: readonly (Decision & { readonly settlement: Settlement })[]
}

const hex = (data: string | Uint8Array): string => hash('sha256', data, 'hex')

export function decide(input: TickInput, epoch: string): Decided {
  return describe(input, decideTick(input), epoch)
}

/** What an output is written down as; the same for a live tick and for a replayed one. */
export function describe(input: TickInput, output: TickOutput, epoch: string): Decided {
  const frame = encodeFrame(input)
  const inputsHash = hex(frame)
  return {
    input,
    output,
    frame,
    outputsHash: outputsHashOf(output),
    decisions: input.services.map((_, i) =>
      decisionOf(input, output, i, `${epoch}:${input.tick}:${inputsHash}`),
    ),
  }
}

/** What agents remember after it. */
export function memoriesOf({
  input,
  output,
}: Pick<Decided, 'input' | 'output'>): Map<ServiceId, AgentMemory> {
  const memories = new Map<ServiceId, AgentMemory>()
  input.services.forEach(({ observation }, i) => {
    const memory = output.memories[i]
    if (memory) memories.set(observation.service, memory)
  })
  return memories
}

function outputsHashOf(output: TickOutput): string {
  return hex(
    encodeOutcome(output.grants, [
      output.shadowPrice,
      output.spendPerHour,
      output.feasible ? 1 : 0,
    ]),
  )
}

function decisionOf(
  input: TickInput,
  output: TickOutput,
  i: number,
  seed: string,
): Decision & { settlement: Settlement } {
  const { spec, mode, observation } = input.services[i]!
  const grant = output.grants[i]!
  const { service } = observation
  const { shadowPrice } = output
  return {
    id: hex(`${seed}:${service}`).slice(0, 24),
    tick: input.tick,
    atMs: input.atMs,
    service,
    mode,
    policy: spec.policy,
    policyVersion: actingVersion(input.services[i]!),
    from: grant.from,
    to: grant.to,
    reactiveNeed: grant.proposal?.reactiveNeed ?? grant.from,
    wanted: grant.proposal?.wanted ?? grant.from,
    costPerHour: grant.to * spec.pricePerReplicaHour,
    shadowPrice,
    expectedLoss: grant.expectedLoss,
    boundBy: grant.boundBy,
    reason: grant.proposal?.reason ?? 'off',
    rationale: rationaleOf({
      ...{ service, spec, observation, grant, shadowPrice },
      stretch: stretchIn(input.services[i]!),
      ...shareIn(input),
    }),
    settlement:
      mode !== 'enforce' ? 'not-enforced' : grant.to === grant.from ? 'unchanged' : 'pending',
  }
}

/** Of the learned policy that acts: one that is there for a service of another policy does not. */
function actingVersion({ spec, actor }: ServiceInput): string | null {
  return spec.policy === 'learned' && actor ? actor.version : null
}

function shareIn({ costBudgetPerHour: budgetPerHour, jointBudgetPerHour }: TickInput) {
  return jointBudgetPerHour === undefined ? {} : { share: { budgetPerHour, jointBudgetPerHour } }
}

/** What that policy multiplied the forecast by. */
function stretchIn({ spec, actor, observation }: ServiceInput): number {
  if (spec.policy !== 'learned' || actor === undefined || !isActedOn(observation)) return 1
  return stretchOf(actor, spec, observation)
}

/** The rows that a frame names by hash. */
export function specRows(input: TickInput): SpecRow[] {
  return input.services.map(({ spec, observation, actor }) => ({
    service: observation.service,
    spec,
    ...(actor ? { actor: actor.version } : {}),
  }))
}

export function specsHash(rows: readonly SpecRow[]): string {
  return hex(JSON.stringify(rows))
}
